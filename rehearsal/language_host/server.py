"""The LanguageRuntime service: each call in terms of the modules beside it."""

# ruff: noqa: ARG002 - the protocol gives every method its arguments

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from rehearsal.language_host import environments, interpreter, plugins, programs
from rehearsal.language_host.children import Children, Stopping
from rehearsal.language_host.installed import Package, Report
from rehearsal.language_host.options import from_struct


def _refusing(call: str) -> Callable[..., NoReturn]:
    """Return a method that answers UNIMPLEMENTED."""
    message = (
        f"{call} is not part of this language host: it runs programs and plugins but generates and packs none. "
        "Use the official `pulumi` release for that."
    )

    def refuse(_host: object, _request: object, context: grpc.ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, message)
        raise AssertionError

    return refuse


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine. A fault of the user's project becomes FAILED_PRECONDITION with what to do about it."""

    def __init__(self, *, children: Children, executor: Path, engine_address: str) -> None:
        self._children = children
        self._executor = executor
        self._engine_address = engine_address

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address, which replaces the one given on the command line."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Give the version: that of the SDK whose protocol this host speaks."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run a program to its end."""
        with _faults_told(context):
            return programs.run(
                request, children=self._children, executor=self._executor, engine_address=self._engine_address
            )

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack or a provider until it ends or the call is cancelled."""
        with _faults_told(context):
            yield from plugins.run(request, children=self._children, on_cancel=context.add_callback)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End what runs. The engine calls this when the user interrupts it, and before it closes the host."""
        self._children.end_all()
        return empty_pb2.Empty()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Say which Python runs the program."""
        found = _installed(request.info, context)
        return language_pb2.AboutResponse(executable=found["executable"], version=found["version"])

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List what is installed; without `transitiveDependencies` only what no other distribution needs."""
        wanted = (
            language_pb2.DependencyInfo(name=distribution["name"], version=distribution["version"])
            for distribution in _installed(request.info, context)["distributions"]
            if request.transitiveDependencies or not distribution["required"]
        )
        return language_pb2.GetProgramDependenciesResponse(dependencies=wanted)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """List the provider packages whose SDK is installed."""
        packages = _installed(request.info, context)["packages"]
        return language_pb2.GetRequiredPackagesResponse(packages=[_dependency(package) for package in packages])

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """List the same packages for an older engine, which knows no parameterized ones."""
        plain = (
            plugin_pb2.PluginDependency(
                name=package["name"], kind="resource", version=package["version"], server=package["server"]
            )
            for package in _installed(request.info, context)["packages"]
            if not package["parameterization"]
        )
        return language_pb2.GetRequiredPluginsResponse(plugins=plain)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: environments are made from lock files with hashes. Fails when the environment is missing."""
        found = _installed(request.info, context)
        names = {distribution["name"] for distribution in found["distributions"]}
        if "pulumi" not in names:
            what = f"The Python environment of {found['executable']} lacks the `pulumi` package, and"
            fix = "Install the project's requirements file into it."
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{what} this language host installs nothing. {fix}")
        said = f"Using {found['executable']} as it is ({len(names)} packages); this language host installs nothing.\n"
        yield language_pb2.InstallDependenciesResponse(stdout=said.encode())

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Ask for nothing: without options a program runs in the host's own environment."""
        return language_pb2.RuntimeOptionsResponse()

    def Template(
        self, request: language_pb2.TemplateRequest, context: grpc.ServicerContext
    ) -> language_pb2.TemplateResponse:
        """Leave a new project as its template made it."""
        return language_pb2.TemplateResponse()

    GenerateProgram = _refusing("GenerateProgram")
    GenerateProject = _refusing("GenerateProject")
    GeneratePackage = _refusing("GeneratePackage")
    Pack = _refusing("Pack")
    Link = _refusing("Link")


@contextmanager
def _faults_told(context: grpc.ServicerContext) -> Iterator[None]:
    try:
        yield
    except (interpreter.InterpreterError, plugins.PluginError) as fault:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(fault))
    except Stopping:
        context.abort(grpc.StatusCode.CANCELLED, "the language host is stopping")


def _installed(info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> Report:
    with _faults_told(context):
        python = interpreter.choose(
            from_struct(info.options), root=Path(info.root_directory), program=Path(info.program_directory)
        )
        return environments.inspect(python)
    raise AssertionError


def _dependency(package: Package) -> plugin_pb2.PackageDependency:
    dependency = plugin_pb2.PackageDependency(
        name=package["name"], kind="resource", version=package["version"], server=package["server"]
    )
    given = package["parameterization"]
    if given:
        dependency.parameterization.CopyFrom(
            plugin_pb2.PackageParameterization(
                name=given["name"], version=given["version"], value=base64.b64decode(given["value"])
            )
        )
    return dependency
