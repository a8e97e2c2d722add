"""What a cloud refuses of one resource alone, before anything of the world is asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.standins.refusals import (
    aws_network_rules,
    aws_policies,
    aws_service_rules,
    azure_rules,
    gcp_model,
    gcp_rules,
    kubernetes_rules,
    tags,
)
from rehearsal.standins.refusals.rules import Inputs, Rule
from rehearsal.standins.refusals.values import Problem, plain


def on_check(
    package: str,
    token: str,
    name: str,  # noqa: ARG001 - part of what is agreed; no rule needs it yet
    inputs: Mapping[str, Any],
    provider: Mapping[str, Any],
) -> list[Problem]:
    """Return what the cloud would refuse in a resource's inputs, whatever else there is; empty if nothing.

    `name` is the resource's name in the program; inputs are as on the wire, with secrets wrapped and unknown values.
    """
    said, configured = plain(inputs), plain(provider)
    found = [problem for rule in _rules(package, token) for problem in rule(said, configured)]
    return first_of_each([*found, *_modelled(package, token, said)])


def first_of_each(found: list[Problem]) -> list[Problem]:
    """Keep one problem a path: the hand-written rule speaks first, as it says more than the model."""
    return list({problem.path: problem for problem in reversed(found)}.values())[::-1]


def _rules(package: str, token: str) -> tuple[Rule, ...]:
    match package:
        case "aws":
            own = aws_network_rules.RULES.get(token, ()) + aws_service_rules.RULES.get(token, ())
            return (tags.aws_tags, *own)
        case "gcp":
            return gcp_rules.rules_of(token)
        case "azure-native":
            return (tags.azure_tags, *azure_rules.rules_of(token))
        case _:
            return ()


def _modelled(package: str, token: str, said: Inputs) -> Iterable[Problem]:
    match package:
        case "aws":
            from rehearsal.standins.refusals import aws_model  # botocore takes 0.2 s to import

            return [
                *aws_model.model_problems(token, said),
                *aws_model.machine_problems(token, said),
                *aws_policies.policy_problems(token, said),
            ]
        case "gcp":
            return gcp_model.model_problems(token, said)
        case "azure-native":
            from rehearsal.standins.refusals import azure_model  # needs the SDK, which the other clouds do not

            return azure_model.model_problems(token, said)
        case "kubernetes":
            return kubernetes_rules.object_problems(token, said)
        case _:
            return ()
