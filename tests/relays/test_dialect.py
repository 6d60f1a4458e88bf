"""Profiles, and the addresses that entries and profiles come to."""

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.relay.address import base_url, is_public
from core.relay.dialect import DefaultModels, Paths
from core.relay.profile import load_dialect, profile_names
from tests.relays.stage import dialect, entry


@pytest.mark.parametrize("profile", sorted({*profile_names()} - {"oneapi"}))
def test_each_profile_loads_and_says_where_it_was_read(profile: str) -> None:
    loaded = load_dialect(profile)
    assert loaded.source
    assert base_url(entry(profile=profile, allow_plain_http=True), loaded) == loaded.base_url


def test_the_profiles_that_this_project_promises_are_there() -> None:
    assert {"openai", "burnhair", "sandbox"} <= set(profile_names())


def test_burnhair_is_as_its_page_says() -> None:
    burnhair = load_dialect("burnhair")
    assert burnhair.base_url == "https://burn.hair"
    assert burnhair.capabilities.translation == "unknown"
    assert burnhair.serves("translation")
    assert burnhair.serves("user_stat")
    assert burnhair.overlay("tts-az-1").voice == "zh-CN-XiaoxiaoMultilingualNeural"


def test_a_profile_states_only_its_differences(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(
        'base_url = "https://tiny.test"\nsource = "its page"\nchecked = 2026-11-20\n'
        '[paths]\nchat = "/chat"\n[capabilities]\nimage = "no"\nspeech = "off"\n'
    )
    tiny = load_dialect("tiny", tmp_path)
    assert tiny.paths == Paths(chat="/chat")
    assert tiny.models == DefaultModels()
    assert not tiny.serves("image")
    assert not tiny.serves("speech")
    assert tiny.serves("chat")


@pytest.mark.parametrize(
    "line",
    ["colour = 1", "[paths]\nchatt = 1", '[capabilities]\nchat = "perhaps"', "persona = 3", "= no"],
)
def test_wrong_or_unknown_keys_of_a_profile_are_refused(tmp_path: Path, line: str) -> None:
    head = 'base_url = "https://bad.test"\nsource = "none"\nchecked = 2026-11-20\n'
    (tmp_path / "bad.toml").write_text(head + line)
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load_dialect("bad", tmp_path)


def test_a_wrong_like_is_told_as_such_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('like = "oneapii"')
    with pytest.raises(ConfigError, match=r'^mine\.toml: like: expected .*got "oneapii"'):
        load_dialect(str(tmp_path / "mine.toml"))


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"expected one of aiwhistle, .*openai"):
        load_dialect("../secret")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://burn.hair", "https://burn.hair"),
        (" https://burn.hair/ ", "https://burn.hair"),
        ("https://burn.hair/v1/", "https://burn.hair"),
        ("http://host.test/index.php/api", "http://host.test/index.php/api"),
        ("", "https://api.openai.com"),
    ],
)
def test_addresses_are_taken_as_people_paste_them(given: str, address: str) -> None:
    assert base_url(entry(given, allow_plain_http=True), dialect()) == address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    assert base_url(entry(f"http://{host}:11434"), dialect()) == f"http://{host}:11434"


@pytest.mark.parametrize(
    "host", ["relay.test", "192.168.1.5", "localhost.evil.test", "127.0.0.1.x"]
)
def test_plain_http_elsewhere_must_be_allowed(host: str) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.allow_plain_http = true"):
        base_url(entry(f"http://{host}"), dialect())


@pytest.mark.parametrize(
    "address",
    [
        "burn.hair",
        "ftp://burn.hair",
        "https://",
        "https://me:canary@burn.hair",
        "https://h/?a=canary",
    ],
)
def test_what_is_no_address_is_refused_without_its_secrets(address: str) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.base_url: expected") as caught:
        base_url(entry(address), dialect())
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "2002:0a00:0001::",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "::7f00:1",
        "fec0::1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.7",
        "240.0.0.1",
        "2001:0:101:101::1",
        "3fff::1",
        "4000::1",
        "2606:4700::1111%eth0",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)
