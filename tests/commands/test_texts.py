"""What the bot says: whole in both languages, and harmless whatever fills it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.alerts.events import KINDS as ALERT_KINDS
from bots.commands import find_commands
from bots.deciding.roles import REFUSALS
from bots.menu import GROUPS, LAST
from bots.quota_lines.left import SCOPES
from bots.quota_lines.told import STATES
from bots.texts.catalogue import GROUP, Catalogue, installed_texts
from core import errors
from core.amounts import UNITS
from core.bot import Trigger
from core.errors import ConfigError, ParleyError
from core.group import GroupSetting
from core.model import HistoryPolicy, Language, MediaKind, SpendKind
from core.people import Role
from core.ports.ledger import Kind
from core.quota.limits import LEVELS, PERIODS
from core.refusal import OWN_TOKEN

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "bots" / "texts"
SAYS = {"say": 0, "note": 1, "tell": 2, "sentence": 2}
"""The functions that take a text's code, and as which argument (methods: without self)."""
LENT = {"tell": {"slash"}, "sentence": {"slash"}}
DECIDING = ("role", "block", "unblock", "bind", "limit", "grant")
KEPT_FOR_OTHERS = {"busy", "why_command", "why_failed"}
"""What adapters say by a code that is not written out, and reasons that plugins may note."""


def sentences(language: str, folder: Path = FOLDER) -> dict[str, str]:
    return tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))


def everything_said() -> dict[str, str]:
    """With what the terminal alone is told."""
    return sentences("en", FOLDER / "terminal") | sentences("en")


