from pathlib import Path

import pytest
import trustme

from bots.config import load, parse
from core.errors import ConfigError
from core.relay.entry import RouteTarget

GOOD = """
[relays.main]
profile = "sandbox"
[bots.web]
platform = "web"
"""


def config(extra: str = "", environ: dict[str, str] | None = None, folder: Path = Path("/place")):
    return parse(GOOD + extra, folder, "config.toml", environ or {})


def problems(text: str, environ: dict[str, str] | None = None, folder: Path = Path("/place")):
    with pytest.raises(ConfigError) as caught:
        parse(text, folder, "config.toml", environ or {})
    return str(caught.value).splitlines()


def test_what_is_left_out_has_its_default():
    loaded = config()
    assert str(loaded.server.private) == "127.0.0.1:8700"
    assert loaded.bots[0].bot.history_chars == 2000
    assert loaded.people.guests is False
    assert loaded.storage.url.reveal() == "sqlite:////place/data/parley.db"
    assert loaded.storage.media == Path("/place/data/media")


def test_paths_start_at_the_files_folder():
    loaded = config('[storage]\ndata = "kept"\nmedia = "pictures"\nurl = "sqlite:///x/y.db"')
    assert loaded.storage.data == Path("/place/kept")
    assert loaded.storage.media == Path("/place/pictures")
    assert loaded.storage.url.reveal() == "sqlite:////place/x/y.db"


def test_all_that_is_wrong_is_told_at_once_each_with_its_line():
    found = problems(
        """[relays.main]
profil = "sandbox"
[bots.web]
platform = "web"
history_chars = "many"
group_history = "all"
[log]
level = 3
[sevrer]
"""
    )
    starts = [
        "config.toml, line 1: relays.main.profile: expected this setting",
        "config.toml, line 2: relays.main.profil: expected one of profile, key, keys, base_url",
        'config.toml, line 5: bots.web.history_chars: expected a whole number or "unlimited"',
        'config.toml, line 6: bots.web.group_history: expected "member" or "group" or "thread"',
        'config.toml, line 8: log.level: expected "debug" or "info" or "warning" or "error"',
        "config.toml, line 9: sevrer: expected one of server, storage, proxy",
    ]
    ends = [
        "got none. Add a line profile = … to this section.",
        'got an unknown key. Did you mean "profile"?',
        'got "many".',
        'got "all".',
        "got 3.",
        'got an unknown key. Did you mean "server"?',
    ]
    assert len(found) == len(starts)
    for sentence, start, end in zip(found, starts, ends, strict=True):
        assert sentence.startswith(start)
        assert sentence.endswith(end)


def test_broken_toml_is_told_with_its_line():
    assert problems("[log]\nlevel = = 3") == ["config.toml, line 2, column 9: Invalid value."]


def test_a_file_that_is_not_there_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(ConfigError, match="parley init"):
        load(tmp_path / "config.toml")


def test_a_byte_order_mark_and_windows_lines_are_taken(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path, {}).relays[0].profile == "sandbox"


