"""Pictures by their bytes: no name, no stated type, nothing decoded."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PictureTooLarge, PictureUnknown
from core.picture import PIXELS, check_picture, picture_mime, picture_size

Image = pytest.importorskip("PIL.Image")
FORMS = ["PNG", "JPEG", "GIF", "WEBP"]


def drawn(form: str, size: tuple[int, int], **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, form, **more)
    return made.getvalue()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (641, 2)])
def test_type_and_size_are_what_a_drawing_program_wrote(form: str, size: tuple[int, int]) -> None:
    content = drawn(form, size)
    assert check_picture(content) == f"image/{form.lower()}"
    assert picture_size(content) == size


@pytest.mark.parametrize(
    ("form", "more"),
    [("JPEG", {"progressive": True}), ("JPEG", {"comment": b"\xff\xc0" * 50}),
     ("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0" + bytes(40)})],
)  # fmt: skip
def test_a_size_is_found_in_every_form(form: str, more: dict[str, object]) -> None:
    assert picture_size(drawn(form, (33, 44), **more)) == (33, 44)


def test_a_moving_picture_has_the_size_of_its_canvas() -> None:
    made = io.BytesIO()
    frames = [Image.new("RGB", (20, 30), colour) for colour in ("red", "blue")]
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], loop=0)
    assert picture_size(made.getvalue()) == (20, 30)


def huge(form: str) -> bytes:
    """A small picture whose head tells another size."""
    side = 10_000
    content = bytearray(drawn(form, (8, 8)))
    match form:
        case "PNG":
            content[16:24] = struct.pack(">II", side, side)
        case "JPEG":
            at = content.index(b"\xff\xc0")
            content[at + 5 : at + 9] = struct.pack(">HH", side, side)
        case "GIF":
            content[6:10] = struct.pack("<HH", side, side)
        case "WEBP":
            content[26:30] = struct.pack("<HH", side, side)
    return bytes(content)


@pytest.mark.parametrize("form", FORMS)
def test_too_many_pixels_are_refused_by_the_head_alone(form: str) -> None:
    with pytest.raises(PictureTooLarge) as caught:
        check_picture(huge(form))
    assert caught.value.params == {"got": 100, "limit": PIXELS // 10**6}


def test_a_gifs_picture_may_be_larger_than_its_screen() -> None:
    content = bytearray(drawn("GIF", (8, 8)))
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
