"""The language host, asked as the engine asks it."""

import json
import os
import sys
import venv
from importlib import metadata
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2

from tests.rehearsal.host_process import ROOT, Host, info, run


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A Python environment with three distributions, two of them SDKs of provider packages."""
    venv.create(tmp_path / "env", symlinks=True)
    (packages,) = (tmp_path / "env").glob("lib/*/site-packages")
    for name, requires in (("pulumi-cloud", "plain-thing>=1"), ("pulumi_other", ""), ("Plain.Thing", "")):
        folder = packages / f"{name.replace('-', '_')}-1.2.3.dist-info"
        folder.mkdir()
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n{needs}")
    parameterization = {"name": "other", "version": "0.4.0", "value": "aGVsbG8="}
    plugins = {
        "pulumi_cloud": {"resource": True, "name": "cloud", "version": "7.8.9", "server": "https://example.org"},
        "pulumi_other": {"resource": True, "name": "bridge", "version": "2.0.0", "parameterization": parameterization},
        "pulumi_rules": {"resource": False},
    }
    for package, described in plugins.items():
        (packages / package).mkdir()
        (packages / package / "pulumi-plugin.json").write_text(json.dumps(described))
    return tmp_path


def test_the_program_gets_its_configuration_and_its_secret_keys(host: Host, tmp_path: Path) -> None:
    assert run(host, tmp_path) == language_pb2.RunResponse()

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert json.loads(seen["environment"]["PULUMI_CONFIG"]) == {"shop:size": "3", "shop:key": "hidden"}
    assert json.loads(seen["environment"]["PULUMI_CONFIG_SECRET_KEYS"]) == ["shop:key"]


def test_the_program_is_told_the_stack_the_engine_and_how_to_run(host: Host, tmp_path: Path) -> None:
    run(host, tmp_path, "exit", "0")

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["folder"] == str(tmp_path)
    assert set(seen["arguments"][: seen["arguments"].index("--")]) == {
        "--monitor=127.0.0.1:2",
        "--engine=127.0.0.1:1",
        "--project=shop",
        "--stack=dev",
        "--organization=organization",
        f"--root_directory={tmp_path}",
        f"--pwd={tmp_path}",
        "--dry_run=true",
        "--parallel=16",
    }
    assert seen["arguments"][seen["arguments"].index("--") + 1 :] == [str(tmp_path), "exit", "0"]


def test_the_program_runs_in_the_hosts_environment_but_not_on_its_import_path(host: Host, tmp_path: Path) -> None:
    run(host, tmp_path)

    seen = json.loads((tmp_path / "seen.json").read_text())["environment"]
    assert seen["PATH"].split(os.pathsep)[0] == str(Path(sys.prefix) / "bin")
    assert seen["VIRTUAL_ENV"] == sys.prefix
    assert str(ROOT) not in (seen["PYTHONPATH"] or "").split(os.pathsep)


def test_the_program_runs_in_the_environment_its_project_names(host: Host, environment: Path) -> None:
    run(host, environment, virtualenv="env")

    assert json.loads((environment / "seen.json").read_text())["environment"]["VIRTUAL_ENV"] == str(environment / "env")


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        (("exit", "0"), language_pb2.RunResponse()),
        (("exit", "32"), language_pb2.RunResponse(bail=True)),
        (("exit", "3"), language_pb2.RunResponse(error="the program ended with exit code 3")),
        (("die",), language_pb2.RunResponse(error="the program was ended by signal 9")),
    ],
)
def test_the_programs_exit_code_says_who_shows_the_error(
    host: Host, tmp_path: Path, behaviour: tuple[str, ...], answer: language_pb2.RunResponse
) -> None:
    assert run(host, tmp_path, *behaviour) == answer


def test_a_missing_environment_is_told_as_the_users_to_mend(host: Host, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        run(host, tmp_path, virtualenv="nowhere")

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "python3 -m venv" in refused.value.details()


def test_the_host_is_of_the_sdks_version(host: Host) -> None:
    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version == metadata.version("pulumi")


def test_about_names_the_projects_python(host: Host, environment: Path) -> None:
    about = host.stub.About(language_pb2.AboutRequest(info=info(environment, virtualenv="env")))

    assert about.executable == str(environment / "env/bin/python")
    assert about.version == ".".join(str(number) for number in sys.version_info[:3])


@pytest.mark.parametrize(
    ("transitive", "names"),
    [(True, ["plain-thing", "pulumi-cloud", "pulumi-other"]), (False, ["pulumi-cloud", "pulumi-other"])],
)
def test_dependencies_are_what_is_installed(host: Host, environment: Path, transitive: bool, names: list[str]) -> None:
    request = language_pb2.GetProgramDependenciesRequest(
        info=info(environment, virtualenv="env"), transitiveDependencies=transitive
    )

    found = host.stub.GetProgramDependencies(request).dependencies

    assert [dependency.name for dependency in found] == names
    assert {dependency.version for dependency in found} == {"1.2.3"}


def test_required_packages_are_those_whose_sdk_is_installed(host: Host, environment: Path) -> None:
    request = language_pb2.GetRequiredPackagesRequest(info=info(environment, virtualenv="env"))

    cloud, bridge = host.stub.GetRequiredPackages(request).packages

    assert (cloud.name, cloud.kind, cloud.version, cloud.server) == (
        "cloud",
        "resource",
        "7.8.9",
        "https://example.org",
    )
    assert (bridge.name, bridge.version) == ("bridge", "2.0.0")
    assert (bridge.parameterization.name, bridge.parameterization.value) == ("other", b"hello")


def test_an_older_engine_is_told_of_no_parameterized_package(host: Host, environment: Path) -> None:
    request = language_pb2.GetRequiredPluginsRequest(info=info(environment, virtualenv="env"))

    assert [plugin.name for plugin in host.stub.GetRequiredPlugins(request).plugins] == ["cloud"]


def test_dependencies_are_never_installed_by_the_host(host: Host, tmp_path: Path, environment: Path) -> None:
    (said,) = host.stub.InstallDependencies(language_pb2.InstallDependenciesRequest(info=info(tmp_path)))
    assert b"installs nothing" in said.stdout

    lacking = language_pb2.InstallDependenciesRequest(info=info(environment, virtualenv="env"))
    with pytest.raises(grpc.RpcError) as refused:
        list(host.stub.InstallDependencies(lacking))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "lacks the `pulumi` package" in refused.value.details()


@pytest.mark.parametrize("call", ["GenerateProgram", "GenerateProject", "GeneratePackage", "Pack", "Link"])
def test_what_the_host_does_not_do_it_says_so(host: Host, call: str) -> None:
    request = getattr(language_pb2, f"{call}Request")()

    with pytest.raises(grpc.RpcError) as refused:
        getattr(host.stub, call)(request)

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert call in refused.value.details()
