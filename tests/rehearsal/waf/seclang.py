"""The paths and exclusions of `components.waf` in the words of the OWASP core rule set."""

import re
from collections.abc import Iterable

from components.waf import EXCLUSIONS, Exclusion, Paths

SMALL_BODY, LARGE_BODY = 8192, 32 << 20
"""Bytes. The first is what AWS's size rule lets through; the second is above any prompt, as it is without that rule."""
BODY_TARGETS = (r"ARGS:/^json\./", r"ARGS_NAMES:/^json\./", "REQUEST_BODY")
"""Where the rule set finds what a JSON body holds."""


def directives(paths: Paths, exclusions: Iterable[Exclusion] = EXCLUSIONS) -> str:
    """Everything that the WAF is to do, ours before the rule set."""
    left_out = tuple(exclusions)
    sized = not any(each.kind == "size" for each in left_out)
    limit = SMALL_BODY if sized else LARGE_BODY
    return "\n".join(
        [
            "Include @coraza.conf-recommended",
            "SecRuleEngine On",
            f"SecRequestBodyLimit {limit}",
            f"SecRequestBodyInMemoryLimit {limit}",
            "SecRequestBodyLimitAction Reject",
            "Include @crs-setup.conf.example",
            *_paths(paths),
            *_prompts(paths, [tag for each in left_out for tag in each.crs]),
            "Include @owasp_crs/*.conf",
        ]
    )


def _paths(paths: Paths) -> list[str]:
    opened = _exactly((*paths.prompts, *paths.plain, paths.probe))
    return [f'SecRule REQUEST_URI_RAW "!@rx {opened}" "id:1000,phase:1,deny,status:403,log,msg:\'closed path\'"']


def _prompts(paths: Paths, tags: list[str]) -> list[str]:
    if not tags:
        return []
    # An action may not be longer than a line, so one rule for each tag.
    removed = [
        ",".join(f"ctl:ruleRemoveTargetByTag={tag};{target}" for target in BODY_TARGETS) for tag in dict.fromkeys(tags)
    ]
    prompts = _exactly(paths.prompts)
    return [
        f'SecRule REQUEST_URI_RAW "@rx {prompts}" "id:{1100 + place},phase:1,pass,nolog,{actions},chain"\n'
        f'  SecRule REQUEST_METHOD "@streq POST" "t:none"'
        for place, actions in enumerate(removed)
    ]


def _exactly(paths: Iterable[str]) -> str:
    """The paths as they were sent, with any query: not decoded, as in AWS's rules."""
    return rf"^(?:{'|'.join(map(re.escape, paths))})(?:\?|$)"
