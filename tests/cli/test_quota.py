"""`parley quota`: what was spent is shown, reported and exported; what is decided is kept."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from bots.cli import main
from bots.config import load
from bots.instance import sole_use
from bots.orders import Orders, give
from bots.quota.decide import bind_to, give_role
from bots.quota.export import harmless
from bots.quota.orders import QuotaOrders, settings_of
from core.amounts import Amounts
from core.errors import ConfigError
from core.model import Spend
from storage.media import FileMedia
from storage.store import SqlStore
from tests.cli.kept import Watch, fill, folder, parley
from tests.store.talk import NOW, account, answer, ask, booking, message

__all__ = ["folder"]

MORE = """
[relays.own]
profile = "sandbox"
base_url = "http://127.0.0.1:9"
key = "env:COMMON_KEY"
tokens = { alice = "env:ALICE_KEY", bob = "env:BOB_KEY" }
[people]
owners = ["web:root"]
admins = ["web:boss"]
allow = ["web:*"]
daily_messages = 50
[limits]
member = { usd_month = 5 }
[bindings]
"web:ann" = "own:alice"
"""
TODAY = datetime.now(UTC).date().isoformat()
NOBODY = "Nobody has written to a bot {} yet: check the id if that is a surprise.\n"
CHAT = Spend(
    kind="chat", relay="main", model="m", at=NOW, prompt_tokens=3, completion_tokens=4, key="key"
)


@pytest.fixture(autouse=True)
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("common", "alice", "bob"):
        monkeypatch.setenv(f"{name.upper()}_KEY", f"sk-canary-{name}")
    with (folder / "config.toml").open("a") as file:
        file.write(MORE)


async def spent(store: SqlStore, _watch: Watch, day: str = TODAY) -> None:
    for name, who, *spends in (
        ("m1", "ann", replace(CHAT, nano_usd=1_500_000_000), replace(CHAT, model="=cmd|'/c'!A1")),
        ("m2", "bob", replace(CHAT, kind="image", model="d", images=2, nano_usd=40_000_000)),
    ):
        asked = message(name, who)
        await ask(store, asked)
        commit = answer(asked, "yes", spends=tuple(spends))
        await store.commit(replace(commit, account=account(who, day)))


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "data/parley.db")) as connection:
        return connection.execute(query).fetchall()


def decided(folder: Path) -> list[tuple[object, ...]]:
    return rows(folder, "SELECT scope, name, value FROM settings ORDER BY scope, name")


# -- deciding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told", "kept"),
    [
        (
            "role web:eve admin",
            "web:eve: member → admin\n" + NOBODY.format("as web:eve"),
            ("roles", "web:eve", "admin"),
        ),
        (
            "role web:boss blocked",
            "web:boss: admin → blocked\n" + NOBODY.format("as web:boss"),
            ("roles", "web:boss", "blocked"),
        ),
        (
            "limit web:ann usd month 7.5",
            "person:web:ann, usd a month: $5.00 → $7.50\n",
            ("limits", "person:web:ann usd_month", "7.5"),
        ),
        (
            "limit members $2 a day",
            "member, usd a day: unlimited → $2.00\n",
            ("limits", "member usd_day", "2"),
        ),
        (
            "limit group:onebot11:77 tokens day 10k",
            "group:onebot11:77, tokens a day: unlimited → 10,000\n"
            + NOBODY.format("in group:onebot11:77"),
            ("limits", "group:onebot11:77 tokens_day", "10000"),
        ),
        (
            "bind web:bob own:bob",
            "web:bob: the common key → own:bob\n",
            ("bindings", "web:bob", "own:bob"),
        ),
        (
            "bind web:ann none",
            "web:ann: own:alice → the common key\n",
            ("bindings", "web:ann", "none"),
        ),
    ],
)
def test_what_is_decided_with_no_bot_running_is_kept_and_noted(
    folder: Path, capsys, words: str, told: str, kept: tuple[str, ...]
) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", *words.split())
    assert (said.code, said.out) == (0, told), said
    assert decided(folder) == [kept]
    ((by, scope, name, before, after),) = rows(
        folder, 'SELECT "by", scope, name, before, after FROM changes'
    )
    assert (by, before, (scope, name, after)) == ("terminal", None, kept)


def test_a_gift_is_told_beside_a_limit_that_it_is_on_top_of(folder: Path, capsys) -> None:
    fill(folder, spent)
    parley(capsys, "quota", "grant", "web:ann", "2", "usd")
    said = parley(capsys, "quota", "limit", "web:ann", "usd", "month", "0")
    assert "$5.00 → $0.00\nA gift of $2.00 stays on top of it until " in said.out
    assert ": $2.00 in all.\n" in said.out


def test_somebody_who_never_wrote_is_shown_as_such(folder: Path, capsys) -> None:
    fill(folder, spent)
    assert NOBODY.format("as web:an") in parley(capsys, "quota", "show", "web:an").out
    assert "Nobody" not in parley(capsys, "quota", "show", "web:ann").out


def test_gifts_add_up_for_the_running_month(folder: Path, capsys) -> None:
    fill(folder, spent)
    parley(capsys, "quota", "grant", "web:ann", "2.5", "usd")
    said = parley(capsys, "quota", "grant", "web:ann", "1", "usd", "month")
    assert "person:web:ann, usd a month: $7.50 → $8.50, $3.50 of it granted, until" in said.out
    month = f"{TODAY[:7]}-01"
    assert decided(folder) == [("grants", f"person:web:ann usd_month {month}", "3.5")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("role eve admin", 'expected a person\'s id as in "telegram:123456", got "eve"'),
        ("role web:* admin", 'got "web:*"'),
        ("role pigeon:1 admin", 'got "pigeon:1"'),
        ("role web:root member", "expected somebody who is no owner, got web:root"),
        ("limit web:ann usd 5", 'got "usd 5"'),
        ("limit web:ann bananas day 5", 'got "bananas" in "bananas day 5"'),
        ("limit web:ann messages day 1.5", "that can be counted, got 1.5"),
        ("limit nobody usd day 5", 'members, guests, groups or bots; got "nobody"'),
        ("limit web:ann usd month 1e999", 'got "1e999" in "usd month 1e999"'),
        ("limit bot:nosuch usd day 5", "expected a bot of the configuration, web; got nosuch"),
        ("grant bot:nosuch 5 usd", "expected a bot of the configuration, web; got nosuch"),
        ("grant web:ann 5", 'expected an amount and its unit, as in "5 usd month"; got "5"'),
        ("grant web:ann 5 tokens", "expected a limit to add to, got none of tokens"),
        ("grant members 5 usd", "got each of the members"),
        ("bind web:ann own:carol", '(own:alice, own:bob) or none, got "own:carol"'),
        ("bind web:ann sk-canary-alice", "got what may be a key (not shown)"),
        ("bind web:ann nobody --key", "expected a relay, main, own, with --key"),
    ],
)
def test_what_cannot_be_decided_is_told_and_changes_nothing(
    folder: Path, capsys, words: str, told: str
) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", *words.split())
    assert said.code == 1
    assert told in said.err
    assert "canary" not in said.err + said.out
    assert decided(folder) == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sk-canary-bob\n", "web:bob: the common key → own:bob\n"),
        ("sk-canary-bob", "web:bob: the common key → own:bob\n"),
        ("sk-canary-common\n", "got the common key, which nobody needs to be bound to"),
        ("sk-canary-other\n", "got another key"),
        ("sk-canary-bobby\n", "got another key"),
        ("\n", "got nothing"),
        ("", "got nothing"),
    ],
)
def test_a_token_is_found_by_its_key_which_is_kept_nowhere(
    folder: Path, capsys, monkeypatch, key: str, told: str
) -> None:
    fill(folder, spent)
    monkeypatch.setattr("sys.stdin", io.StringIO(key))
    said = parley(capsys, "quota", "bind", "web:bob", "own", "--key")
    assert told in said.out + said.err
    assert "canary" not in said.out + said.err
    assert (said.code == 0) is bool(decided(folder))
    for path in folder.glob("data/**/*"):
        assert not path.is_file() or b"canary" not in path.read_bytes()


def test_a_process_that_does_not_listen_is_left_an_order(folder: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("bots.quota.desk.give", partial(give, within_s=0.1))
    fill(folder, spent)
    with sole_use(folder / "data"):
        said = parley(capsys, "quota", "role", "web:bob", "guest")
    assert said.code == 1
    assert "the order waits for it" in said.err
    (order,) = (folder / "data/orders").iterdir()
    assert "web:bob" in order.read_text()
    assert decided(folder) == []


async def test_a_process_that_runs_does_it_at_once_and_logs_it(folder: Path, caplog) -> None:
    config, data = load(Path("config.toml")), folder / "data"
    with sole_use(data):
        store = await SqlStore.open(config.storage.url.reveal(), FileMedia(data / "media"))
        orders = Orders(data, QuotaOrders(store).does())
        orders.start()
        try:
            with caplog.at_level("INFO"):
                await give_role(config, "web:bob", "guest")
                await bind_to(config, "web:bob", "own:bob")
            assert store.decided("roles") == {"web:bob": "guest"}
            assert store.decided("bindings") == {"web:bob": "own:bob"}
        finally:
            orders.stop()
            await store.close()
    logged = [record.fields for record in caplog.records if record.message == "decided"]
    assert logged == [
        {"by": "terminal", "what": what, "on": "web:bob", "before": None, "after": after}
        for what, after in (("roles", "guest"), ("bindings", "own:bob"))
    ]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"settings": 3},
        {"settings": [{"type": "set", "scope": "web/bot/ann", "name": "persona", "value": "x"}]},
    ],
)
async def test_an_order_decides_nothing_else(tmp_path: Path, payload: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        settings_of(payload)


# -- looking -------------------------------------------------------------------------------


async def busy(store: SqlStore, watch: Watch) -> None:
    """With something reserved for an hour from now."""
    await spent(store, watch)
    watch.time = datetime.now(UTC)
    await store.accept(message("m3"), "web/bot/ann", NOW)
    wanted = Amounts(messages=1, nano_usd=250_000_000)
    held = booking(day=TODAY, cap=9, amounts=wanted)
    until = watch.time.replace(year=watch.time.year + 1)
    await store.claim("m3", "boot", replace(held, at=watch.time, until=until))


def test_one_person_is_shown_with_what_is_used_reserved_limited_and_granted(
    folder: Path, capsys
) -> None:
    fill(folder, busy)
    parley(capsys, "quota", "grant", "web:ann", "2", "usd")
    said = parley(capsys, "quota", "show", "web:ann")
    lines = {" ".join(line.split()) for line in said.out.splitlines()}
    assert {"who web:ann", "role member", "key own:alice"} <= lines
    assert "usd a month $1.50 $0.25 $7.00 $2.00" in lines
    assert "messages a day 1 1 50" in lines
    assert "tokens a month 14 0 unlimited" in lines


def test_everybody_is_shown_with_all_together_and_what_was_decided(folder: Path, capsys) -> None:
    fill(folder, busy)
    parley(capsys, "quota", "role", "web:eve", "guest")
    said = parley(capsys, "quota", "show")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "web:ann member own:alice 1 $1.50 $0.25 1 $1.50 $0.00" in lines
    assert "web:eve guest 0 $0.00 $0.00 0 $0.00 $0.00" in lines
    assert "all 2 $1.54 $0.25 2 $1.54 $0.00" in lines
    assert "decided: roles: web:eve = guest" in lines


def test_a_key_that_is_not_configured_any_more_is_shown_as_such(folder: Path, capsys) -> None:
    fill(folder, spent)
    parley(capsys, "quota", "bind", "web:bob", "own:bob")
    config = folder / "config.toml"
    config.write_text(config.read_text().replace(', bob = "env:BOB_KEY"', ""))
    assert "own:bob (not configured)" in parley(capsys, "quota", "show", "web:bob").out
    assert "own:bob (not configured)" in parley(capsys, "quota", "show").out


def test_a_report_sums_by_kind_model_and_person(folder: Path, capsys) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", "report")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == f"{TODAY[:7]}-01 to {TODAY}"
    assert "– 3 21 2 0 s $1.54 1 0" in lines
    assert "chat 2 14 0 0 s $1.50 1 0" in lines
    assert "main:d 1 7 2 0 s $0.04 0 0" in lines
    assert "top 2 of 2 people calls tokens images audio dollars unpriced unsure" in lines
    assert lines.index("web:ann 2 14 0 0 s $1.50 1 0") + 1 == lines.index(
        "web:bob 1 7 2 0 s $0.04 0 0"
    )
    assert "1 calls have no known price" in said.out


def test_a_report_is_of_the_days_that_are_asked_for(folder: Path, capsys) -> None:
    fill(folder, partial(spent, day="2026-01-05"))
    assert "Nothing was spent." in parley(capsys, "quota", "report").out
    asked = ("quota", "report", "--from", "2026-01-05", "--to", "2026-01-05")
    assert "$1.54" in parley(capsys, *asked).out


def test_days_that_are_none_are_refused(folder: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["quota", "report", "--from", "tomorrow"])
    assert "expected a day as in 2026-11-21, got tomorrow" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report", "export"])
def test_days_the_wrong_way_round_are_told(folder: Path, capsys, command: str) -> None:
    fill(folder, spent)
    asked = ("quota", command, "--from", "2026-01-05", "--to", "2026-01-04")
    said = parley(capsys, *asked)
    assert (said.code, said.out) == (1, "")
    assert "expected --from before --to or on it, got 2026-01-05 to 2026-01-04" in said.err


# -- exports -------------------------------------------------------------------------------


def test_a_table_for_spreadsheets_has_no_cell_that_is_a_formula(folder: Path, capsys) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", "export", "--csv", "out.csv")
    assert said.err == f"3 rows from {TODAY[:7]}-01 to {TODAY}\n"
    whole = (folder / "out.csv").read_bytes()
    assert whole.startswith(b"\xef\xbb\xbfat,day,person,")
    read = list(csv.DictReader(io.StringIO(whole.decode("utf-8-sig"), newline="")))
    assert [row["model"] for row in read] == ["m", "'=cmd|'/c'!A1", "d"]
    assert [row["usd"] for row in read] == ["1.5", "", "0.04"]
    assert read[0]["person"] == "web:ann"
    assert read[0]["at"] == NOW.isoformat()
    assert read[0]["estimated"] == "false"


@pytest.mark.parametrize("split", [";", ",", "|", "\t", "\n"])
def test_nor_is_what_begins_a_cell_where_a_spreadsheet_splits_at_another_sign(split: str) -> None:
    assert harmless(f"a{split}=1+1{split}b-1") == f"a{split}'=1+1{split}b-1"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_whatever_a_formula_may_begin_with_is_made_harmless(
    folder: Path, capsys, begins: str
) -> None:
    async def story(store: SqlStore, _watch: Watch) -> None:
        asked = message("m1")
        await ask(store, asked)
        commit = answer(asked, "yes", spends=(replace(CHAT, model=f'{begins}1+1,"\n;'),))
        await store.commit(replace(commit, account=account(f"{begins}ann", TODAY)))

    fill(folder, story)
    said = parley(capsys, "quota", "export", "--csv")
    (row,) = csv.DictReader(io.StringIO(said.out.removeprefix("\ufeff"), newline=""))
    assert row["model"] == f"'{begins}1+1,\"\n;"
    assert row["person"] == f"web:{begins}ann"
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_an_export_for_programs_has_dollars_as_decimals_in_words(folder: Path, capsys) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", "export", "--json")
    first, second, third = map(json.loads, said.out.splitlines())
    assert (first["usd"], second["usd"], third["usd"]) == ("1.5", None, "0.04")
    assert second["model"] == "=cmd|'/c'!A1"
    assert first["reserved_usd"] is None
    assert (first["person"], first["message"], first["key"]) == ("web:ann", "m1", "key")
    assert first.keys() == third.keys()


def test_more_rows_than_are_read_at_once_are_all_there(folder: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("bots.quota.export.AT_ONCE", 2)
    fill(folder, spent)
    assert len(parley(capsys, "quota", "export", "--json").out.splitlines()) == 3


def test_an_export_that_cannot_be_written_says_so(folder: Path, capsys) -> None:
    fill(folder, spent)
    said = parley(capsys, "quota", "export", "--json", "nowhere/out.json")
    assert said.code == 1
    assert "expected to write nowhere/out.json, got: No such file or directory" in said.err


@pytest.mark.parametrize("words", ["show", "report", "export", "limit all usd day 1"])
def test_before_the_first_start_it_is_said_what_to_do(folder: Path, capsys, words: str) -> None:
    said = parley(capsys, "quota", *words.split())
    assert (said.code, said.out) == (1, "")
    assert "expected one, found none. Start the bots once, which makes it: parley run" in said.err
    (folder / "config.toml").unlink()
    said = parley(capsys, "quota", *words.split())
    assert (said.code, said.out) == (1, "")
    assert "Make one with: parley init, or name yours with --config" in said.err
    assert "The demo has none: say /quota, /limit and /grant on its page" in said.err


def test_an_export_of_no_database_leaves_a_file_as_it_was(folder: Path, capsys) -> None:
    (folder / "out.csv").write_text("last month's")
    said = parley(capsys, "quota", "export", "out.csv")
    assert (said.code, said.out) == (1, "")
    assert "expected one, found none" in said.err
    assert (folder / "out.csv").read_text() == "last month's"
