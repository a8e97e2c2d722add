"""The certificates of one control plane: an authority of its own, a server's, and a client's for each who calls it."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 30
"""A lab lives for minutes; its certificates are made anew with it."""

SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1", "10.96.0.1")


class Authority:
    """A certificate authority whose files lie in a folder that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab")])
        builder = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.certificate = _write(folder / "ca.crt", _pem(builder.sign(self._key, hashes.SHA256())))
        """The file of the authority's own certificate."""

    def issue(self, name: str, *, common_name: str, group: str = "") -> tuple[Path, Path]:
        """Write `name.crt` and `name.key`, for a server on this machine and for a client alike; return their paths.

        Kubernetes takes the common name for the user, and the organisation for the user's group.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        words = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        words += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(x509.Name(words), self._name, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(_alternatives(SERVER_NAMES)), critical=False)
        )
        certificate = _write(self.folder / f"{name}.crt", _pem(builder.sign(self._key, hashes.SHA256())))
        return certificate, write_key(self.folder / f"{name}.key", key)


def write_key(path: Path, key: ec.EllipticCurvePrivateKey | None = None) -> Path:
    """Write a private key, a new one when none is given, so that only its owner can read it; return the path."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    # Not PKCS 8: it is the one form that Kubernetes takes for keys of service accounts, too.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return _write(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
    )


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    return [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
