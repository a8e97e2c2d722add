"""The entry on AWS: TLS 1.3 alone, behind the WAF, to the gateway nodes and nowhere else."""

import importlib
from dataclasses import replace
from typing import Any

import pytest

from components.aws.certificate import prove
from components.aws.names import RETENTIONS, retention
from components.aws.refusing import EntryRefused
from components.ground_specs import GroundSpec
from rehearsal.standins.checking import faults
from rehearsal.standins.deriving import resource_shape
from tests.components.aws_entry import ENTRY, GROUND, Made, Recorder, ground, made, recording


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return made()


def shape_faults(resource: Made) -> list[str]:
    package, module, name = resource.type.split(":")
    sdk = importlib.import_module(f"pulumi_{package}.{module.split('/')[0]}")
    return [
        f"{resource.type} {each.path}: {each.reason}"
        for each in faults(resource.inputs, resource_shape(getattr(sdk, name)))
    ]


def test_every_resource_has_the_shape_that_the_sdk_asks_for(recorder: Recorder) -> None:
    assert [fault for resource in recorder.made for fault in shape_faults(resource)] == []
    wrong = Made("aws:lb/listener:Listener", "x", {"portt": 443})
    assert len(shape_faults(wrong)) >= 2


def test_tls_1_3_on_port_443_is_the_only_way_in(recorder: Recorder) -> None:
    listener = recorder.one("Listener")
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-3-")
    opened = [(rule["fromPort"], rule["toPort"], rule.get("cidrIpv4")) for rule in ingress(recorder, "sg-entry")]
    assert opened == [(443, 443, "0.0.0.0/0")]


def ingress(recorder: Recorder, group: str) -> list[Any]:
    rules = [made.inputs for made in recorder.of("SecurityGroupIngressRule")]
    return [rule for rule in rules if rule["securityGroupId"] == group]


def test_only_the_entry_reaches_the_gateway_and_only_its_port(recorder: Recorder) -> None:
    [nodes] = ingress(recorder, "sg-nodes")
    out = recorder.one("SecurityGroupEgressRule")
    assert (nodes["fromPort"], nodes["toPort"], nodes["referencedSecurityGroupId"]) == (30443, 30443, "sg-entry")
    assert (out["fromPort"], out["toPort"], out["referencedSecurityGroupId"]) == (30443, 30443, "sg-nodes")
    assert "cidrIpv4" not in nodes
    assert "cidrIpv4" not in out


@pytest.mark.parametrize(
    ("visibility", "internal", "clients"), [("public", False, "0.0.0.0/0"), ("private", True, "10.3.0.0/16")]
)
def test_a_private_entry_is_open_to_its_network_alone(visibility: str, internal: bool, clients: str) -> None:
    recorder = made(ground(visibility=visibility))
    assert recorder.one("LoadBalancer")["internal"] is internal
    [rule] = ingress(recorder, "sg-entry")
    assert rule["cidrIpv4"] == clients


@pytest.mark.parametrize("protect", [True, False])
def test_the_load_balancer_is_strict_and_logged_and_protected_as_the_spec_says(protect: bool) -> None:
    balancer = made(replace(GROUND, protect=protect)).one("LoadBalancer")
    assert balancer["enableDeletionProtection"] is protect
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "strictest"
    assert balancer["enableWafFailOpen"] is False
    assert balancer["idleTimeout"] == ENTRY.idle_timeout_seconds
    for log in ("accessLogs", "connectionLogs"):
        assert balancer[log] == {"bucket": "log-bucket", "enabled": True}


def test_tls_goes_on_to_the_gateways_which_are_asked_whether_they_served_a_token(recorder: Recorder) -> None:
    group = recorder.one("TargetGroup")
    assert (group["protocol"], group["port"], group["targetType"]) == ("HTTPS", 30443, "instance")
    assert group["stickiness"]["enabled"] is False
    check = group["healthCheck"]
    assert (check["protocol"], check["path"], check["matcher"]) == ("HTTPS", "/-/ready", "200")
    assert check["timeout"] < check["interval"]
    attached = {each.inputs["autoscalingGroupName"] for each in recorder.of("Attachment")}
    assert attached == {"asg-a", "asg-b"}


def test_a_node_that_leaves_keeps_its_streams_within_what_aws_allows() -> None:
    assert made(ground(idle_timeout_seconds=180)).one("TargetGroup")["deregistrationDelay"] == 180
    assert made(ground(idle_timeout_seconds=4000)).one("TargetGroup")["deregistrationDelay"] == 3600


