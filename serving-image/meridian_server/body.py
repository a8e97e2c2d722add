"""What a request's body may say; pure.

Only listed fields pass. What the platform decides (salt, priority, storage) is written over
whatever the client sent, and output is capped by the lane.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from meridian_server.errors import Headers, Refusal
from meridian_server.settings import Lane

CHAT, COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"

_SAMPLING: Final = """
frequency_penalty ignore_eos include_stop_str_in_output logit_bias min_p min_tokens model presence_penalty
repetition_penalty seed skip_special_tokens stop stop_token_ids stream structured_outputs temperature top_k top_p
truncate_prompt_tokens user
"""
_CHAT: Final = """
logprobs max_completion_tokens max_tokens messages metadata n parallel_tool_calls prompt_cache_key reasoning_effort
response_format service_tier stream_options tool_choice tools top_logprobs
"""
_COMPLETIONS: Final = "logprobs max_tokens n prompt response_format service_tier stream_options suffix"
_RESPONSES: Final = """
include input instructions max_output_tokens max_tool_calls metadata parallel_tool_calls prompt_cache_key reasoning
service_tier text tool_choice tools top_logprobs truncation
"""
ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    path: frozenset(f"{_SAMPLING} {fields}".split())
    for path, fields in ((CHAT, _CHAT), (COMPLETIONS, _COMPLETIONS), (RESPONSES, _RESPONSES))
}
"""Fields by path. Left out on purpose: what names caches, files, templates, other requests or vLLM's insides, and
`echo`, which together with `logprobs` tells about the prompt's tokens."""

_STORED: Final = "Nothing is stored here, so it cannot be continued. Send the whole conversation in `input`."
REFUSED: Final = {(RESPONSES, name): _STORED for name in ("previous_response_id", "conversation", "prompt")}
"""Fields whose loss would change the answer: they are refused, not dropped."""

_NOT_FOR_VLLM: Final = frozenset({"prompt_cache_key", "metadata", "service_tier"})
"""Fields of the API that clients send and that this engine has no use for on every path."""

_OUTPUT_CAPS: Final = {
    CHAT: ("max_completion_tokens", "max_tokens"),
    COMPLETIONS: ("max_tokens",),
    RESPONSES: ("max_output_tokens",),
}
_URL_KEYS: Final = frozenset({"url", "image_url", "audio_url", "video_url", "file_url", "server_url"})
_CONTENT: Final = ("messages", "prompt", "input", "instructions", "suffix")


@dataclass(frozen=True)
class Request:
    """A body as it goes on to vLLM."""

    fields: Mapping[str, Any]
    dropped: tuple[str, ...]
    """Names of the client's fields that were left out."""
    streams: bool
    model: str
    choices: int
    """Answers, over all prompts of the request."""
    max_output_tokens: int
    """The most that all answers together can generate."""

    def encoded(self) -> bytes:
        """The body's bytes."""
        return json.dumps(self.fields).encode()

    def content(self) -> bytes:
        """What the audit trail hashes: the prompt, in a stable form."""
        return json.dumps({name: self.fields.get(name) for name in _CONTENT}, sort_keys=True).encode()


def refuse_encoding(headers: Headers) -> None:
    """Raise a 415 `Refusal` for a compressed body: what it holds could not be checked before it is unpacked."""
    encodings = [value for name, value in headers if name.lower() == b"content-encoding"]
    if any(value.strip().lower() not in (b"", b"identity") for value in encodings):
        raise Refusal(415, "compressed_body", "Compressed bodies are not accepted. Send plain JSON.")


