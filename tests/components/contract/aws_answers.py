"""What AWS adds to what a program says, as far as other resources read it."""

from collections.abc import Mapping
from typing import Any


def answers(kind: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of one resource; every ARN names its type and resource, so that who uses what can be followed."""
    found: dict[str, Any] = {"arn": f"arn:aws:{kind.rpartition(':')[2]}:::{name}", "name": inputs.get("name", name)}
    match kind:
        case "aws:eks/cluster:Cluster":
            found["endpoint"] = "https://10.20.0.10"
            found["certificateAuthority"] = {"data": "UEVN"}
            found["vpcConfig"] = {**inputs["vpcConfig"], "clusterSecurityGroupId": "eks-made-group"}
        case "aws:eks/nodeGroup:NodeGroup":
            found["resources"] = [{"autoscalingGroups": [{"name": f"eks-{name}"}]}]
        case "aws:ec2/launchTemplate:LaunchTemplate":
            found["latestVersion"] = 1
        case "aws:kms/key:Key":
            found["keyId"] = f"{name}-key-id"
        case "aws:acm/certificate:Certificate":
            names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
            found["domainValidationOptions"] = [_validation(each) for each in dict.fromkeys(names)]
        case "aws:lb/loadBalancer:LoadBalancer":
            found |= {"dnsName": f"{name}.elb.amazonaws.com", "zoneId": "ZLB", "arnSuffix": f"app/{name}/0"}
        case "aws:route53/record:Record":
            found["fqdn"] = inputs["name"]
        case _:
            pass
    return found


def _validation(name: str) -> dict[str, str]:
    return {
        "domainName": name,
        "resourceRecordName": f"_check.{name}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{name}.acm-validations.aws.",
    }