def test_the_waf_guards_the_load_balancer(recorder: Recorder) -> None:
    guard = recorder.one("WebAclAssociation")
    assert guard["resourceArn"].endswith(":aws-eu-north-1-entry")
    assert guard["webAclArn"].endswith(":aws-eu-north-1-waf")


@pytest.mark.parametrize("slow", ["WebAclAssociation", "WebAclLoggingConfiguration", "SecurityGroupIngressRule"])
def test_nothing_listens_before_the_waf_guards_and_logs(slow: str) -> None:
    order = [each.type.rpartition(":")[2] for each in made(slow=slow).made]
    assert order.index("Listener") > max(place for place, type_ in enumerate(order) if type_ == slow)


def test_the_certificate_carries_both_names_and_the_region_proves_its_own(recorder: Recorder) -> None:
    certificate = recorder.one("Certificate")
    assert (certificate["domainName"], *certificate["subjectAlternativeNames"]) == ENTRY.names
    assert certificate["validationMethod"] == "DNS"
    record = recorder.one("Record")
    assert record["name"] == "_x.aws-eu-north-1.inference.example.com."
    assert (record["type"], record["records"]) == ("CNAME", ["_y.acm-validations.aws."])
    assert recorder.one("Listener")["certificateArn"] == recorder.one("CertificateValidation")["certificateArn"]


def test_the_names_layer_proves_the_territorys_name_once() -> None:
    with recording() as recorder:
        prove("eu", "eu.inference.example.com", "ZDNS", {})
    assert recorder.one("Record")["name"] == "_x.eu.inference.example.com."
    assert [fault for resource in recorder.made for fault in shape_faults(resource)] == []


def test_an_entry_with_one_name_proves_it() -> None:
    recorder = made(ground(names=("only.inference.example.com",)))
    assert recorder.one("Record")["name"] == "_x.only.inference.example.com."


def test_steering_gets_the_load_balancers_name_and_zone(recorder: Recorder) -> None:
    assert recorder.steering == ["entry.elb.example", "ZELB"]


def test_everything_that_takes_tags_has_them(recorder: Recorder) -> None:
    tagged = [each for each in recorder.made if "tags" in _accepted(each)]
    assert len(tagged) >= 8
    for each in tagged:
        assert each.inputs.get("tags") == dict(GROUND.tags), each.type


def _accepted(resource: Made) -> set[str]:
    package, module, name = resource.type.split(":")
    sdk = importlib.import_module(f"pulumi_{package}.{module.split('/')[0]}")
    return set(resource_shape(getattr(sdk, name)).inputs.properties)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (ground(names=()), "1 to 10 different names"),
        (ground(names=("a.inference.example.com",) * 2), "different names"),
        (ground(names=("*.inference.example.com",)), "Write each name out"),
        (ground(names=("eu.elsewhere.example",)), "cannot be proved"),
        (ground(names=(f"{'a' * 45}.inference.example.com",)), "longer than 64 bytes"),
        (ground(inference_paths=()), "block every request"),
        (ground(inference_paths=("/v1/*",)), "not exact"),
        (ground(inference_paths=("/-/ready",)), "free of the rate rule"),
        (ground(probe_path="/"), "not exact"),
        (ground(idle_timeout_seconds=4001), "waits 1 to 4000 s"),
        (ground(gateway_port=443), "30000 to 32767"),
        (ground(requests_per_five_minutes=9), "AWS WAF counts 10"),
        (replace(GROUND, name="aws-a-very-long-region"), "leaves room for 18"),
    ],
)
def test_what_aws_would_refuse_half_way_is_refused_before_anything_is_made(spec: GroundSpec, told: str) -> None:
    with pytest.raises(EntryRefused, match=told):
        made(spec)


def test_no_gateway_group_is_refused_and_all_faults_are_told_at_once() -> None:
    with pytest.raises(EntryRefused) as refused:
        made(ground(gateway_port=1, requests_per_five_minutes=1), groups=())
    for told in ("gateway group", "30000", "AWS WAF counts"):
        assert told in str(refused.value)


def test_retention_is_never_shorter_than_asked() -> None:
    assert [retention(days) for days in (1, 8, 400, 401)] == [1, 14, 400, 545]
    with pytest.raises(ValueError, match="at most 3653"):
        retention(RETENTIONS[-1] + 1)
