"""A small client of a Kubernetes API server: objects are plain mappings, as in YAML. Safe to use from threads."""

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

Found = TypeVar("Found")

Object = Mapping[str, Any]

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 30.0


class ApiRefused(Exception):
    """The API server refused a request; the text is its own, with every cause."""

    def __init__(self, code: int, reason: str, message: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        """HTTP status, e.g. 422."""
        self.reason = reason
        """The server's word for it, e.g. `Invalid`, `Forbidden`, `Conflict`, `NotFound`."""
        self.message = message
        self.causes = causes
        """One `field: message` for each thing that is wrong."""


class TooLate(TimeoutError):
    """What was waited for did not come in time."""


@dataclass(frozen=True)
class Kind:
    """How the server calls a kind of object."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """The path of an object, or of all of them where no name is given; of all namespaces where none is."""
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + "".join(f"/{part}" for part in (name, subresource) if part)


class Api:
    """One API server, as the user of a kubeconfig file with embedded or named certificates."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        server, context = _connection(kubeconfig)
        self.http = httpx.Client(base_url=server, verify=context, timeout=TIMEOUT_SECONDS, trust_env=False)
        """For requests that have no method here."""
        self._kinds: dict[tuple[str, str], Kind] = {}

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def ready(self) -> bool:
        """Whether the server says that it is."""
        try:
            return self.http.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def kind(self, api_version: str, kind: str) -> Kind:
        """How the server calls a kind. Raises ApiRefused when it knows none, as before its definition is there."""
        known = self._kinds.get((api_version, kind))
        if known:
            return known
        root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        answer = self.http.get(root)
        for each in answer.json().get("resources", []) if answer.is_success else []:
            if "/" not in each["name"]:
                self._kinds[api_version, each["kind"]] = Kind(api_version, each["name"], each["namespaced"])
        if (api_version, kind) not in self._kinds:
            message = f'no matches for kind "{kind}" in version "{api_version}"'
            raise ApiRefused(httpx.codes.NOT_FOUND, "NoKindMatch", message)
        return self._kinds[api_version, kind]

    def request(self, method: str, path: str, body: Any = None, *, content_type: str = "", **query: str) -> Any:
        """Send a request; returns the answer's JSON. Raises ApiRefused, or httpx's TransportError without an answer."""
        headers = {"Content-Type": content_type or "application/json", "Accept": "application/json"}
        content = None if body is None else json.dumps(body)
        answer = self.http.request(method, path, content=content, headers=headers, params=query)
        if answer.is_success:
            return answer.json()
        raise _refused(answer)

    def apply(
        self,
        obj: Object,
        *,
        manager: str = "meridian",
        dry_run: bool = False,
        force: bool = True,
        subresource: str = "",
    ) -> dict[str, Any]:
        """Apply an object on the server's side; returns it as it is then, or as it would be. Raises ApiRefused."""
        path = self._path_of(obj, subresource)
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        return dict(self.request("PATCH", path, obj, content_type=APPLY, **query))

    def create(self, obj: Object) -> dict[str, Any]:
        """Create an object that must not be there. Raises ApiRefused."""
        metadata = obj["metadata"]
        path = self.kind(obj["apiVersion"], obj["kind"]).path(metadata.get("namespace") or "default")
        return dict(self.request("POST", path, obj, fieldValidation="Strict"))

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """Return an object, or None if there is none."""
        try:
            return dict(self.request("GET", self._path(api_version, kind, name, namespace)))
        except ApiRefused as refused:
            if refused.code == httpx.codes.NOT_FOUND:
                return None
            raise

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> list[dict[str, Any]]:
        """Return the objects of a namespace, or of all; `labels` and `fields` are selectors, e.g. `app=engine`."""
        query = {name: value for name, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}
        found = self.request("GET", self.kind(api_version, kind).path(namespace), **query)
        return [{"apiVersion": api_version, "kind": kind, **each} for each in found["items"]]

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        change: Object,
        namespace: str | None = None,
        *,
        subresource: str = "",
    ) -> dict[str, Any]:
        """Merge a change into an object, or into its `status` or `scale`; returns it. Raises ApiRefused."""
        path = self._path(api_version, kind, name, namespace, subresource)
        return dict(self.request("PATCH", path, change, content_type=MERGE))

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, wait_seconds: float = 60
    ) -> None:
        """Delete an object with what it owns, and wait until it is gone; nothing if it is not there. Raises TooLate."""
        path = self._path(api_version, kind, name, namespace)
        try:
            self.request("DELETE", path, {"propagationPolicy": "Foreground"})
        except ApiRefused as refused:
            if refused.code == httpx.codes.NOT_FOUND:
                return
            raise
        if wait_seconds:
            self.wait(api_version, kind, name, namespace, until=lambda found: found is None, seconds=wait_seconds)

    def evict(self, name: str, namespace: str = "default") -> bool:
        """Ask for a pod's eviction; False when a disruption budget forbids it now. Raises ApiRefused otherwise."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        try:
            self.request("POST", self._path("v1", "Pod", name, namespace, "eviction"), body)
        except ApiRefused as refused:
            if refused.code == httpx.codes.TOO_MANY_REQUESTS:
                return False
            raise
        return True

    def wait(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        until: Callable[[dict[str, Any] | None], bool],
        seconds: float,
    ) -> dict[str, Any] | None:
        """Return an object as soon as `until` is true of it; it is given None while there is none. Raises TooLate."""
        return self.until(
            lambda: self.get(api_version, kind, name, namespace), until, seconds, f"{kind} {name} is not as wanted"
        )

    def until(self, look: Callable[[], Found], right: Callable[[Found], bool], seconds: float, what: str) -> Found:
        """Return what `look` finds as soon as it is `right`. Raises TooLate with `what` and the last thing found."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if right(found):
                return found
            if time.monotonic() > end:
                message = f"{what} after {seconds:.0f} s: {json.dumps(found, default=str)[:2000]}"
                raise TooLate(message)
            time.sleep(POLL_SECONDS)

    def _path_of(self, obj: Object, subresource: str) -> str:
        metadata = obj["metadata"]
        return self._path(obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace"), subresource)

    def _path(self, api_version: str, kind: str, name: str, namespace: str | None = None, subresource: str = "") -> str:
        return self.kind(api_version, kind).path(namespace or "default", name, subresource)


def _refused(answer: httpx.Response) -> ApiRefused:
    try:
        said = answer.json()
    except ValueError:
        said = {"message": answer.text.strip()}
    causes = (said.get("details") or {}).get("causes") or []
    told = tuple(f"{each.get('field', '')}: {each.get('message', '')}" for each in causes)
    return ApiRefused(answer.status_code, said.get("reason", ""), said.get("message", ""), told)


def _connection(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    """The server of the current context, and how to speak to it."""
    said = yaml.safe_load(kubeconfig.read_text())
    current = _named(said["contexts"], said["current-context"])["context"]
    cluster = _named(said["clusters"], current["cluster"])["cluster"]
    user = _named(said["users"], current["user"])["user"]
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    # The ssl module takes a client's certificate from a file alone.
    context.load_cert_chain(user["client-certificate"], user["client-key"])
    return cluster["server"], context


def _named(entries: Iterable[Any], name: str) -> Any:
    return next(each for each in entries if each["name"] == name)
