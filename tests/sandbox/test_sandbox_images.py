"""Pictures, read back by a decoder that others wrote."""

import base64
import io

import av
import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI

from bots.sandbox.header import Seen, look
from bots.sandbox.images import LINKS_KEPT
from bots.sandbox.landscape import draw


def size_of(png: bytes) -> tuple[int, int]:
    """Decodes the whole picture."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0))
    return frame.width, frame.height


@pytest.mark.parametrize("size", ["256x256", "1792x1024", "16x20"])
async def test_a_picture_has_the_size_asked_for(client: AsyncOpenAI, size: str) -> None:
    answer = await client.images.generate(
        model="dall-e-3",
        prompt="a lighthouse",
        size=size,  # type: ignore[arg-type]
        response_format="b64_json",
    )
    assert answer.data is not None
    png = base64.b64decode(answer.data[0].b64_json or "")
    assert "x".join(map(str, size_of(png))) == size


async def test_links_lead_to_the_pictures(client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    answer = await client.images.generate(
        model="dall-e-2", prompt="three hills", size="64x32", n=2, response_format="url"
    )
    assert answer.data is not None
    pictures = [await http.get(image.url or "") for image in answer.data]
    assert [picture.headers["content-type"] for picture in pictures] == ["image/png"] * 2
    assert [size_of(picture.content) for picture in pictures] == [(64, 32)] * 2
    assert pictures[0].content != pictures[1].content
    assert (await http.get("/sandbox/images/unknown.png")).status_code == 404


async def test_only_the_latest_links_last(client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    urls: list[str] = []
    for _ in range(LINKS_KEPT // 10 + 1):
        answer = await client.images.generate(
            model="dall-e-2",
            prompt="a bee",
            size="16x16",  # type: ignore[arg-type]
            n=10,
            response_format="url",
        )
        urls += [image.url or "" for image in answer.data or ()]
    assert (await http.get(urls[0])).status_code == 404
    assert (await http.get(urls[-LINKS_KEPT])).status_code == 200


async def test_the_usual_answer_is_a_link_to_a_large_square(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    answer = await client.images.generate(model="sandbox-image", prompt="a boat")
    assert answer.data is not None
    assert size_of((await http.get(answer.data[0].url or "")).content) == (1024, 1024)


def test_the_same_words_give_the_same_picture_and_others_another() -> None:
    assert draw("a fox", 80, 60) == draw("a fox", 80, 60)
    assert draw("a fox", 80, 60) != draw("a hen", 80, 60)
    assert draw("a fox", 80, 60) != draw("a fox", 80, 60, 1)


def test_a_picture_is_more_than_one_colour() -> None:
    with av.open(io.BytesIO(draw("一只猫", 120, 90)), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="rgb24")
    row_bytes = frame.planes[0].line_size
    pixels = bytes(frame.planes[0])
    colours = {
        pixels[y * row_bytes + 3 * x : y * row_bytes + 3 * x + 3]
        for y in range(90)
        for x in range(120)
    }
    assert len(colours) > 50


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1), st.integers(16, 90), st.integers(16, 90))
def test_any_prompt_is_drawn_at_any_size(prompt: str, width: int, height: int) -> None:
    assert size_of(draw(prompt, width, height)) == (width, height)


@pytest.mark.parametrize("size", ["5x5", "4096x4096", "large", "64x", "64×64", "0x0"])
async def test_a_wrong_size_is_refused(client: AsyncOpenAI, size: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.images.generate(
            model="dall-e-3",
            prompt="x",
            size=size,  # type: ignore[arg-type]
        )
    assert caught.value.param == "size"


async def test_a_prompt_is_needed(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.images.generate(model="dall-e-3", prompt="")
    assert caught.value.param == "prompt"


def encoded(codec: str, pixel_format: str) -> bytes:
    """A picture of 40 by 30 pixels, made by FFmpeg."""
    made = io.BytesIO()
    container_name = {"gif": "gif", "libwebp": "webp"}.get(codec, "image2pipe")
    with av.open(made, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=1)
        stream.width, stream.height, stream.pix_fmt = 40, 30, pixel_format
        frame = av.VideoFrame(40, 30, "rgb24").reformat(format=pixel_format)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return made.getvalue()


@pytest.mark.parametrize(
    ("codec", "pixel_format", "kind"),
    [
        ("png", "rgb24", "PNG"),
        ("mjpeg", "yuvj420p", "JPEG"),
        ("gif", "rgb8", "GIF"),
        ("bmp", "bgr24", "BMP"),
        ("libwebp", "yuv420p", "WebP"),
        ("libwebp", "bgra", "WebP"),
    ],
)
def test_a_pictures_size_is_read_from_its_header(codec: str, pixel_format: str, kind: str) -> None:
    assert look(encoded(codec, pixel_format)) == Seen(kind=kind, width=40, height=30)


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF0000WEBPVP8 ", b"BM", b""]
    ),
    st.binary(max_size=60),
)
def test_no_header_breaks_the_reader(start: bytes, rest: bytes) -> None:
    seen = look(start + rest)
    assert seen is None or seen.kind in ("PNG", "GIF", "JPEG", "WebP", "BMP")
