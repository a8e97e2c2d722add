"""Paths of a local region."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from components.local.layout import LONGEST_SOCKET_NAME, UNIX_SOCKET_PATH_BYTES, Layout, socket_root

names = st.from_regex(r"[a-z][a-z0-9-]{0,49}", fullmatch=True)


@given(folder=st.text("abcdef/", min_size=1, max_size=300), region=names, process=names)
def test_sockets_fit_into_a_unix_path_however_deep_the_checkout_is(folder: str, region: str, process: str) -> None:
    sockets = Layout(Path("/") / folder, region).sockets(process)
    assert len(bytes(sockets)) + LONGEST_SOCKET_NAME <= UNIX_SOCKET_PATH_BYTES


def test_sockets_stay_inside_the_state_folder_where_its_path_allows() -> None:
    assert socket_root(Path("/home/someone/meridian/.meridian/local")).is_relative_to("/home/someone")


def test_processes_of_two_regions_do_not_share_a_folder() -> None:
    north, south = Layout(Path("/state"), "local-north"), Layout(Path("/state"), "local-south")
    assert north.sockets("gateway") != south.sockets("gateway")
    assert north.process("gateway") != south.process("gateway")
