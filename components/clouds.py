"""Which class builds a region of which cloud: the only place that chooses."""

from collections.abc import Callable

import pulumi

from components.local.region import LocalRegion
from components.region import Region, RegionInputs
from components.specs import CloudName, RegionSpec

RegionFactory = Callable[[str, RegionSpec, RegionInputs, pulumi.ResourceOptions | None], Region]

CLOUDS: dict[CloudName, RegionFactory] = {"local": LocalRegion}
