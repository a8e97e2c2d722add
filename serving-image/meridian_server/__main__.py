"""`python -m meridian_server --settings FILE`: serve one replica until SIGTERM."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from meridian_server import parent
from meridian_server.manifest import WeightsRefused
from meridian_server.settings import SettingsRefused, load

REFUSED = 2


def main() -> int:
    """Serve; 0 after a requested stop, 1 when the engine ended, 2 for wrong settings or weights."""
    parser = argparse.ArgumentParser(prog="meridian_server", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, help="JSON file; see meridian_server/settings.py")
    file = parser.parse_args().settings.resolve()
    try:
        return asyncio.run(parent.serve(load(file), file, os.environ))
    except (SettingsRefused, WeightsRefused) as refused:
        parent.say(str(refused))
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
