"""The WAF for tests is built once, and says what is missing."""

from pathlib import Path

import pytest

from rehearsal.engine.errors import EngineError
from rehearsal.engine.model import go_directive
from rehearsal.waf.building import ensure
from tests.rehearsal.conftest import Command


def test_without_go_it_is_said_how_to_get_it(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(EngineError, match=r"There is no `go` on PATH"):
        ensure(tmp_path, progress=said.append, env={"PATH": str(tmp_path)})


def test_it_is_built_once_from_the_committed_versions(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    script = f"""
echo "$* | $PWD $GOFLAGS" >>{tmp_path}/calls
case "$*" in
"env GOVERSION") echo go{go_directive()} ;;
build*) shift 5; printf '#!/bin/sh\\n' >"$1" ;;
esac"""
    env = {"PATH": f"{command('go', script).parent}:{system_path}"}
    first = ensure(tmp_path, progress=said.append, env=env)
    calls = (tmp_path / "calls").read_text()
    assert first.is_file()
    assert "rehearsal/waf -mod=readonly" in calls
    assert ensure(tmp_path, progress=said.append, env={"PATH": ""}) == first
    assert [path.name for path in first.parent.iterdir()] == ["waf"]
