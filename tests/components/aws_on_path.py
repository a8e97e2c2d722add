"""A control plane on loopback, and a PATH on which the AWS command line is the stand-in."""

import base64
import contextlib
import datetime
import http.server
import json
import os
import ssl
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).parents[2]
HOST = "0123ABCD.gr7.eu-north-1.eks.amazonaws.com"
NODE = "i-0123456789abcdef0"


@dataclass
class Aws:
    """What stands in for AWS."""

    folder: Path
    bin: Path
    authority: str
    tokens: list[str] = field(default_factory=list)
    """Bearer tokens that the control plane was given."""

    @property
    def environment(self) -> dict[str, str]:
        """With the stand-ins first on PATH, and none of the caller's own settings of AWS."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KUBE"))}
        path = os.pathsep.join((str(self.bin), "/usr/bin", "/bin"))
        return {**own, "PATH": path, "STANDIN_AWS": str(self.folder), "PYTHONPATH": str(ROOT)}

    def asked(self) -> list[list[str]]:
        """Every command that was run."""
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]


def certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate of one name that vouches for itself, and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.public_bytes(form), key.private_bytes(form, pkcs8, plain)


@contextlib.contextmanager
def standing_in(folder: Path, *, cluster: str, group: str, name: str = HOST) -> Iterator[Aws]:
    """Serve a control plane whose certificate carries `name`, and put `aws` and the plugin on a PATH."""
    pem, key = certificate(name)
    bin = folder / "bin"
    bin.mkdir()
    script = f'#!/bin/sh\nexec "{sys.executable}" -m tests.components.standin_aws "$@"\n'
    for program, text in (("aws", script), ("session-manager-plugin", "#!/bin/sh\n")):
        (bin / program).write_text(text)
        (bin / program).chmod(0o755)
    aws = Aws(folder, bin, base64.b64encode(pem).decode())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            aws.tokens.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"major": "1", "minor": "34", "gitVersion": "v1.34.0"}')

        def log_message(self, *said: Any) -> None:
            pass

    (folder / "server.pem").write_bytes(pem + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "server").write_text(str(server.server_address[1]))
    told = {"name": cluster, "endpoint": f"https://{HOST}", "certificateAuthority": {"data": aws.authority}}
    (folder / "cluster.json").write_text(json.dumps(told))
    tags = {"eks:cluster-name": cluster, "eks:nodegroup-name": group, "instance-state-name": "running"}
    stopped = {**tags, "instance-state-name": "stopped"}
    (folder / "instances.json").write_text(json.dumps({"i-00000000000000000": stopped, NODE: tags}))
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
