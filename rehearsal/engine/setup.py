"""Gives an engine, from the first source that has one."""

import platform
from collections.abc import Mapping
from pathlib import Path

from rehearsal.engine import assembling, building, finding, installer
from rehearsal.engine.errors import EngineError
from rehearsal.engine.model import SOURCES_VARIABLE, Engine, Progress, Source, allowed_sources, pinned_version
from rehearsal.engine.store import Store

PLATFORMS = (("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "x86_64"), ("Darwin", "arm64"))
"""Operating systems and machines the engine is set up on."""


def ensure(root: Path, *, progress: Progress, env: Mapping[str, str]) -> Engine:
    """Return an engine for the checkout `root`, making one under `root/.meridian/engine` if need be.

    `progress` takes lines for people while that goes on; `env` is the environment that is searched and used. Raises
    EngineError when no allowed source has one.
    """
    _refuse_unsupported(platform.system(), platform.machine())
    sources = allowed_sources(env)
    store = Store(root)
    return _ready(store, sources, progress, env) or _make(store, sources, progress, env)


def _refuse_unsupported(system: str, machine: str) -> None:
    if (system, machine) in PLATFORMS:
        return
    raise EngineError(
        what=f"This machine is {system} on {machine}.",
        why="The engine's set-up is neither built nor tested there.",
        fix=f"Use one of: {', '.join(' on '.join(pair) for pair in PLATFORMS)}.",
    )


def _ready(store: Store, sources: tuple[Source, ...], progress: Progress, env: Mapping[str, str]) -> Engine | None:
    if Source.PATH in sources:
        engine = finding.on_path(own_folder=store.folder, progress=progress, env=env)
        if engine:
            return engine
    return _kept(store, sources)


def _kept(store: Store, sources: tuple[Source, ...]) -> Engine | None:
    engine = store.kept()
    if engine is None or engine.source not in sources:
        return None
    if engine.source is Source.MODULES:
        assembling.refresh_launchers(engine.bin_folder)
    return engine


def _make(store: Store, sources: tuple[Source, ...], progress: Progress, env: Mapping[str, str]) -> Engine:
    with store.locked(progress):
        # The run that this one waited for may have made it.
        engine = _kept(store, sources)
        if engine:
            return engine
        store.clear_partial(progress)
        reasons = []
        if Source.INSTALLER in sources:
            try:
                return _installed(store, progress, env)
            except installer.InstallerFailedError as failure:
                reasons.append(str(failure))
                progress(f"no engine from the installer: {failure}")
        if Source.MODULES in sources:
            return _built(store, progress, env, reasons)
    raise _none(sources, reasons)


def _installed(store: Store, progress: Progress, env: Mapping[str, str]) -> Engine:
    with store.making(Source.INSTALLER) as folder:
        installer.install(folder, progress=progress, env=env)
    return _just_made(store)


def _built(store: Store, progress: Progress, env: Mapping[str, str], reasons: list[str]) -> Engine:
    try:
        with store.making(Source.MODULES) as folder:
            building.build(folder / "bin", progress=progress, env=env)
    except EngineError as error:
        if not reasons:
            raise
        why = f"{error.why} (Before that: {'; '.join(reasons)}.)"
        raise EngineError(what=error.what, why=why, fix=error.fix) from error
    return _just_made(store)


def _just_made(store: Store) -> Engine:
    engine = store.kept()
    if engine is None:
        raise EngineError(
            what=f"The engine made in {store.folder} is not complete.",
            why="Nothing can be planned or deployed without it.",
            fix="Remove that folder and run the same command again.",
        )
    return engine


def _none(sources: tuple[Source, ...], reasons: list[str]) -> EngineError:
    tried = "; ".join(reasons) or "there is no usable one on PATH"
    return EngineError(
        what=f"There is no Pulumi engine {pinned_version()}: {tried}.",
        why="Nothing can be planned or deployed without it.",
        fix=f"{SOURCES_VARIABLE} allows {', '.join(sources)} only: unset it, or put `pulumi` on PATH.",
    )
