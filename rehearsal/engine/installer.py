"""Fetches the engine with its publisher's installer script."""

import queue
import re
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from rehearsal.engine.finding import version_of
from rehearsal.engine.model import COMMAND, LANGUAGE_HOST, Progress, pinned_version

ADDRESS = "https://get.pulumi.com"
"""Where the publisher serves the script."""

ADDRESS_VARIABLE = "MERIDIAN_ENGINE_INSTALLER"
"""Environment variable: another address of the script, e.g. a company's mirror."""

FETCH_SECONDS = 10.0
"""Connecting and reading the script, in all. Behind a firewall that drops packets the next source must come soon."""

RUN_SECONDS = 900.0
"""The script downloads about 200 MB, which takes this long at 2 Mbit/s."""


class InstallerFailedError(Exception):
    """The installer gave no engine; the text says why, in one line."""


def install(folder: Path, *, progress: Progress, env: Mapping[str, str]) -> None:
    """Install the pinned version so that `folder/bin` holds it. Raises InstallerFailedError."""
    address = env.get(ADDRESS_VARIABLE) or ADDRESS
    progress(f"fetching the engine {pinned_version()} with the installer of {_shown(address)}")
    script = _fetch(address)
    _run(script, folder, env)
    _check(folder / "bin", env)


def _fetch(address: str) -> str:
    """Return the script, or raise within `FETCH_SECONDS` whatever the network does."""
    answers: queue.SimpleQueue[str | InstallerFailedError] = queue.SimpleQueue()
    # A thread: neither a name server that is silent nor a server that sends a byte a second is bounded by httpx.
    threading.Thread(target=lambda: answers.put(_get(address)), daemon=True).start()
    try:
        answer = answers.get(timeout=FETCH_SECONDS)
    except queue.Empty:
        answer = InstallerFailedError(f"{_shown(address)} did not send its script within {FETCH_SECONDS:.0f} s")
    if isinstance(answer, InstallerFailedError):
        raise answer
    return answer


def _get(address: str) -> str | InstallerFailedError:
    # Here, because importing it takes longer than a whole call that finds an engine.
    import httpx

    try:
        # Beyond the caller's own limit: only so that the thread ends some day.
        return httpx.get(address, timeout=2 * FETCH_SECONDS, follow_redirects=True).raise_for_status().text
    except httpx.HTTPStatusError as error:
        return InstallerFailedError(f"{_shown(address)} answered {error.response.status_code}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return InstallerFailedError(f"{_shown(address)} cannot be reached ({type(error).__name__})")


def _shown(address: str) -> str:
    """Return the address without a user name and password."""
    return re.sub(r"//[^/]*@", "//", address)


def _run(script: str, folder: Path, env: Mapping[str, str]) -> None:
    command = ["sh", "-s", "--", "--version", pinned_version(), "--install-root", str(folder), "--no-edit-path"]
    try:
        done = subprocess.run(
            command, input=script, env=dict(env), capture_output=True, text=True, check=False, timeout=RUN_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        message = f"the installer did not end within {RUN_SECONDS:.0f} s"
        raise InstallerFailedError(message) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        message = f"the installer ended with code {done.returncode}: {''.join(said) or 'it said nothing'}"
        raise InstallerFailedError(message)


def _check(bin_folder: Path, env: Mapping[str, str]) -> None:
    version = version_of(bin_folder / COMMAND, env=env)
    if version != pinned_version():
        message = f"the installer put {version or 'no working engine'} where {pinned_version()} was asked for"
        raise InstallerFailedError(message)
    if not (bin_folder / LANGUAGE_HOST).is_file():
        message = f"the installer put no {LANGUAGE_HOST} beside the engine"
        raise InstallerFailedError(message)
