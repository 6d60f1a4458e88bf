"""Which hosts are this machine's own: one answer for relays, listeners and Host headers."""

import pytest

from core.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "parley.localhost", "127.0.0.1", "127.9.8.7", "::1"]
)
def test_names_of_this_machine_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "127.0.0.1.example", "127.0.0.256", "192.168.1.5", "[::1]", "::2"],
)
def test_other_names_are_not_taken_for_this_machine(host: str) -> None:
    assert not is_loopback(host)
