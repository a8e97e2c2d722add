"""The names layer of a local territory: a private certificate authority for its entries."""

from pathlib import Path

import pulumi

from components.local.keys import Authority
from components.region import TerritoryNames


class LocalNames(pulumi.ComponentResource):
    """A certificate authority of the territory's own; it signs nothing outside its regions."""

    authority_file: pulumi.Output[str]
    names: TerritoryNames

    def __init__(
        self, name: str, *, state: Path, steering_name: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:local:Names", name, None, opts)
        authority = Authority(
            f"{name}-authority",
            common_name=f"Meridian local {name}",
            file=state / "territories" / name / "ca.pem",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.authority_file = authority.file
        self.names = TerritoryNames(
            authority_certificate=authority.certificate,
            authority_private_key=authority.private_key,
            steering_name=steering_name,
        )
        self.register_outputs({"authority_file": self.authority_file})