def holes(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def calls() -> Iterator[tuple[str, set[str], bool, str]]:
    """(code, names of the params, whether there may be more, where) of each call in the source."""
    for folder in ("core", "bots", "adapters", "storage"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from _codes(node, file.name)


def _codes(call: ast.Call, file: str) -> Iterator[tuple[str, set[str], bool, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in SAYS:
        return
    # Engine.say(ask, code) and Texts.say(code, language) both are "say".
    for argument in call.args[SAYS[name] : SAYS[name] + 2]:
        for code in _constants(argument):
            if re.fullmatch(r"[a-z]+(_[a-z]+)*", code) and code not in get_args(Language):
                given = {word.arg for word in call.keywords if word.arg} | LENT.get(name, set())
                yield code, given, any(word.arg is None for word in call.keywords), file


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(code)):
            yield code
        case ast.IfExp(body=body, orelse=other):
            yield from _constants(body)
            yield from _constants(other)


def all_errors(kind: type[ParleyError] = ParleyError) -> Iterator[type[ParleyError]]:
    """Those of the core: what an adapter raises for itself reaches nobody's chat."""
    if kind.__module__.startswith("core."):
        yield kind
    for narrower in kind.__subclasses__():
        yield from all_errors(narrower)


def made_codes() -> set[str]:
    """Codes that are put together, from what they are put together from."""
    names = {command.name for command in find_commands(()).values()}
    kinds = get_args(Kind)
    return {
        *(f"{form}_{name}" for form in ("command", "usage") for name in names),
        *(f"kind_{kind}" for kind in get_args(MediaKind)),
        *(f"quota_{kind}" for kind in kinds),
        *(f"quota_unit_{unit}" for unit in UNITS),
        *(f"quota_of_{level}" for level in SCOPES[1:]),
        *(f"quota_state_{state}" for state in STATES),
        *(f"role_{role}" for role in Role),
        *(f"language_{language}" for language in get_args(Language)),
        *(f"{form}_{voice}" for form in ("voice", "voice_set") for voice in ("chat", "text")),
        *(f"history_{role}" for role in ("user", "assistant")),
        *(f"whoami_{how}" for how in ("own", "group", "automatic", "default")),
        *(f"group_{name}" for name in get_args(GroupSetting)),
        *(f"group_expects_{name}" for name in get_args(GroupSetting) if name != "model"),
        *(f"group_value_{value}" for value in (*get_args(Trigger), *get_args(HistoryPolicy))),
        *(heading for heading, _ in GROUPS),
        *OWN_TOKEN.values(),
        *(f"limits_of_{level}" for level in LEVELS),
        *(f"example_{name}" for name in DECIDING),
        *(f"{name}_whom" for name in ("limit", "grant", "quota")),
        "example_quota",
        *(f"limit_affects_each_{level}" for level in LEVELS),
        *(f"limit_affects_{kind}" for kind in ("person", "group", "bot")),
        *REFUSALS,
        *("why_not_addressed", "why_no_prefix", "why_no_answer", "why_denied"),
        *(f"limit_{level}" for level in ("person", "group", "bot", "all")),
        *(f"limit_{unit}_{period}" for unit in UNITS for period in PERIODS),
        *(f"alert_{kind}" for kind in ALERT_KINDS),
        *(f"report_kind_{kind}" for kind in get_args(SpendKind)),
        *("report_people", "report_models"),
        LAST,
    }


def test_both_languages_have_the_same_sentences():
    assert sentences("en").keys() == sentences("zh").keys()


@pytest.mark.parametrize("code", sentences("en"))
def test_a_sentence_has_the_same_holes_in_both_languages(code):
    assert holes(sentences("en")[code]) == holes(sentences("zh")[code])


@pytest.mark.parametrize("error", sorted(set(all_errors()), key=lambda e: e.__name__))
def test_every_error_has_a_sentence(error):
    assert error.code in sentences("en")


def test_every_code_in_the_source_has_a_sentence():
    said = everything_said()
    missing = {(code, file) for code, _, _, file in calls() if code not in said}
    assert not missing
    assert made_codes() <= sentences("en").keys()


def test_the_search_for_codes_finds_those_said_in_each_way():
    found = {code for code, _, _, _ in calls()}
    assert {"heard", "unsupported_part", "why_answered", "image_how", "new_done"} <= found


def test_no_sentence_is_left_over():
    used = {code for code, _, _, _ in calls()} | {error.code for error in all_errors()}
    assert not sentences("en").keys() - used - made_codes() - KEPT_FOR_OTHERS


def test_every_hole_is_filled_where_the_sentence_is_said():
    said = everything_said()
    empty = {
        (code, hole, file)
        for code, given, more, file in calls()
        if not more
        for hole in holes(said[code]) - given
    }
    assert not empty


def test_an_unknown_code_is_answered_like_an_unforeseen_error():
    texts = Catalogue()
    assert texts.say("no_such_code", "zh") == texts.say(errors.ParleyError.code, "zh")
    assert "日志" in texts.say("no_such_code", "zh")


@pytest.mark.parametrize("language", ["fr", "", "zzz", "日本語"])
def test_an_unknown_language_is_answered_in_english(language):
    assert Catalogue().say("stopped", language) == "Stopped."


@pytest.mark.parametrize("language", ["zh-CN", "zh_TW", "ZH", "zh-Hans-CN"])
def test_a_region_or_script_does_not_change_the_language(language):
    assert Catalogue().say("stopped", language) == Catalogue().say("stopped", "zh")


def test_a_value_cannot_reach_into_objects_or_fill_further_holes():
    said = Catalogue().say("heard", "en", text="{text.__class__} {limit} {0}", limit="secret")
    assert said == "> 🎤 {text.__class__} {limit} {0}"


def test_a_hole_without_a_value_does_not_fail():
    assert Catalogue().say("heard", "en") == "> 🎤 …"


@given(st.sampled_from(sorted(sentences("en"))), st.text(), st.text(min_size=1))
def test_saying_never_fails_and_shows_what_it_was_given(code, language, value):
    texts = _TEXTS
    wanted = holes(sentences("en")[code])
    said = texts.say(code, language, **dict.fromkeys(wanted, value))
    assert said
    assert not wanted or value in said


_TEXTS = Catalogue()


def test_a_later_folder_words_things_anew_and_adds_a_language(tmp_path):
    (tmp_path / "en.toml").write_text('stopped = "Halt."\ndice = "You threw {n}."')
    (tmp_path / "de.toml").write_text('stopped = "Angehalten."')
    texts = Catalogue(tmp_path)
    assert texts.say("stopped", "en") == "Halt."
    assert texts.say("dice", "zh", n=3) == "You threw 3."
    assert texts.say("stopped", "de") == "Angehalten."


@pytest.mark.parametrize("wrong", ["stopped = 1", "[stopped]\na = 'b'", "stopped", "\ud800"])
def test_a_wrong_file_is_refused_by_name(tmp_path, wrong):
    (tmp_path / "en.toml").write_bytes(wrong.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError, match=r"en\.toml"):
        Catalogue(tmp_path)


def test_installed_texts_are_found_by_entry_point():
    (folder,) = installed_texts([EntryPoint("mine", "bots.texts", GROUP)])
    assert (folder / "en.toml").is_file()


def test_installed_texts_that_are_not_there_are_refused_by_name():
    with pytest.raises(ConfigError, match="no_such_package"):
        installed_texts([EntryPoint("mine", "no_such_package", GROUP)])


def test_chinese_sentences_use_chinese_punctuation():
    half_width = re.compile(r"[\u4e00-\u9fff][,.?!;:()]|[,.?!;:()][\u4e00-\u9fff]")
    wrong = {code: text for code, text in sentences("zh").items() if half_width.search(text)}
    assert not wrong