def rewritten(path: str, given: Mapping[str, Any], lane: Lane, *, salt: str) -> Request:
    """The body as vLLM gets it; raises a 400 `Refusal` for one that cannot be trusted."""
    allowed = ALLOWED[path]
    for name in given:
        if given[name] is not None and (path, name) in REFUSED:
            raise Refusal(400, "not_stored", REFUSED[path, name], param=name)
    _refuse_fetching(path, given)
    fields = {name: value for name, value in given.items() if name in allowed and name not in _NOT_FOR_VLLM}
    choices = _choices(path, fields, lane)
    longest = _cap_output(path, fields, lane)
    fields |= {"cache_salt": salt, "priority": lane.priority}
    if path == RESPONSES:
        fields |= {"store": False, "background": False}
    dropped = tuple(sorted(set(given) - allowed))
    _refuse_half_characters(fields)
    return Request(
        fields=fields,
        dropped=dropped,
        streams=fields.get("stream") is True,
        model=str(fields.get("model", "")),
        choices=choices,
        max_output_tokens=choices * longest,
    )


def _refuse_half_characters(fields: Mapping[str, Any]) -> None:
    """JSON can escape half of a surrogate pair, which is no text in UTF-8."""
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refusal(400, "not_json", "A text holds half a character (a lone surrogate). Send whole text.") from None


def parsed(raw: bytes) -> dict[str, Any]:
    """A body's fields; raises a 400 `Refusal` for one that two readers could take differently."""
    try:
        given = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except _Duplicate as duplicate:
        text = f"The field {duplicate.name!r} appears twice. Two readers could take different ones. Send it once."
        raise Refusal(400, "duplicate_field", text, param=duplicate.name) from None
    except (ValueError, RecursionError):
        raise Refusal(400, "not_json", "The body is not valid JSON in UTF-8. Send one JSON object.") from None
    if not isinstance(given, dict):
        raise Refusal(400, "not_an_object", "The body is not a JSON object. Send {...}.")
    return given


class _Duplicate(Exception):
    def __init__(self, name: str) -> None:
        self.name = name[:64]
        super().__init__(self.name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Duplicate(name)
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _refuse_fetching(path: str, given: Mapping[str, Any]) -> None:
    """Nothing in a request may make the engine call an address: it stands inside the private network."""
    for url in _urls([given.get(name) for name in _CONTENT]):
        if not url.startswith("data:"):
            text = "Media is not fetched from addresses here. Send it inside the request as a `data:` URL."
            raise Refusal(400, "remote_media", text)
    tools = given.get("tools") if path == RESPONSES else None
    kinds = [tool.get("type") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    if any(kind != "function" for kind in kinds):
        text = "Only tools of type `function` are served: others would run or call something from inside the engine."
        raise Refusal(400, "remote_tool", text, param="tools")


def _urls(value: Any) -> Iterator[str]:
    """Every text under a key that names an address, at any depth."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield from (text for key, text in inner.items() if key in _URL_KEYS and isinstance(text, str))
            waiting += list(inner.values())
        elif isinstance(inner, list):
            waiting += inner


def _choices(path: str, fields: Mapping[str, Any], lane: Lane) -> int:
    """One request gives at most the lane's number of answers, counting `n` and lists of prompts."""
    choices = _whole(fields, "n", default=1)
    if choices < 1:
        raise Refusal(400, "wrong_value", "`n` must be at least 1.", param="n")
    prompts = fields.get("prompt") if path == COMPLETIONS else None
    if isinstance(prompts, list) and prompts and not isinstance(prompts[0], int):
        choices *= len(prompts)
    if choices > lane.max_choices:
        text = f"At most {lane.max_choices} answers per request in this lane. Lower `n`, or send more requests."
        raise Refusal(400, "too_many_choices", text, param="n")
    return choices


def _cap_output(path: str, fields: dict[str, Any], lane: Lane) -> int:
    names = _OUTPUT_CAPS[path]
    present = [name for name in names if fields.get(name) is not None]
    for name in present or names[:1]:
        fields[name] = min(_whole(fields, name, default=lane.max_output_tokens), lane.max_output_tokens)
    return max(0, *(int(fields[name]) for name in present or names[:1]))


def _whole(fields: Mapping[str, Any], name: str, *, default: int) -> int:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(400, "wrong_type", f"`{name}` must be a whole number.", param=name)
    return value
