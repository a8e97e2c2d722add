"""Asks AWS, and says in words what went wrong when it does not answer."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.session import Session

from stacks.preflight.model import Check

Clients = Callable[[str, str], Any]
"""Gives a client of a service in a region: `clients("ec2", "eu-north-1")`. botocore has no types."""

PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 2, "mode": "standard"})
"""Seconds; a network that drops packets is told within half a minute."""
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})


class Unanswered(Exception):
    """A question without an answer; carries the check that tells it."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.detail)
        self.check = check


def real_clients() -> Clients:
    """Clients with the credentials that the AWS command line would use."""
    session = Session()

    def client(service: str, region: str) -> Any:
        return session.create_client(service, region_name=region, config=PATIENCE)

    return client


def ask(where: str, what: str, call: Callable[[], Any]) -> Any:
    """Return the answer of a call; raises `Unanswered` with the reason in words."""
    try:
        return call()
    except (NoCredentialsError, PartialCredentialsError):
        fix = "Log in, e.g. `aws sso login`, and name the profile with AWS_PROFILE."
        raise Unanswered(Check(where, what, "unknown", "there are no AWS credentials here", fix)) from None
    except ClientError as error:
        raise Unanswered(_refused(where, what, error)) from None
    except BotoCoreError as error:
        fix = "Check the network of this machine, and that the region is enabled in the account."
        raise Unanswered(Check(where, what, "unknown", f"AWS did not answer: {error}", fix)) from None


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Every item of a paged answer."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def code_of(error: ClientError) -> str:
    """AWS's own name of an error."""
    return str(error.response["Error"]["Code"])


def _refused(where: str, what: str, error: ClientError) -> Check:
    code, action = code_of(error), error.operation_name
    if code in DENIED:
        fix = f"Let the role read: it needs the action of {action}. Preflight reads and never writes."
        return Check(where, what, "unknown", f"this login may not call {action}", fix)
    if code in EXPIRED:
        fix = "Log in again, e.g. `aws sso login`."
        return Check(where, what, "unknown", "the AWS credentials are expired or not valid", fix)
    fix = "See the message; if AWS is busy, run the same command again."
    return Check(where, what, "unknown", f"{action} failed: {code}: {error.response['Error'].get('Message', '')}", fix)
