"""`python -m meridian_server.leader --port N --seconds N`: return when the leader of this replica answers no more.

For the `preStop` of machines that only compute: vLLM ends at once there when it is told to stop, which would cut what
the leader still answers.
"""

import argparse
import os
import socket
import sys
import time

POLL_SECONDS = 0.5


def wait_until_closed(host: str, port: int, seconds: float) -> bool:
    """Whether the port closed within `seconds`; a leader whose name is gone counts as closed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), timeout=POLL_SECONDS).close()
        except TimeoutError:
            pass  # busy, or on a network that drops: no proof that it is gone
        except OSError:
            return True
        time.sleep(POLL_SECONDS)
    return False


def main() -> int:
    """Wait; 0 when the leader is gone, 1 when it still answers after the time."""
    parser = argparse.ArgumentParser(prog="meridian_server.leader", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    asked = parser.parse_args()
    return 0 if wait_until_closed(os.environ["MERIDIAN_LEADER"], asked.port, asked.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