def test_what_is_wrong_in_a_profile_of_ones_own_names_its_file(tmp_path):
    (tmp_path / "mine.toml").write_text("colour = 1")
    found = problems(GOOD + '[relays.b]\nprofile = "mine.toml"', folder=tmp_path)
    assert "relays.b.profile: mine.toml: " in found[0]
    assert "colour" in found[0]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('[server]\nprivate = "8700"', "an address and port"),
        ('[server]\nprivate = "127.0.0.1:99999"', "an address and port"),
        ('[server]\nprivate = "127.0.0.1:8701"', "another port than private's"),
        ('[server]\nprivate = "0.0.0.0:8700"', "at least 8 characters"),
        ("[storage]\nretention_days = -1", '"unlimited"'),
        ('[storage]\nurl = "mysql://host/db"', "sqlite:///"),
        ('[proxy]\nurl = "ftp://host"', "socks5h"),
        ('[routes]\nchat = ["other:gpt-4o"]', "relays.main"),
        ('[routes]\nchat = "main"', "a list"),
        ('[people]\nowners = ["me"]', "telegram:123456"),
        ('[people]\ntimezone = "Mars/Olympus"', "a time zone"),
        ('[bots.b]\nplatform = "pigeon"\nwings = 2', '"web"'),
        ('[bots.b]\nplatform = "web"\nwings = 2', "one of"),
        ('[bots.b]\nplatform = "web"\nexpire_s = 0', "above 0"),
        ('[bots.b]\nplatform = "web"\nsettle_s = -1', "a number of seconds, 0 or more, got -1"),
        ('[bots.b]\nplatform = "web"\noutage_wait_s = -5', "a number of seconds, 0 or more"),
        ('[bots.b]\nplatform = "onebot11"\nsends_per_s = 0', "a number a second above 0"),
        ('[bots.b]\nplatform = "web"\nprefixes = [""]', "at least one character"),
        ('[bots.b]\nplatform = "web"\nhistory_chars = 3\npersona = "abc"', "fewer characters"),
        ('[bots."a b"]\nplatform = "web"', "a name of letters"),
        ('[relays."a:b"]\nprofile = "sandbox"', "a name of letters"),
        ('[relays.b]\nprofile = "nobody"', "one of"),
        ('[relays.b]\nprofile = "openai"', "a key"),
        ('[relays.b]\nprofile = "openai"\nbase_url = "http://example.org"', "https"),
        ("[relays]\nb = 3", "a table"),
        ('[bindings]\n"web:amy" = "main:amy"', "a token, and there is none"),
        ('[bindings]\n"web:amy" = 3', "a relay and the name of one of its tokens"),
        ("[bindings]\n" + '"web:amy" = "sk-canary"', "what may be a key (not shown)"),
        ('[relays.b]\nprofile = "sandbox"\ntokens = { key = "" }', 'not "key"'),
        ('[relays.b]\nprofile = "sandbox"\ntokens = { amy = "" }', "a key, got none"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_was_expected(setting, expected):
    found = problems(GOOD + setting)
    assert len(found) == 1
    assert expected in found[0]
    assert ", line " in found[0]


TOKENS = """[relays.own]
profile = "sandbox"
tokens = { amy = "env:AMY", bob = "env:BOB" }
[bindings]
"""
KEYS = {"AMY": "sk-canary-a", "BOB": "sk-canary-b"}


def test_people_are_bound_to_tokens_that_are_there():
    loaded = config(TOKENS + '"web:amy" = "own:amy"', KEYS)
    assert loaded.bindings == {"web:amy": "own:amy"}


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        ('"web:amy" = "own:ann"', 'expected own:amy or own:bob, got "own:ann"'),
        ('"web:amy" = "main:amy"', 'expected own:amy or own:bob, got "main:amy"'),
        ('"web:amy" = "own"', 'expected own:amy or own:bob, got "own"'),
        ('"web:*" = "own:amy"', 'expected an id as in "telegram:123456", got "web:*"'),
        ('"amy" = "own:amy"', 'expected an id as in "telegram:123456", got "amy"'),
    ],
)
def test_a_binding_names_a_person_and_a_token_that_is_there(binding, expected):
    (found,) = problems(GOOD + TOKENS + binding, KEYS)
    assert expected in found
    assert "line 10" in found


def test_a_key_in_place_of_a_name_is_not_shown():
    (found,) = problems(GOOD + TOKENS + f'"web:amy" = "own:{KEYS["AMY"]}"', KEYS)
    assert "canary" not in found


def test_a_configuration_without_relays_or_bots_says_what_is_missing():
    assert "[relays.NAME]" in problems("")[0]
    assert "[bots.NAME]" in problems('[relays.main]\nprofile = "sandbox"')[0]


def test_limits_are_numbers_or_the_word():
    loaded = config('[people]\ndaily_messages = "unlimited"\nguest_daily_messages = 0')
    assert loaded.people.daily_messages == "unlimited"
    assert loaded.people.guest_daily_messages == 0


def test_routes_keep_colons_in_model_names():
    loaded = config('[routes]\nchat = ["main:llama3:8b", "main"]')
    assert loaded.routes.chat == (RouteTarget("main", "llama3:8b"), RouteTarget("main"))


def test_the_private_listener_may_leave_loopback_with_a_code():
    loaded = config('[server]\nprivate = "[::]:80"\naccess_code = "env:CODE"', {"CODE": "12345678"})
    assert loaded.server.private.host == "::"
    assert loaded.server.access_code.matches("12345678")


RELAY = '[relays.b]\nprofile = "openai"\nkey = "{}"'


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path):
    (tmp_path / "key").write_text("from-file\n")
    by_file = config(RELAY.format("file:key"), folder=tmp_path)
    by_name = config(RELAY.format("env:A_KEY"), {"A_KEY": "from-environment"})
    assert by_file.relays[1].key.reveal() == "from-file"
    assert by_name.relays[1].key.reveal() == "from-environment"


CANARY = "sk-canary-53cr3t"


