"""Pictures by their bytes: no name, no stated type, nothing decoded."""

import io
import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PictureTooLarge, PictureUnknown
from core.picture import PIXELS, check_picture, picture_mime, picture_size

FORMS = {
    "png": ("png", "image2pipe", "rgb24"),
    "jpeg": ("mjpeg", "image2pipe", "yuvj420p"),
    "gif": ("gif", "gif", "bgr8"),
    "webp": ("libwebp", "webp", "yuv420p"),
}
"""Each in FFmpeg's words: codec, container, colours."""


def drawn(form: str, size: tuple[int, int], frames: int = 1) -> bytes:
    codec, container, colours = FORMS[form]
    made = io.BytesIO()
    with av.open(made, "w", format=container) as file:
        stream = file.add_stream(codec, rate=1)
        stream.width, stream.height = size
        stream.pix_fmt = colours
        for at in range(frames):
            frame = av.VideoFrame(*size, colours)
            for plane in frame.planes:
                plane.update(bytes([at]) * plane.buffer_size)
            frame.pts = at
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return made.getvalue()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [(2, 2), (8, 300), (642, 2)])
def test_type_and_size_are_what_a_drawing_program_wrote(form: str, size: tuple[int, int]) -> None:
    content = drawn(form, size)
    assert check_picture(content) == f"image/{form}"
    assert picture_size(content) == size


def test_a_moving_picture_has_the_size_of_its_canvas() -> None:
    assert picture_size(drawn("gif", (20, 30), frames=3)) == (20, 30)


def test_what_is_no_frame_of_a_jpeg_is_passed_over() -> None:
    content = drawn("jpeg", (34, 44))
    comment = b"\xff\xfe" + struct.pack(">H", 102) + b"\xff\xc0" * 50
    assert picture_size(content[:2] + comment + content[2:]) == (34, 44)


def test_of_several_frames_in_a_jpeg_the_largest_counts() -> None:
    """Decoders differ in which one they take."""
    content = drawn("jpeg", (34, 44))
    other = b"\xff\xc2" + struct.pack(">HBHHB", 8, 8, 20_000, 30_000, 0)
    assert picture_size(content[:2] + other + content[2:]) == (30_000, 20_000)


@pytest.mark.parametrize(
    ("chunk", "body"),
    [
        (b"VP8X", bytes(4) + (33).to_bytes(3, "little") + (43).to_bytes(3, "little")),
        (b"VP8L", b"\x2f" + struct.pack("<I", 33 | 43 << 14)),
        (b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 34, 44)),
    ],
)
def test_each_kind_of_webp_tells_its_size(chunk: bytes, body: bytes) -> None:
    head = b"RIFF" + bytes(4) + b"WEBP" + chunk + struct.pack("<I", len(body))
    assert picture_size(head + body) == (34, 44)


def huge(form: str) -> bytes:
    """A small picture whose head tells another size."""
    side = 10_000
    content = bytearray(drawn(form, (8, 8)))
    match form:
        case "png":
            content[16:24] = struct.pack(">II", side, side)
        case "jpeg":
            at = content.index(b"\xff\xc0")
            content[at + 5 : at + 9] = struct.pack(">HH", side, side)
        case "gif":
            content[6:10] = struct.pack("<HH", side, side)
        case "webp":
            content[26:30] = struct.pack("<HH", side, side)
    return bytes(content)


@pytest.mark.parametrize("form", FORMS)
def test_too_many_pixels_are_refused_by_the_head_alone(form: str) -> None:
    with pytest.raises(PictureTooLarge) as caught:
        check_picture(huge(form))
    assert caught.value.params == {"got": 100, "limit": PIXELS // 10**6}


def test_a_gifs_picture_may_be_larger_than_its_screen() -> None:
    content = bytearray(drawn("gif", (8, 8)))
    at = content.index(b"\x2c", 13 + 6)
    content[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(PictureTooLarge):
        check_picture(bytes(content))


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><img>", b"BM" + bytes(60), b"%PDF-1.7", b"RIFF\0\0\0\0WAVE"]
)
def test_what_models_do_not_take_is_no_picture(content: bytes) -> None:
    with pytest.raises(PictureUnknown):
        check_picture(content)


HEADS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b""]


@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_no_bytes_break_the_reading(head: bytes, rest: bytes) -> None:
    content = head + rest
    width, height = picture_size(content)
    assert min(width, height) >= 0
    assert bool(head) <= bool(picture_mime(content))
