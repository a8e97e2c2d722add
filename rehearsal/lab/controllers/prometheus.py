"""A stand-in for Prometheus: answers the query API with numbers that a test sets. It evaluates nothing."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Prometheus:
    """What is answered to each query; a query that has no number gets the empty answer of a series that is missing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.numbers: dict[str, float] = {}
        """By the text of the query."""
        self.asked: dict[str, int] = {}
        """How often each query came."""

    def answer(self, query: str) -> dict[str, object]:
        """An instant vector, as the query API tells it."""
        self.asked[query] = self.asked.get(query, 0) + 1
        number = self.numbers.get(query)
        found = [] if number is None else [{"metric": {}, "value": [time.time(), str(number)]}]
        return {"status": "success", "data": {"resultType": "vector", "result": found}}


@contextlib.contextmanager
def prometheus() -> Iterator[Prometheus]:
    """Serve on a free port of loopback for the time of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
            body = json.dumps(found.answer(query)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Prometheus(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
