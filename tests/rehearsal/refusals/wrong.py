"""All wrong inputs: each is one wrong program, if the things of its world are made first."""

from tests.rehearsal.refusals import (
    wrong_aws,
    wrong_aws_ends,
    wrong_aws_world,
    wrong_azure,
    wrong_gcp,
    wrong_kubernetes,
)
from tests.rehearsal.refusals.cases import Wrong

WRONG: list[Wrong] = [
    *wrong_aws.MODEL,
    *wrong_aws.RULES,
    *wrong_aws_world.WRONG,
    *wrong_aws_ends.ENDS,
    *wrong_gcp.WRONG,
    *wrong_azure.WRONG,
    *wrong_kubernetes.WRONG,
]
