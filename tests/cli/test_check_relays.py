"""What `parley check` says of relays and routes without calling anybody."""

from pathlib import Path

import pytest

from bots.check import check

KEY = "sk-canary-0123456789"
CONFIG = """
[server]
private = "127.0.0.1:0"
public = "127.0.0.1:0"

[relays.zzz]
profile = "zhizengzeng"
allow_plain_http = true
key = "env:A_KEY"

[relays.own]
profile = "own.toml"
key = "env:A_KEY"
{more}
[bots.web]
platform = "web"
"""
OWN = """
like = "openai"
base_url = "https://relay.example.com"
source = "seen"
checked = 2026-11-20
[capabilities]
image = "no"
translation = "off"
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch, capsys):
    def of(more: str = "", config: str = CONFIG) -> str:
        monkeypatch.setenv("A_KEY", KEY)
        (tmp_path / "own.toml").write_text(OWN)
        (tmp_path / "config.toml").write_text(config.format(more=more))
        assert check(tmp_path / "config.toml", offline=True) == 0
        out = capsys.readouterr().out
        assert KEY not in out
        return " ".join(out.split())

    return of


def test_a_relay_that_is_reached_without_encryption_is_noted(said):
    told = said()
    assert "note plain http zzz: key and messages travel readable to flag.smarttrot.com" in told
    assert told.count("plain http") == 1


def test_a_route_that_names_what_is_not_served_is_noted(said):
    told = said('[routes]\nimage = ["own", "zzz"]\ntranslation = ["own:whisper-1"]')
    assert "note route image not served, says the profile: own (no)" in told
    assert "own:whisper-1 (off); so nothing serves it" in told
    assert "route chat" not in told


def test_a_call_that_no_relay_serves_is_noted_where_it_has_no_route(said):
    config = CONFIG[: CONFIG.index("[relays.zzz]")] + CONFIG[CONFIG.index("[relays.own]") :]
    told = said(config=config)
    assert "note route image no relay serves it (own: no)" in told
    assert "route speech" not in told


def test_what_was_learned_of_a_relay_counts(said, tmp_path):
    (tmp_path / "data" / "relays").mkdir(parents=True)
    (tmp_path / "data" / "relays" / "own.toml").write_text('[capabilities]\nspeech = "no"\n')
    assert "own (no); so nothing serves it" in said('[routes]\nspeech = ["own"]')
