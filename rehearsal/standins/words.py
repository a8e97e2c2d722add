"""What stands in for a cloud's choices: ids, numbers and addresses that follow from a resource's URN alone."""

import base64
import functools
import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class Word:
    """A value that differs by resource, and by purpose when one is named: `{hex17}`, `{hex17:group}`."""

    seed: str
    make: Callable[[str], str]

    def __format__(self, purpose: str) -> str:
        return self.make(f"{self.seed}|{purpose}")


def words(urn: str) -> Mapping[str, Any]:
    """Return what a template may name; the same URN always has the same words."""
    found: dict[str, Any] = {f"hex{size}": Word(urn, _hex(size)) for size in (6, 8, 16, 17, 32)}
    found |= {f"digits{size}": Word(urn, _digits(size)) for size in (2, 3, 10, 12, 19, 20)}
    found |= {f"UPPER{size}": Word(urn, _upper(size)) for size in (13, 16, 20)}
    found["HEX32"] = Word(urn, lambda seed: _hex(32)(seed).upper())
    found["uuid"] = Word(urn, lambda seed: str(uuid.uuid5(uuid.NAMESPACE_URL, seed)))
    found["ip"] = Word(urn, lambda seed: f"10.{_byte(seed, 0)}.{_byte(seed, 1)}.{1 + _byte(seed, 2) % 254}")
    # Of the block that RFC 5737 keeps for documentation: nobody's address.
    found["public_ip"] = Word(urn, lambda seed: f"203.0.113.{1 + _byte(seed, 3) % 254}")
    found["certificate"] = Word(urn, lambda _: certificate())
    found["time"] = datetime.now(UTC).isoformat(timespec="seconds")
    return found


@functools.cache
def certificate() -> str:
    """Return a self-signed authority, PEM in base64, as clusters give it; one a process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    signed = builder.not_valid_after(now + timedelta(days=3650)).sign(key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.PEM)).decode()


def _bytes(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()


def _byte(seed: str, place: int) -> int:
    return _bytes(seed)[place]


def _hex(size: int) -> Callable[[str], str]:
    return lambda seed: _bytes(seed).hex()[:size]


def _digits(size: int) -> Callable[[str], str]:
    return lambda seed: str(int.from_bytes(_bytes(seed), "big"))[1 : size + 1]


def _upper(size: int) -> Callable[[str], str]:
    return lambda seed: "".join(UPPER[byte % len(UPPER)] for byte in _bytes(seed))[:size]
