"""The environment in which the engine runs without the network, with its state and home inside the checkout."""

import os
import sys
from pathlib import Path

from rehearsal.engine.model import Engine

OFFLINE = {
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
    "PULUMI_NEO": "false",
    "PULUMI_SUPPRESS_NEO_LINK": "true",
}
"""Keeps the engine from asking the network for newer versions, plugins and services."""

UNATTENDED = {"PULUMI_SKIP_CONFIRMATIONS": "true"}
"""Keeps the engine from asking the user."""

CONFLICTING = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK", "PYTHONHOME")
"""Variables of the user's that would win over those given here; they are left out."""


def pulumi_environment(root: Path, engine: Engine, *, state: Path, passphrase_file: Path) -> dict[str, str]:
    """Return the whole environment of an engine's process: this process's own, with what is below in front.

    `state` is the folder of the stacks' state, made if need be and readable by its owner alone; `passphrase_file` holds
    the passphrase that encrypts secrets in it. Programs run in this interpreter's environment.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    inherited = {key: value for key, value in os.environ.items() if key not in CONFLICTING}
    # Not resolved: a virtual environment's python is a link to one that has none of its packages.
    folders = (engine.bin_folder, Path(sys.executable).parent, inherited.get("PATH", os.defpath))
    own = {
        "PATH": os.pathsep.join(str(folder) for folder in folders),
        "PULUMI_HOME": str(root.absolute() / ".meridian" / "pulumi"),
        "PULUMI_BACKEND_URL": state.absolute().as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file.absolute()),
        "PULUMI_PYTHON_CMD": sys.executable,
        # Compiling the clouds' SDKs anew takes 8 s a run where the user's environment forbids to keep bytecode.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return {**inherited, **OFFLINE, **UNATTENDED, **own}
