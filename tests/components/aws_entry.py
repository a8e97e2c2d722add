"""An entry on AWS, made with Pulumi's mocks: every resource that it registers is recorded with its inputs."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
from pulumi.runtime import mocks

from components.aws.entry import entry
from components.ground_specs import AuditSpec, ClusterSpec, EntrySpec, GroundSpec, NetworkSpec

ACCOUNT = "123456789012"
SLOW_SECONDS = 0.2
LOG_KEY = f"arn:aws:kms:eu-north-1:{ACCOUNT}:key/logs"

ENTRY = EntrySpec(
    names=("eu.inference.example.com", "aws-eu-north-1.inference.example.com"),
    zone="inference.example.com",
    visibility="public",
    gateway_port=30443,
    probe_path="/-/ready",
    probe_body="served:ok",
    inference_paths=("/v1/chat/completions", "/v1/completions", "/v1/responses"),
    idle_timeout_seconds=180,
    requests_per_five_minutes=2000,
)
GROUND = GroundSpec(
    name="aws-eu-north-1",
    environment="prod",
    territory="eu",
    location="eu-north-1",
    account=ACCOUNT,
    generation=1,
    protect=True,
    tags=(("environment", "prod"), ("territory", "eu")),
    network=NetworkSpec(cidr="10.3.0.0/16", zones=("eu-north-1a", "eu-north-1b"), existing=None),
    cluster=ClusterSpec(
        version="1.34", door="tunnel", door_port=16001, allowed_cidrs=(), administrators=(), existing=None
    ),
    pools=(),
    entry=ENTRY,
    audit=AuditSpec(retention_days=380, lock="governance"),
    identities=(),
    secrets=(),
)


def ground(**changed: Any) -> GroundSpec:
    """The spec with some fields of its entry changed."""
    return replace(GROUND, entry=replace(ENTRY, **changed))


@dataclass(frozen=True)
class Network:
    """What an entry needs of a network."""

    vpc_id: pulumi.Output[str]
    node_subnets: list[pulumi.Output[str]]
    entry_subnets: list[pulumi.Output[str]]
    node_security_group_id: pulumi.Output[str]
    entry_security_group_id: pulumi.Output[str]
    inner_security_group_id: pulumi.Output[str] | None


@dataclass(frozen=True)
class Made:
    """One registered resource."""

    type: str
    name: str
    inputs: Mapping[str, Any]


@dataclass
class Recorder(mocks.Mocks):
    """Answers as AWS would, as far as the entry reads it."""

    made: list[Made] = field(default_factory=list)
    steering: list[Any] = field(default_factory=list)
    slow: str = ""
    """A type that takes its time, so that what does not wait for it comes before it."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if self.slow and args.typ.endswith(f":{self.slow}"):
            time.sleep(SLOW_SECONDS)
        self.made.append(Made(args.typ, args.name, args.inputs))
        arn = f"arn:aws:{args.typ.split(':')[1].split('/')[0]}:eu-north-1:{ACCOUNT}:{args.name}"
        outputs = {**args.inputs, "arn": arn, "dnsName": "entry.elb.example", "zoneId": "ZELB"}
        if args.typ == "aws:acm/certificate:Certificate":
            names = [args.inputs["domainName"], *args.inputs.get("subjectAlternativeNames", [])]
            outputs["domainValidationOptions"] = [
                {
                    "domainName": name,
                    "resourceRecordName": f"_x.{name}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_y.acm-validations.aws.",
                }
                for name in names
            ]
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {}

    def of(self, type_: str) -> list[Made]:
        """Every resource whose type ends so."""
        return [each for each in self.made if each.type.endswith(f":{type_}")]

    def one(self, type_: str) -> Mapping[str, Any]:
        """The inputs of the only resource of a type."""
        (found,) = self.of(type_)
        return found.inputs


@contextmanager
def recording(slow: str = "") -> Iterator[Recorder]:
    """Register resources inside; they are all recorded when the block ends."""
    recorder = Recorder(slow=slow)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(recorder, project="meridian", stack="test", preview=False)
    try:
        yield recorder
    finally:
        # What a refused entry left unfinished would hold up the next one.
        loop.run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
        loop.close()


def made(spec: GroundSpec = GROUND, groups: tuple[str, ...] = ("asg-a", "asg-b"), slow: str = "") -> Recorder:
    """Make an entry and return what was registered, and what steering gets."""
    with recording(slow) as recorder:
        out = pulumi.Output.from_input
        network = Network(
            out("vpc-1"),
            [out("nodes-a")],
            [out("subnet-a"), out("subnet-b")],
            out("sg-nodes"),
            out("sg-entry"),
            out("sg-inner"),
        )
        found = entry(
            spec.name,
            spec,
            network,
            [out(group) for group in groups],
            "log-bucket",
            "ZDNS",
            pulumi.ResourceOptions(),
            log_key=LOG_KEY,
        )
        pulumi.Output.all(found.first.address, found.first.zone_id).apply(recorder.steering.extend)
    return recorder
