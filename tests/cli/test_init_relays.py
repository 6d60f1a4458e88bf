"""`parley init` for each relay that has a profile."""

import pytest

from bots.config import load
from core.relay.profile import load_dialect
from tests.cli.relay import KEY
from tests.cli.test_init import at_terminal, init

ENCRYPTED = ("burnhair", "rcouyi", "aiwhistle")
OFFERED = ("OpenAI", "burn.hair", "智增增", "rcouyi", "ai-whistle", "one-api")


@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_relay_is_named_by_its_profile_and_takes_a_key(name, tmp_path):
    done = init(tmp_path, "--relay", name, "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 0, done.stderr
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url, entry.key.reveal()) == (name, "", KEY)
    usual = load_dialect(name).models.chat
    assert f'chat = ["main:{usual}"]' in (tmp_path / "config.toml").read_text()
    assert KEY not in (tmp_path / "config.toml").read_text() + done.stderr


def test_a_relay_without_encryption_is_not_written_down_unasked(tmp_path):
    done = init(tmp_path, "--relay", "zhizengzeng", "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 1
    assert "expected https, got plain http to flag.smarttrot.com" in done.stderr
    assert "--allow-plain-http" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_relay_without_encryption_is_written_down_where_that_is_allowed(tmp_path):
    options = ("--relay", "zhizengzeng", "--key", "-", "--no-try", "--allow-plain-http")
    done = init(tmp_path, *options, typed=KEY)
    assert done.returncode == 0, done.stderr
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url, entry.allow_plain_http) == ("zhizengzeng", "", True)


def test_another_address_of_a_relay_keeps_its_profile(tmp_path):
    options = ("--relay", "burnhair", "--address", "https://cn-test.burn.hair/v1/chat/completions")
    done = init(tmp_path, *options, "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 0, done.stderr
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url) == ("burnhair", "https://cn-test.burn.hair")


def test_a_relay_of_no_address_asks_for_one(tmp_path):
    done = init(tmp_path, "--relay", "oneapi", "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 1
    assert "the option --address" in done.stderr
    options = ("--relay", "oneapi", "--address", "https://relay.example.com/v1")
    done = init(tmp_path, *options, "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 0, done.stderr
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url) == ("oneapi", "https://relay.example.com")


def test_a_relay_that_there_is_not_is_answered_with_those_there_are(tmp_path):
    done = init(tmp_path, "--relay", "zhizeng", "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 1
    assert 'zhizengzeng, rcouyi, aiwhistle, oneapi, or "https://host"; got "zhizeng"' in done.stderr


def test_an_address_given_beforehand_is_that_of_the_relay_chosen(tmp_path):
    options = ("--address", "http://127.0.0.1:9", "--no-try", "--who", "me", "--model", "m")
    terminal = at_terminal(tmp_path, "--language", "en", *options)
    shown = terminal.expect("> [1]")
    terminal.type(
        next(line.split(".")[0] for line in shown.splitlines() if "智增增" in line).strip()
    )
    terminal.answer("> [1]", "")
    assert terminal.wait() == 0
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url) == ("zhizengzeng", "http://127.0.0.1:9")


def test_where_nothing_answers_another_try_comes_before_another_key(tmp_path):
    options = ("--relay", "oneapi", "--address", "http://127.0.0.1:9", "--who", "me")
    terminal = at_terminal(tmp_path, "--language", "en", *options)
    shown = terminal.expect("> [1]")
    assert "1. try again" in shown
    terminal.end_of_input()
    terminal.wait()


def test_every_relay_is_offered_and_plain_http_is_asked_about(tmp_path):
    terminal = at_terminal(tmp_path, "--language", "en", "--no-try", "--who", "me")
    shown = terminal.expect("> [1]")
    assert [name for name in OFFERED if name in shown] == list(OFFERED)
    number = next(line.split(".")[0] for line in shown.splitlines() if "智增增" in line).strip()
    terminal.type(number)
    terminal.answer("not encrypted", "n")
    terminal.answer("> [1]", number)
    terminal.answer("not encrypted", "y")
    terminal.answer("Your key", KEY)
    terminal.answer("Which model shall answer? [gpt-3.5-turbo]", "")
    terminal.answer("> [1]", "")
    assert terminal.wait() == 0
    assert KEY not in terminal.seen
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.allow_plain_http) == ("zhizengzeng", True)


def test_one_api_is_asked_for_its_address(tmp_path):
    terminal = at_terminal(tmp_path, "--language", "zh", "--no-try", "--who", "me")
    shown = terminal.expect("> [1]")
    number = next(line.split(".")[0] for line in shown.splitlines() if "one-api" in line).strip()
    terminal.type(number)
    terminal.answer("它的地址", "https://relay.example.com")
    terminal.answer("你的密钥", KEY)
    terminal.answer("用哪个模型回答？", "")
    terminal.answer("> [1]", "")
    assert terminal.wait() == 0
    (entry,) = load(tmp_path / "config.toml").relays
    assert (entry.profile, entry.base_url) == ("oneapi", "https://relay.example.com")
