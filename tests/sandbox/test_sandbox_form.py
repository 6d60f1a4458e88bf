"""Forms, as clients that others wrote send them."""

import aiohttp
import httpx
import pytest
from aiohttp import FormData
from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox.failure import Refusal
from bots.sandbox.form import Field, parse_form
from tests.sandbox.server import Sandbox

CONTENTS = st.binary(max_size=200) | st.sampled_from([b"\r\n", b"--", b"\r\n--x", b"\r\n\r\n"])


def sent_by_httpx(files: list[tuple[str, tuple[str, bytes, str]]]) -> list[Field]:
    request = httpx.Request("POST", "http://localhost/", files=files)
    return parse_form(request.read(), request.headers["content-type"])


@given(st.lists(CONTENTS, min_size=1, max_size=3))
def test_any_content_comes_through(contents: list[bytes]) -> None:
    files = [("file", ("a.bin", content, "audio/ogg")) for content in contents]
    assert [field.content for field in sent_by_httpx(files)] == contents


@pytest.mark.parametrize("name", ["a.ogg", "a b.ogg", "语音.ogg", "a;b.ogg"])
def test_a_filename_and_type_come_through(name: str) -> None:
    (field,) = sent_by_httpx([("file", (name, b"1", "audio/ogg"))])
    assert field == Field(name="file", content=b"1", filename=name, content_type="audio/ogg")


async def test_aiohttps_form_comes_through(relay: Sandbox) -> None:
    form = FormData({"model": "whisper-1", "prompt": "河流"})
    form.add_field("file", b"no sound", filename="a.ogg", content_type="audio/ogg")
    url = f"{relay.base_url}/audio/transcriptions"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        assert answer.status == 400
        assert "not readable as sound" in await answer.text()
    fields = relay.journal.entries()[0].fields
    assert (fields["model"], fields["prompt"]) == ("whisper-1", "河流")
    assert fields["file"] == {"filename": "a.ogg", "content_type": "audio/ogg", "size_bytes": 8}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nnameless\r\n--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_form(body, content_type)
    assert caught.value.status == 400


@given(st.binary(max_size=300))
def test_parsing_raises_nothing_but_its_own_error(body: bytes) -> None:
    try:
        fields = parse_form(b"--x\r\n" + body, "multipart/form-data; boundary=x")
    except Refusal:
        return
    assert all(field.name is not None for field in fields)
