"""The photographer's room: tints, finishes, softboxes and colour scales of every scene.

Colours are written as the eye sees them (sRGB) and given to the renderer as amounts of light (linear).
"""

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GAMMA = 2.2  # exponent that the renderer applies on output

TINTS = {
    "steel": "#d3d7dc",
    "dark_steel": "#8b929b",
    "brass": "#e3bd6a",
    "copper": "#e0966c",
    "graphite": "#3b4149",
    "ivory": "#f3f0e8",
    "white": "#f5f6f7",
    "slate": "#66717e",
    "black": "#1d2126",
    "cord": "#5b5148",
    "signal": "#d9482b",
    "blue": "#2f6fb3",
    "table": "#e8e9eb",
    "table_edge": "#c9ced4",
}


@dataclass(frozen=True)
class Finish:
    """How a surface takes the light: metalness and roughness from 0 to 1."""

    metalness: float
    roughness: float


FINISHES = {
    "polished": Finish(metalness=0.95, roughness=0.22),
    "satin": Finish(metalness=0.9, roughness=0.42),
    "paint": Finish(metalness=0.0, roughness=0.5),
    "matte": Finish(metalness=0.0, roughness=0.9),
}
FINISH_CELLS = 4  # cells in the picture of finishes: a power of two, as textures like

# Viridis as a polynomial in t (fit of matplotlib's table, M. Zucker 2019, CC0): the shader uses the same numbers.
VIRIDIS = np.array(
    [
        [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
        [0.1050930431085774, 1.404613529898575, 1.384590162594685],
        [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
        [-4.634230498983486, -5.799100973351585, -19.33244095627987],
        [6.228269936347081, 14.17993336680509, 56.69055260068105],
        [4.776384997670288, -13.74514537774601, -65.35303263337234],
        [-5.435455855934631, 4.645852612178535, 26.3124352495832],
    ]
)


def linear(colour: str) -> tuple[float, float, float]:
    """Amounts of light of an sRGB colour written as #rrggbb."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255.0 for place in (1, 3, 5))
    return (red**GAMMA, green**GAMMA, blue**GAMMA)


def tint(name: str) -> tuple[float, float, float]:
    """Amounts of light of a named tint, or of a colour written as #rrggbb."""
    return linear(TINTS.get(name, name))


def viridis(value: NDArray[np.floating]) -> NDArray[np.floating]:
    """Red, green, blue (sRGB, 0 to 1) for values from 0 to 1; shape (..., 3)."""
    place = np.clip(np.asarray(value, float), 0.0, 1.0)[..., None]
    colour = np.zeros((*place.shape[:-1], 3))
    for coefficient in VIRIDIS[::-1]:
        colour = colour * place + coefficient
    return np.clip(colour, 0.0, 1.0)


def hexes(count: int) -> list[str]:
    """The colour scale as `count` colours #rrggbb, for a legend."""
    rows = np.rint(viridis(np.linspace(0.0, 1.0, count)) * 255.0).astype(int)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in rows]


def softboxes(width: int = 256, height: int = 128) -> NDArray[np.uint8]:
    """A photographer's room seen from its middle, all round: shape (height, width, 3), linear light.

    A bright ceiling box, two upright strips and a horizon: what a polished cylinder needs to look round.
    """
    across, up = np.meshgrid(np.linspace(0.0, 1.0, width), np.linspace(1.0, -1.0, height))
    room = 0.20 + 0.28 * np.clip(up, 0.0, 1.0) + 0.16 * np.clip(1.0 + up * 6.0, 0.0, 1.0)
    room += np.where(up < 0.0, 0.10 * np.exp(up * 3.0), 0.0)

    def box(centre: float, half: float, low: float, high: float, light: float) -> NDArray[np.floating]:
        distance = np.abs((across - centre + 0.5) % 1.0 - 0.5)
        sideways = 1.0 / (1.0 + np.exp((distance - half) / 0.008))
        return light * sideways / (1.0 + np.exp((low - up) / 0.03)) / (1.0 + np.exp((up - high) / 0.03))

    room = room + box(0.62, 0.055, -0.15, 0.72, 1.0) + box(0.93, 0.03, -0.3, 0.6, 0.6) + box(0.30, 0.05, 0.0, 0.5, 0.5)
    room = room + 0.8 / (1.0 + np.exp((0.80 - up) / 0.03))
    warmth = np.array([1.0, 0.985, 0.96])
    return np.rint(255.0 * np.clip(room[..., None] * warmth, 0.0, 1.0)).astype(np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of (height, width, 3) bytes."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def address(picture: NDArray[np.uint8]) -> str:
    """A picture as a data address, so that nothing is fetched."""
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode("ascii")


def room_picture() -> str:
    """The room, for an environment map."""
    return address(softboxes())


def finish_picture() -> str:
    """All finishes in one row of cells: green is roughness, blue is metalness, as the renderer reads them."""
    cells = np.zeros((FINISH_CELLS, FINISH_CELLS, 3))
    for column, finish in enumerate(FINISHES.values()):
        cells[:, column] = [0.0, finish.roughness, finish.metalness]
    return address(np.rint(cells * 255.0).astype(np.uint8))


def finish_place(name: str) -> tuple[float, float]:
    """Where a finish lies in their picture, from 0 to 1 across and up."""
    return ((list(FINISHES).index(name) + 0.5) / FINISH_CELLS, 0.5)
