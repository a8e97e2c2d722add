"""Stands in for the AWS command line on PATH: parses as it does, refuses what AWS's own models refuse, and forwards.

`python -m tests.components.standin_aws ARGUMENTS`; the folder in STANDIN_AWS holds what is there: `cluster.json`
(answer of describe-cluster), `instances.json` (id -> tags and state), `server` (port that tunnels lead to), and every
command is written to `asked` there. Exit codes are the command line's: 252 for what it cannot parse, 253 without
credentials, 254 for what the service refuses.
"""

import fnmatch
import json
import os
import re
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from botocore import xform_name
from botocore.model import Shape
from botocore.session import get_session
from botocore.validate import ParamValidator

DOCUMENTS = {"AWS-StartPortForwardingSessionToRemoteHost": {"host", "portNumber", "localPortNumber"}}
"""Parameters of Session Manager's documents."""
PARAMETERS = {"host": r"[^,$^&(!;|)]{1,252}", "portNumber": r"\d{1,5}", "localPortNumber": r"\d{1,5}"}
GLOBALS = ("--region", "--output", "--query", "--profile")


def end(code: int, text: str) -> NoReturn:
    sys.stderr.write(f"\n{text}\n")
    raise SystemExit(code)


def main(words: list[str]) -> None:
    folder = Path(os.environ["STANDIN_AWS"])
    with (folder / "asked").open("a") as asked:
        asked.write(json.dumps(words) + "\n")
    if (folder / "no-credentials").exists():
        end(253, 'Unable to locate credentials. You can configure credentials by running "aws configure".')
    found, rest = {}, []
    pending = iter(words)
    for word in pending:
        if word in GLOBALS:
            found[word] = next(pending, "")
        else:
            rest.append(word)
    if found.get("--region") is None:
        end(253, 'You must specify a region. You can also configure your region by running "aws configure".')
    service, operation, *options = rest
    said = parsed(service, operation, options)
    answer = ANSWERS[service, operation](folder, said)
    if found.get("--output", "json") != "json":
        end(252, f"aws: error: argument --output: Invalid choice {found['--output']}")
    if answer is not None:
        import jmespath

        json.dump(jmespath.search(found["--query"], answer) if "--query" in found else answer, sys.stdout)


def parsed(service: str, operation: str, options: list[str]) -> dict[str, Any]:
    """Options as the service's API takes them."""
    if (service, operation) == ("eks", "get-token"):  # the command line's own, without a call
        if options[::2] != ["--cluster-name"]:
            end(252, f"aws: error: Unknown options: {options}")
        return {"name": options[1]}
    model = get_session().get_service_model("s3" if service == "s3api" else service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        end(252, f"aws: error: argument operation: Invalid choice: {operation}")
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(member, '-')}": member for member in shape.members}
    said: dict[str, Any] = {}
    member = None
    for word in options:
        if word.startswith("--"):
            if word not in known:
                end(252, f"aws: error: Unknown options: {word}")
            member = known[word]
            said[member] = [] if shape.members[member].type_name == "list" else None
        elif member is None:
            end(252, f"aws: error: Unknown options: {word}")
        else:
            value = value_of(word, shape.members[member])
            said[member] = [*said[member], value] if isinstance(said[member], list) else value
    report = ParamValidator().validate(said, shape)
    if report.has_errors():
        end(252, f"Parameter validation failed:\n{report.generate_report()}")
    return said


def value_of(word: str, shape: Shape) -> Any:
    """JSON, the shorthand `Name=a,Values=b`, or text."""
    if shape.type_name == "structure" and not word.startswith("{"):
        return {key: _flag(value) for key, value in (part.split("=", 1) for part in word.split(","))}
    if shape.type_name in ("map", "structure"):
        return json.loads(word)
    if shape.type_name == "list":
        pairs = dict(part.split("=", 1) for part in word.split(","))
        return {key: [value] if key.endswith("s") else value for key, value in pairs.items()}
    return word


def _flag(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text, text)


def describe_cluster(folder: Path, said: dict[str, Any]) -> Any:
    file = folder / "cluster.json"
    found = json.loads(file.read_text()) if file.exists() else {}
    if found.get("name") != said["name"]:
        end(
            254,
            "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: "
            f"No cluster found for name: {said['name']}.",
        )
    return {"cluster": found}


def get_token(folder: Path, said: dict[str, Any]) -> Any:
    status = {"expirationTimestamp": "2999-01-01T00:00:00Z", "token": f"k8s-aws-v1.{said['name']}"}
    return {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "spec": {},
        "status": status,
    }


def describe_instances(folder: Path, said: dict[str, Any]) -> Any:
    instances = json.loads((folder / "instances.json").read_text())

    def fits(tags: dict[str, str]) -> bool:
        return all(
            any(fnmatch.fnmatchcase(tags.get(each["Name"].removeprefix("tag:"), ""), value) for value in each["Values"])
            for each in said.get("Filters", [])
        )

    found = [{"InstanceId": id} for id, tags in instances.items() if fits(tags)]
    return {"Reservations": [{"Instances": found}] if found else []}


def start_session(folder: Path, said: dict[str, Any]) -> None:
    """Forward until ended, as the plugin does; it listens on this machine alone."""
    instances = json.loads((folder / "instances.json").read_text())
    document, given = said.get("DocumentName", ""), said.get("Parameters", {})
    if said["Target"] not in instances:
        end(254, f"An error occurred (TargetNotConnected) when calling the StartSession operation: {said['Target']}")
    if document not in DOCUMENTS:
        end(254, f"An error occurred (InvalidDocument) when calling the StartSession operation: {document}")
    for name, values in given.items():
        if name not in DOCUMENTS[document] or not all(re.fullmatch(PARAMETERS[name], value) for value in values):
            end(254, f"An error occurred (InvalidParameters) when calling the StartSession operation: {name}")
    if shutil.which("session-manager-plugin") is None:
        end(255, "SessionManagerPlugin is not found. Please refer to SessionManager Documentation")
    (folder / "host").write_text(given["host"][0])
    with socket.create_server(("127.0.0.1", int(given["localPortNumber"][0]))) as server:
        while True:
            client, _ = server.accept()
            behind = socket.create_connection(("127.0.0.1", int((folder / "server").read_text())))
            for source, target in ((client, behind), (behind, client)):
                threading.Thread(target=pour, args=(source, target), daemon=True).start()


def pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        target.close()


ANSWERS = {
    ("eks", "describe-cluster"): describe_cluster,
    ("eks", "get-token"): get_token,
    ("ec2", "describe-instances"): describe_instances,
    ("ssm", "start-session"): start_session,
}

if __name__ == "__main__":
    main(sys.argv[1:])
