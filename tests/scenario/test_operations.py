"""What an operator sees: probes, metrics, logs, and who may reach the private listener."""

import asyncio
import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from bots.logs import QUIET, LineFormatter
from bots.sandbox.faults import Status
from core.errors import ConfigError
from tests.scenario.stage import client, playing


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """As another program would do it that works on the file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def figures(http: httpx.AsyncClient, settled: str) -> str:
    """The metrics once they say this: an answer is read before its end is noted."""
    async with asyncio.timeout(10):
        while settled not in (told := (await http.get("/metrics")).text):
            pass  # a monitor, too, can only ask again
    return told


async def test_probes_and_metrics_tell_what_happens(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, client(stage.url) as http:
        assert (await http.get("/livez")).text == "alive"
        assert (await http.get("/readyz")).json() == {"ready": True}
        person = await stage.person()
        async with person.tab() as tab:
            await tab.ask("hello")
            await tab.ask("/help")
        await person.close()
        metrics = await figures(http, "parley_messages_waiting 0.0")
        answered = 'parley_messages_done_total{intent="chat",outcome="answered",platform="web"} 1.0'
        assert answered in metrics
        assert 'intent="/help"' in metrics
        assert 'parley_tokens_total{direction="out"' in metrics


async def test_a_locked_store_makes_the_bot_unready_and_loses_nothing(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, client(stage.url) as http:
        person = await stage.person()
        async with person.tab() as tab:
            with locked(tmp_path / "parley.db"):
                answer = await http.get("/readyz", timeout=20)
                assert answer.status_code == 503
                assert "store" in answer.json()
                assert (await http.get("/livez")).status_code == 200
                refused = await tab.say("can you keep this?")
                assert await tab.receipt(refused) == "failed"
            (part,) = await tab.ask("and this?")
            assert "and this?" in part["text"]
            async with asyncio.timeout(10):
                while (await http.get("/readyz")).status_code != 200:
                    pass  # what it says is 2 s old at most
        await person.close()


async def test_off_loopback_the_page_asks_for_the_code_and_probes_do_not(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.write_text("correct horse battery")
    server = f'access_code = "file:{code}"'
    async with playing(tmp_path, server=server) as stage, client(stage.url) as http:
        assert (await http.get("/")).status_code == 401
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/metrics")).status_code == 401
        bearer = {"Authorization": "Bearer correct horse battery"}
        assert (await http.get("/metrics", headers=bearer)).status_code == 200


async def test_behind_a_code_a_probe_names_what_is_wrong_and_no_more(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.write_text("correct horse battery")
    server = f'access_code = "file:{code}"'
    async with playing(tmp_path, server=server) as stage, client(stage.url) as http:
        with locked(tmp_path / "parley.db"):
            answer = await http.get("/readyz", timeout=20)
        assert answer.json() == {"ready": False, "store": "not ready"}


async def test_one_data_folder_serves_one_process(tmp_path: Path) -> None:
    async with playing(tmp_path):
        with pytest.raises(ConfigError, match="another Parley works with it"):
            async with playing(tmp_path):
                raise AssertionError("a second one started")


async def test_a_talk_leaves_one_line_a_message_and_no_secret_and_no_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with playing(tmp_path) as stage:
            person = await stage.person()
            async with person.tab() as tab:
                await tab.ask("the canary is called Piet")
                await tab.ask("/quota")
            await person.close()
    formatter = LineFormatter("json", ["sk-scenario"])
    lines = [json.loads(formatter.format(record)) for record in caplog.records]
    messages = [line for line in lines if line["event"] == "message"]
    assert [line["intent"] for line in messages] == ["chat", "/quota"]
    assert len({line["trace"] for line in messages}) == 2
    ours = [line for line in lines if not line["from"].startswith((*QUIET, "httpcore"))]
    assert "Piet" not in json.dumps(ours, ensure_ascii=False)
    assert "sk-scenario" not in json.dumps([record.getMessage() for record in caplog.records])


async def test_what_went_wrong_for_a_message_is_found_by_its_trace(tmp_path: Path) -> None:
    with logged() as out:
        async with playing(tmp_path) as stage:
            stage.faults.add(Status(status=401, call="chat"))
            person = await stage.person()
            async with person.tab() as tab:
                await tab.ask("hello")
                await tab.ask("hello again")
            await person.close()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    troubles = [line for line in lines if line["level"] == "warning" and "401" in line["event"]]
    first, second = (line["trace"] for line in lines if line["event"] == "message")
    assert {line["trace"] for line in troubles} == {first}
    assert first != second


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What the process would print as JSON."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter("json", []))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def test_secrets_are_struck_out_of_every_line_and_traceback() -> None:
    formatter = LineFormatter("text", ["s3cret"])
    error = ValueError("s3cret in an error")
    failure = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "with %s", ("s3cret",), failure)
    line = formatter.format(record)
    assert "s3cret" not in line
    assert "ValueError" in line
