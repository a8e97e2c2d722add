"""Secrets made for a stack: random keys, a certificate authority, certificates."""

import secrets
from pathlib import Path
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from components.local import certificates
from components.local.certificates import RENEW_DAYS, Pair
from components.local.provider import LocalProvider, Props

KEY_BYTES = 32
"""Random bytes of a key, 256 bits."""
KEY_PREFIX = "mk-"
"""Makes a leaked key easy to find by secret scanners."""


class RandomKeyProvider(LocalProvider):
    """Makes a random key once and keeps it."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"prefix"})

    def create(self, props: Props) -> CreateResult:
        """Draw the key from the operating system's source."""
        value = f"{props['prefix']}{secrets.token_urlsafe(KEY_BYTES)}"
        return CreateResult(secrets.token_hex(8), {**props, "value": value})


class RandomKey(Resource, module="meridian", name="RandomKey"):
    """A random key: a secret in state and in every output made of it."""

    value: pulumi.Output[str]

    def __init__(self, name: str, *, prefix: str, opts: pulumi.ResourceOptions) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        props: Props = {"prefix": prefix, "value": None}
        super().__init__(RandomKeyProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))


class AuthorityProvider(LocalProvider):
    """Makes a certificate authority once and keeps its certificate in a file that clients can name."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"common_name"})

    def create(self, props: Props) -> CreateResult:
        """Make the pair and write the certificate, not the key, to the file."""
        pair = certificates.make_authority(props["common_name"])
        _write(Path(props["file"]), pair.certificate)
        outs = {**props, "certificate": pair.certificate, "private_key": pair.private_key, "drift": ""}
        return CreateResult(secrets.token_hex(8), outs)

    def read(self, id_: str, props: Props) -> ReadResult:
        """Notice a missing or changed certificate file."""
        file = Path(props["file"])
        intact = file.exists() and file.read_text() == props["certificate"]
        return ReadResult(id_, {**props, "drift": "" if intact else f"{file.name} is missing or changed"})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Write the file again, at its new place if that changed."""
        if _olds["file"] != _news["file"]:
            Path(_olds["file"]).unlink(missing_ok=True)
        _write(Path(_news["file"]), _olds["certificate"])
        kept = {key: _olds[key] for key in ("certificate", "private_key")}
        return UpdateResult({**_news, **kept, "drift": ""})

    def delete(self, _id: str, _props: Props) -> None:
        """Remove the file."""
        Path(_props["file"]).unlink(missing_ok=True)


class Authority(Resource, module="meridian", name="CertificateAuthority"):
    """The private certificate authority of a territory; its key is a secret."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]
    file: pulumi.Output[str]

    def __init__(self, name: str, *, common_name: str, file: Path, opts: pulumi.ResourceOptions) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["private_key"])
        props: Props = {
            "common_name": common_name,
            "file": str(file),
            "certificate": None,
            "private_key": None,
        }
        super().__init__(AuthorityProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))


class CertificateProvider(LocalProvider):
    """Makes a certificate, and makes it anew before it expires or when its authority changed."""

    def create(self, props: Props) -> CreateResult:
        """Sign a fresh key."""
        return CreateResult(secrets.token_hex(8), _issued(props))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Notice a certificate that is about to expire."""
        left = certificates.days_left(props["certificate"])
        return ReadResult(id_, {**props, "drift": "" if left >= RENEW_DAYS else f"expires in {left} days"})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Issue it again."""
        return UpdateResult(_issued(_news))


def _issued(props: Props) -> Props:
    authority = Pair(props["authority_certificate"], props["authority_private_key"])
    pair = certificates.make_certificate(authority, props["names"])
    return {**props, "certificate": pair.certificate, "private_key": pair.private_key, "drift": ""}


class Certificate(Resource, module="meridian", name="Certificate"):
    """A server certificate signed by a territory's authority; its key is a secret."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        names: list[str],
        authority_certificate: pulumi.Input[str],
        authority_private_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["private_key", "authority_private_key"])
        props: dict[str, Any] = {
            "names": names,
            "authority_certificate": authority_certificate,
            "authority_private_key": authority_private_key,
            "certificate": None,
            "private_key": None,
        }
        super().__init__(CertificateProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