@pytest.mark.parametrize(
    "setting",
    [
        RELAY.format(CANARY),
        RELAY.format(f"env:{CANARY}"),
        RELAY.format("env:NOT_SET"),
        RELAY.format("file:nowhere"),
        RELAY.format("file:empty"),
        f'[relays.b]\nprofile = "openai"\nkey = ["{CANARY}"]',
        f'[relays.b]\nprofile = "openai"\nkey = "env:SET"\nstat_token = "{CANARY}"',
        f'[relays.b]\nprofile = "sandbox"\napi_key = "{CANARY}"',
        f'[server]\naccess_code = "{CANARY}"',
        f'[proxy]\nurl = "socks5://me:{CANARY}@host:1"',
        f'[proxy]\nurl = "{CANARY}"',
        f'[storage]\nurl = "postgresql://me:{CANARY}@host/db"',
        '[storage]\nurl = "file:words"',
        f'[relays]\nb = "{CANARY}"',
        f'[bots]\nb = "{CANARY}"',
        f'[relays.b]\nprofile = "openai"\nkey = "env:SET"\nkeys = "{CANARY}"',
        f'[relays.b]\nprofile = "openai"\nkey = "env:SET"\nkeys = ["{CANARY}"]',
        f'[relays.b]\nprofile = "openai"\nkey = "env:SET"\nbase_url = "https://a:{CANARY}@b.org"',
    ],
)
def test_a_wrong_secret_is_refused_and_never_shown(setting, tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "words").write_text(f"user=me password={CANARY} host=db")
    found = problems(GOOD + setting, {"SET": CANARY}, tmp_path)
    assert len(found) == 1
    assert CANARY not in found[0]


def test_a_loaded_configuration_prints_no_secret():
    loaded = config(RELAY.format("env:A_KEY"), {"A_KEY": CANARY})
    assert CANARY not in repr(loaded)
    assert CANARY not in str(loaded)


PROXIES = """
[proxy]
url = "socks5h://127.0.0.1:1080"
[relays.local]
profile = "openai"
base_url = "http://127.0.0.1:11434"
[relays.direct]
profile = "sandbox"
proxy = "direct"
[relays.own]
profile = "sandbox"
proxy = "env:OWN"
"""


def test_a_relay_takes_the_common_proxy_unless_it_is_local_or_says_otherwise():
    loaded = config(PROXIES, {"OWN": "http://me:pass@host:8080"})
    taken = {entry.name: entry.proxy.reveal() for entry in loaded.relays}
    assert taken == {
        "main": "socks5h://127.0.0.1:1080",
        "local": "",
        "direct": "",
        "own": "http://me:pass@host:8080",
    }


@pytest.mark.parametrize(
    "proxy", ["ftp://127.0.0.1:1", "https://127.0.0.1:1", "http://proxy.test", "socks5://p:99999"]
)
@pytest.mark.parametrize("section", ["proxy", "relays.main"])
def test_a_proxy_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, section: str, proxy: str
) -> None:
    key = "url" if section == "proxy" else "proxy"
    relay = "" if section == "relays.main" else '[relays.main]\nprofile = "sandbox"\n'
    text = f'[{section}]\n{key} = "{proxy}"\nprofile = "sandbox"\n{relay}{WEB}'
    if section == "proxy":
        text = text.replace('profile = "sandbox"\n', "", 1)
    with pytest.raises(ConfigError, match=rf"line 2: {section}\.{key}: expected http://host:port"):
        parse(text, tmp_path, environ={})


WEB = '[bots.web]\nplatform = "web"\n'
TRUSTING = '[relays.main]\nprofile = "sandbox"\nca_file = "ca.pem"\n' + WEB


def test_a_ca_file_stands_beside_the_configuration(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (entry,) = parse(TRUSTING, tmp_path, environ={}).relays
    assert entry.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize("content", [None, "no certificate", ""])
def test_a_ca_file_that_is_none_is_told_with_its_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(ConfigError, match=r"line 3: relays\.main\.ca_file: expected a readable"):
        parse(TRUSTING, tmp_path, environ={})


def test_a_picture_may_wait_for_no_question_and_a_rate_may_be_unlimited(tmp_path):
    (tmp_path / "t").write_text("sandbox")
    text = (
        GOOD
        + """
[bots.qq]
platform = "onebot11"
token = "file:t"
settle_s = 0
sends_per_s = "unlimited"
"""
    )
    bot = parse(text, tmp_path, "the test", {}).bots[-1]
    assert (bot.bot.settle_s, bot.settings.sends_per_s) == (0, "unlimited")
