"""A landscape drawn from a prompt: a sky, a sun, hills. The same words give the same picture.

Rows are drawn as three planes, whole runs of pixels at a time, so that a
megapixel takes about a tenth of a second without a graphics library.
"""

import colorsys
import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from bots.sandbox.png import encode_png

Colour: TypeAlias = tuple[int, int, int]

RIDGE_STEPS = 254
RIDGES = 4
HALO_RINGS = 14
STARS = 60


class Disc(Struct, frozen=True, kw_only=True):
    """A circle in pixels. Each of `blends` maps a plane's levels to those seen through it."""

    x: float
    y: float
    radius: float
    blends: tuple[bytes, bytes, bytes]


class Ridge(Struct, frozen=True, kw_only=True):
    """A line of hills. `heights` holds, a byte a column, how far below `top` it begins."""

    top: int
    heights: bytes
    colour: Colour


class Scene(Struct, frozen=True, kw_only=True):
    width: int
    height: int
    zenith: Colour
    horizon: Colour
    discs: Sequence[Disc]
    ridges: Sequence[Ridge]


def draw(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    """A PNG of that size in pixels; `variant` tells several pictures of one prompt apart."""
    seed = hashlib.sha256(f"{variant}:{prompt}".encode()).digest()
    scene = imagine(random.Random(seed), width, height)  # noqa: S311 - a picture, no secret
    return encode_png(width, height, _rows(scene))


def imagine(chance: random.Random, width: int, height: int) -> Scene:
    hue = chance.random()
    warm = chance.uniform(0.02, 0.15)
    night = chance.random() < 0.3
    light = 0.12 if night else 0.52
    moon, sun = _colour(warm, 0.92, 0.4), _colour(warm, 0.86, 0.95)
    stars = _stars(chance, width, height) if night else []
    return Scene(
        width=width,
        height=height,
        zenith=_colour(hue, light, 0.6),
        horizon=_colour(hue + 0.08, 0.32, 0.5) if night else _colour(warm, 0.8, 0.8),
        discs=[*stars, *_sun(chance, width, height, moon if night else sun)],
        ridges=[_ridge(chance, width, height, index, hue, light) for index in range(RIDGES)],
    )


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _disc(x: float, y: float, radius: float, colour: Colour, alpha: float) -> Disc:
    """`alpha` (0..1) of the colour covers what is behind."""
    red, green, blue = (
        bytes(round(behind + (level - behind) * alpha) for behind in range(256)) for level in colour
    )
    return Disc(x=x, y=y, radius=radius, blends=(red, green, blue))


def _sun(chance: random.Random, width: int, height: int, colour: Colour) -> list[Disc]:
    """A halo of many faint rings, then the sun itself, its edge softened by a thin one."""
    x, y = width * chance.uniform(0.2, 0.8), height * chance.uniform(0.18, 0.42)
    radius = min(width, height) * chance.uniform(0.07, 0.12)
    halo = [(1 + 2.6 * (ring / HALO_RINGS) ** 2, 0.05) for ring in range(HALO_RINGS, 0, -1)]
    return [
        _disc(x, y, radius * scale, colour, alpha)
        for scale, alpha in [*halo, (1.012, 0.5), (1.0, 0.9)]
    ]


def _stars(chance: random.Random, width: int, height: int) -> list[Disc]:
    size = max(0.6, min(width, height) / 500)
    return [
        _disc(
            chance.uniform(0, width),
            chance.uniform(0, height * 0.7),
            size * chance.uniform(0.5, 1.5),
            (255, 255, 240),
            chance.uniform(0.4, 1),
        )
        for _ in range(STARS)
    ]


def _ridge(
    chance: random.Random, width: int, height: int, index: int, hue: float, light: float
) -> Ridge:
    """The nearer (the higher the index), the lower and the darker."""
    nearness = (index + 1) / RIDGES
    waves = [
        (chance.uniform(0.6, 2.2) * (2**octave), chance.uniform(0, math.tau), 0.5**octave)
        for octave in range(4)
    ]
    swing = min(RIDGE_STEPS, height * 0.3) / 4
    heights = bytes(round(swing * (2 + _wave(waves, column / width))) for column in range(width))
    return Ridge(
        top=round(height * (0.42 + 0.14 * index)),
        heights=heights,
        colour=_colour(hue + 0.06 * index, light * (0.95 - 0.75 * nearness) + 0.04, 0.45),
    )


def _wave(waves: Sequence[tuple[float, float, float]], at: float) -> float:
    """Between -2 and 2."""
    return sum(share * math.sin(math.tau * pitch * at + phase) for pitch, phase, share in waves)


def _rows(scene: Scene) -> Iterator[bytes]:
    for y in range(scene.height):
        yield _row(scene, y)


def _row(scene: Scene, y: int) -> bytes:
    share = min(1.0, y / (scene.height * 0.75))
    sky = _mixed(scene.zenith, scene.horizon, share)
    planes = [bytearray([level]) * scene.width for level in sky]
    for disc in scene.discs:
        _cross(planes, disc, y, scene.width)
    for ridge in scene.ridges:
        _climb(planes, ridge, y)
    row = bytearray(3 * scene.width)
    row[0::3], row[1::3], row[2::3] = planes
    return bytes(row)


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (
        round(start + (end - start) * share) for start, end in zip(first, second, strict=True)
    )
    return red, green, blue


def _cross(planes: list[bytearray], disc: Disc, y: int, width: int) -> None:
    """Blend the run of one disc in row `y` over what is there."""
    reach = disc.radius**2 - (y - disc.y) ** 2
    if reach <= 0:
        return
    half = math.sqrt(reach)
    start, end = max(0, round(disc.x - half)), min(width, round(disc.x + half) + 1)
    for plane, blend in zip(planes, disc.blends, strict=True):
        plane[start:end] = plane[start:end].translate(blend)


def _climb(planes: list[bytearray], ridge: Ridge, y: int) -> None:
    """Cover the columns whose hill reaches row `y`."""
    depth = y - ridge.top
    if depth < 0:
        return
    solid = min(depth + 1, 256)
    covered = int.from_bytes(
        ridge.heights.translate(b"\xff" * solid + b"\x00" * (256 - solid)), "little"
    )
    width = len(ridge.heights)
    for plane, level in zip(planes, ridge.colour, strict=True):
        behind = int.from_bytes(plane, "little") & ~covered
        front = int.from_bytes(bytes([level]) * width, "little") & covered
        plane[:] = (behind | front).to_bytes(width, "little")
