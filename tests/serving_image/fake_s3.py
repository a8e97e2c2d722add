"""A stand-in for S3 on loopback: objects, listing in pages, uploads in parts; nothing of permissions or checksums."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2


@dataclass
class Bucket:
    """What it holds and what it was asked."""

    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)
    denies: bool = False
    fails_part: int | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _asked(self) -> tuple[str, dict[str, str]]:
        url = urlsplit(self.path)
        return unquote(url.path).lstrip("/").partition("/")[2], {
            name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()
        }

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def do_GET(self) -> None:
        key, query = self._asked()
        if self.bucket.denies:
            return self._error(403, "AccessDenied")
        if "list-type" in query:
            return self._list(query)
        if key not in self.bucket.objects:
            return self._error(404, "NoSuchKey")
        return self._answer(200, self.bucket.objects[key])

    do_HEAD = do_GET

    def _list(self, query: dict[str, str]) -> None:
        keys = sorted(key for key in self.bucket.objects if key.startswith(query["prefix"]))
        start = int(query.get("continuation-token", "0"))
        more = start + PAGE < len(keys)
        rows = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys[start : start + PAGE])
        token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if more else ""
        text = f"<ListBucketResult>{rows}<IsTruncated>{str(more).lower()}</IsTruncated>{token}</ListBucketResult>"
        self._answer(200, text.encode())

    def do_PUT(self) -> None:
        key, query = self._asked()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "partNumber" in query:
            number = int(query["partNumber"])
            if number == self.bucket.fails_part:
                return self._error(400, "InvalidPart")
            self.bucket.parts[query["uploadId"]][number] = body
        else:
            self.bucket.objects[key] = body
        return self._answer(200, ETag='"etag"')

    def do_POST(self) -> None:
        key, query = self._asked()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "uploads" in query:
            self.bucket.parts["upload"] = {}
            text = "<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>"
            return self._answer(200, text.encode())
        parts = self.bucket.parts.pop(query["uploadId"])
        self.bucket.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return self._answer(200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

    def do_DELETE(self) -> None:
        _, query = self._asked()
        self.bucket.aborted.append(query["uploadId"])
        self._answer(204)


@contextmanager
def served(bucket: Bucket) -> Iterator[str]:
    """The address of a stand-in with this bucket."""
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
