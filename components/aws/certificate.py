"""Certificates of entries: asked of ACM, proved by DNS, renewed by ACM for as long as the proofs stand.

ACM asks for the same record for one name in one account, in every region. A record that several regions need must be
owned by none of them, or the removal of one region ends the renewals of the others. So a region owns the record of
its own name, and the names layer of a territory owns the one of the territory's name: `prove` makes it there.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.ground_specs import EntrySpec

RECORD_TTL_SECONDS = 300
"""Nobody waits for a change of it: the value never changes."""
LONGEST_ISSUE = "30m"
"""ACM issues within minutes of seeing its records; a wait of this long means that one is missing, or the domain is not
delegated to the zone."""
KEY_ALGORITHM = "EC_prime256v1"
"""P-256: every TLS 1.3 client has it, and a handshake costs the load balancer a fraction of RSA 2048's."""


def prove(
    name: str,
    domain: str,
    zone_id: pulumi.Input[str],
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions | None = None,
) -> aws.route53.Record:
    """Make the record that proves a territory's name for every region of the account; once, in the names layer.

    The certificate beside it serves nobody: ACM tells the record only to who asks for a certificate.
    """
    asked = aws.acm.Certificate(
        f"{name}-proof",
        domain_name=domain,
        key_algorithm=KEY_ALGORITHM,
        validation_method="DNS",
        tags=tags,
        opts=opts,
    )
    return _record(f"{name}-proof", domain, asked, zone_id, opts)


def certificate(
    name: str,
    entry: EntrySpec,
    territory_name: str | None,
    zone_id: pulumi.Input[str],
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Return the ARN of the entry's certificate, once ACM issued it.

    Records are made for all of the entry's names but `territory_name`, which the names layer proves.
    """
    asked = aws.acm.Certificate(
        f"{name}-certificate",
        domain_name=entry.names[0],
        subject_alternative_names=list(entry.names[1:]),
        key_algorithm=KEY_ALGORITHM,
        validation_method="DNS",
        tags=tags,
        opts=opts,
    )
    own = [domain for domain in entry.names if domain != territory_name]
    records = [_record(f"{name}-proof-{domain}", domain, asked, zone_id, opts) for domain in own]
    patience = pulumi.CustomTimeouts(create=LONGEST_ISSUE)
    waiting = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=records, custom_timeouts=patience))
    # No record names here: AWS would insist on all of them, and one is not this region's.
    issued = aws.acm.CertificateValidation(f"{name}-issued", certificate_arn=asked.arn, opts=waiting)
    arn: pulumi.Output[str] = issued.certificate_arn
    return arn


def _record(
    name: str,
    domain: str,
    asked: aws.acm.Certificate,
    zone_id: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None,
) -> aws.route53.Record:
    option = asked.domain_validation_options.apply(
        lambda options: next(each for each in options if each.domain_name == domain)
    )
    return aws.route53.Record(
        name,
        zone_id=zone_id,
        name=option.apply(lambda each: each.resource_record_name or ""),
        type=option.apply(lambda each: each.resource_record_type or ""),
        records=[option.apply(lambda each: each.resource_record_value or "")],
        ttl=RECORD_TTL_SECONDS,
        opts=opts,
    )
