"""The sandbox's own calls, for people and for tests in other languages."""

import base64

import httpx
import pytest

from tests.sandbox.telegram.conftest import ANN, GARDEN


@pytest.fixture
async def http(stage):
    async with httpx.AsyncClient(base_url=stage.origin, trust_env=False) as made:
        yield made


async def done(http, **act):
    answer = await http.post("/sandbox/act", json=act)
    assert answer.status_code == 204, answer.text


async def test_somebody_speaks_and_the_bot_hears_it(stage, aio, http):
    content = base64.b64encode(b"bytes").decode()
    said = {"place": ANN, "person": ANN, "kind": "file", "content": content, "name": "a.txt"}
    answer = await http.post("/sandbox/say", json=said)
    assert answer.status_code == 201
    name = answer.json()["line"]["file"]
    assert (await http.get(f"/sandbox/files/{name}")).content == b"bytes"
    (update,) = await aio.get_updates()
    assert update.message.document.file_name == "a.txt"


async def test_lines_are_read_by_place_sender_and_number(stage, aio, http):
    await stage.say("hello")
    await aio.send_message(ANN, "hi")
    lines = (await http.get("/sandbox/lines")).json()["lines"]
    assert [line["text"] for line in lines] == ["hello", "hi"]
    query = {"place": ANN, "sender": "bot", "after": lines[0]["number"]}
    assert (await http.get("/sandbox/lines", params=query)).json()["lines"] == lines[1:]


async def test_what_happens_beside_talk_can_be_asked_for(stage, aio, http):
    line = await stage.say("frist")
    await done(http, do="edit", number=line.number, text="first")
    await done(http, do="press", place=ANN, person=ANN, number=line.number, data="x")
    await done(http, do="refuse_voice", person=ANN)
    await done(http, do="block", person=ANN)
    await done(http, do="block", person=ANN, blocked=False)
    await done(http, do="stand", place=GARDEN, standing="administrator")
    await done(http, do="migrate", place=GARDEN, to=-1002000000099)
    kinds = [update.event_type for update in await aio.get_updates()]
    assert kinds == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "my_chat_member",
        "my_chat_member",
        "message",
        "message",
    ]
    assert stage.telegram.chats.at(ANN)[0].refuses_voice


async def test_the_rules_can_be_changed(stage, aio, http):
    await done(http, do="privacy", on=False)
    await stage.say("just talk", place=GARDEN)
    assert len(await aio.get_updates()) == 1
    await done(http, do="flood", policy={"overall_per_s": 1})
    await aio.send_message(ANN, "x")
    assert (await stage.call("sendMessage", chat_id=ANN, text="x"))["error_code"] == 429
    await done(http, do="expire_files", ids=True)
    await aio.log_out()
    await done(http, do="log_in")
    assert await aio.get_me()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/say", {"place": ANN}),
        ("/sandbox/say", {"place": "nowhere", "person": ANN, "text": "x"}),
        ("/sandbox/act", {"do": "nothing"}),
        ("/sandbox/act", {"do": "stand", "place": "nowhere", "standing": "member"}),
        ("/sandbox/act", {"do": "edit", "number": 99, "text": "x"}),
    ],
)
async def test_what_makes_no_sense_is_refused(http, path, body):
    assert (await http.post(path, json=body)).status_code == 400


async def test_a_strangers_page_can_do_nothing(http):
    assert (await http.post("/sandbox/say", content=b"{}")).status_code == 415
    named = await http.get("/sandbox/lines", headers={"host": "example.org"})
    assert named.status_code == 400


async def test_journal_and_faults_are_there_as_in_the_relay(stage, aio, http):
    fault = {"kind": "status", "status": 500, "call": "getMe"}
    assert (await http.post("/sandbox/faults", json=fault)).status_code == 201
    assert (await stage.call("getMe"))["error_code"] == 500
    entries = (await http.get("/sandbox/journal?call=getMe")).json()["entries"]
    assert [entry["status"] for entry in entries] == [500]


async def test_the_front_page_is_left_free(http):
    assert (await http.get("/")).status_code == 404
