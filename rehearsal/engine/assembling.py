"""Puts the helpers beside a built engine: it warns about helpers that it finds elsewhere."""

import shutil
from pathlib import Path

from rehearsal.engine.model import MODULE_FOLDER

_LAUNCHERS = MODULE_FOLDER / "launchers"
_EXECUTOR = Path("python/cmd/pulumi-language-python-exec")
"""In the Go module of the SDK: the script that connects a program to the engine."""


def assemble(bin_folder: Path, *, sdk_module: Path) -> None:
    """Copy the launchers of this package and the SDK module's executor into the folder that holds `pulumi`."""
    shutil.copyfile(sdk_module / _EXECUTOR, bin_folder / _EXECUTOR.name)
    (bin_folder / _EXECUTOR.name).chmod(0o755)
    refresh_launchers(bin_folder)


def refresh_launchers(bin_folder: Path) -> None:
    """Bring the launchers of a kept engine to those of this checkout, which may have been updated since."""
    for launcher in _LAUNCHERS.iterdir():
        text = launcher.read_bytes()
        target = bin_folder / launcher.name
        if target.is_file() and target.read_bytes() == text:
            continue
        # Renamed into place: another run may be starting the old one.
        fresh = target.with_name(f".{launcher.name}.new")
        fresh.write_bytes(text)
        fresh.chmod(0o755)
        fresh.rename(target)
