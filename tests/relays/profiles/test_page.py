"""docs/relays.md, in both languages, says what the profiles say."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from bots.config import parse
from bots.sandbox.dialects import NAMES
from core.relay.dialect import Capabilities, Dialect
from core.relay.profile import load_dialect
from tests.docs.pages import ROOT, blocks, inline, rows
from tests.relays.profiles.documents import PROFILES, Documents

PAGES = [ROOT / "docs/relays.md", ROOT / "docs/relays.zh.md"]
both = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

WEB = '\n[bots.web]\nplatform = "web"\n'


def block_with(page: Path, words: str) -> str:
    return next(block for block in blocks(page, "toml") if words in block)


@both
def test_the_table_of_calls_is_what_the_profiles_say(page: Path) -> None:
    told = [[cell.strip("`") for cell in row] for row in rows(page) if len(row) > 3]
    head, _, *lines = told
    assert sorted(head[1:]) == sorted(PROFILES)
    calls = Capabilities.__struct_fields__
    assert sorted(line[0] for line in lines) == sorted(calls)
    for call, *cells in lines:
        for profile, cell in zip(head[1:], cells, strict=True):
            capability = getattr(load_dialect(profile).capabilities, call)
            assert cell == {"unknown": "?"}.get(capability, capability), (profile, call)


@both
def test_every_profile_and_every_judge_is_named(page: Path) -> None:
    first = {row[0].strip("`") for row in rows(page)}
    assert set(PROFILES) <= first
    named = {word for words in inline(page) for word in words.split()}
    assert set(NAMES) <= named


@both
def test_every_key_of_a_profile_that_is_named_is_one(page: Path) -> None:
    told = [row[0] for row in rows(page) if row[0].startswith(("`base", "`source"))]
    assert told
    start = [row[0] for row in rows(page)].index(told[0])
    cells = [row[0] for row in rows(page)][start:]
    keys = {
        word.strip("[]").partition(".")[0]
        for cell in cells
        for word in cell.replace("`", " ").replace(",", " ").replace("、", " ").split()
    }
    assert {"like", "limits", "overlays", "errors"} <= keys <= set(Dialect.__struct_fields__)


@both
def test_the_profile_that_is_shown_works_as_it_is_told(page: Path, tmp_path: Path) -> None:
    (tmp_path / "my-relay.toml").write_text(block_with(page, "like = "), encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/mine").write_text("sk-mine\n")
    config = parse(block_with(page, "relays.mine") + WEB, tmp_path, page.name, {})
    dialect = load_dialect(config.relays[0].profile)
    assert dialect.base_url == "https://api.my-relay.example"
    assert dialect.capability("image") == "no"
    assert dialect.overlay("gpt-4-turbo").window_tokens == 8_192
    assert dialect.errors == load_dialect("oneapi").errors


@both
def test_the_documents_that_are_shown_can_be_read(page: Path) -> None:
    told = msgspec.convert(tomllib.loads(block_with(page, "[[requests]]")), Documents)
    assert [answer.call for answer in told.answers] == ["chat"]


def test_both_languages_show_the_same() -> None:
    english, chinese = PAGES
    for language in ("toml", "sh"):
        assert blocks(english, language) == blocks(chinese, language)
