"""The lab: real Kubernetes control planes on this machine, with nodes that are played.

`ensure` builds the programs, `control_plane` runs one region's, `Lab` runs several. An API server of the lab checks,
defaults, admits and schedules as a cluster's does; nothing runs in its pods, and no cloud is behind it.
"""

from rehearsal.lab.api import Api, ApiRefused, TooLate
from rehearsal.lab.binaries import Binaries, ensure, kubernetes_version
from rehearsal.lab.control_plane import ControlPlane, NotStarted, control_plane
from rehearsal.lab.definitions import define, ensure_definitions
from rehearsal.lab.lab import Lab
from rehearsal.lab.nodes import NodeSpec, Taint, pool_nodes
from rehearsal.lab.stages import BROKEN_DIGEST, PodBehaviour

__all__ = [
    "BROKEN_DIGEST",
    "Api",
    "ApiRefused",
    "Binaries",
    "ControlPlane",
    "Lab",
    "NodeSpec",
    "NotStarted",
    "PodBehaviour",
    "Taint",
    "TooLate",
    "control_plane",
    "define",
    "ensure",
    "ensure_definitions",
    "kubernetes_version",
    "pool_nodes",
]
