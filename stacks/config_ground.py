"""The parts of the configuration that only the ground of regions on clouds needs."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.config_fleet import RegionName, Section

Account = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{4,62}[A-Za-z0-9]$")]
"""AWS account (12 digits), GCP project or Azure subscription; the plan knows which of them a cloud has."""

Accounts = dict[Literal["aws", "gcp", "azure"], Account]

TagText = Annotated[str, Field(pattern=r"^[\w .:/=+@-]{1,200}$")]
Tags = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")], TagText]
"""Tags of your own, in characters that all three clouds take."""


class Cluster(Section):
    """The Kubernetes clusters."""

    version: str = Field("1.35", pattern=r"^1\.\d{2}$", description="Kubernetes minor version, e.g. 1.35")
    administrators: tuple[str, ...] = Field(
        (), description="who may change every object: on AWS ARNs of IAM roles; needed on clouds"
    )
    existing: dict[RegionName, str] = Field(
        default_factory=dict,
        description="name of a region's cluster where somebody else owns it, in an existing network",
    )
    generation: int = Field(
        1,
        ge=1,
        le=99,
        description="part of names that a cloud keeps after deletion; raise it to build anew beside them",
    )
