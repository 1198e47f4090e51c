"""The storeroom: apparatus that a lab sets on its bench.

Shapes are declared in the bench's frame, y upwards, in the solver's unit of length. A shape says what it is made of,
what is printed on it and what it is called in both languages; the scene turns it into a picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from labs.bench.scales import HEAD, Operation, degrees, graduations, lifted
from labs.bench.solids import Solid, bar, block, cone, ring, slab
from labs.bench.solids import ball as round_ball
from labs.bench.solids import cylinder as turned

Text = str | dict[str, str]
Vector = Sequence[float]
Side = Literal["up", "left", "right", "plain"]
ORIGIN = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Piece:
    """A solid with the tint and the finish of its surface."""

    solid: Solid
    tint: str
    finish: str = "paint"


@dataclass(frozen=True)
class Mark:
    """Something printed: a flat rectangle by its centre and two full side vectors, and what is drawn on it.

    Drawing operations have their origin at the lower left corner, lengths as in the bench:
    ["line", x0, y0, x1, y1, width], ["text", x, y, text, height, align], ["arc", x, y, radius, from, to, width],
    ["fan", x, y, radius, from, to, colour], ["box", x, y, width, height, round, colour],
    ["soft", x, y, width, height, blur, darkness], ["live", x, y, instrument, height, align].
    """

    centre: Vector
    right: Vector
    up: Vector
    operations: list[Operation]
    ink: str = "#1f262d"
    glow: bool = False  # printed in light, like a display, not in ink


@dataclass(frozen=True)
class Tag:
    """A name that stands at a point and faces the reader: above it, to its left or right, or plainly over it."""

    text: Text
    at: Vector
    side: Side = "up"


@dataclass(frozen=True)
class Shape:
    """One thing on the bench.

    `stretch` says how it follows two moving ends: "along" lengthens its y axis only, "whole" grows with the distance.
    """

    name: Text
    pieces: list[Piece] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    kind: Literal["solid", "glass", "beam", "table"] = "solid"
    stretch: Literal["along", "whole"] = "along"
    colour: str = ""


def _tags(label: Text | None, at: Vector, side: Side = "up") -> list[Tag]:
    return [] if label is None else [Tag(label, at, side)]


def _beside(point: Vector | np.ndarray, x: float, y: float, z: float) -> tuple[float, float, float]:
    return (float(point[0]) + x, float(point[1]) + y, float(point[2]) + z)


def _name(label: Text | None, english: str, chinese: str) -> Text:
    return {"en": english, "zh": chinese} if label is None else label


def tabletop(
    width: float, depth: float, *, at: Vector = ORIGIN, thickness: float | None = None, corner: float | None = None
) -> Shape:
    """The plate that everything stands on and casts its shadow upon; `at` is the middle of its upper side."""
    thick = 0.03 * max(width, depth) if thickness is None else thickness
    top = slab(width, depth, thick, corner=0.12 * min(width, depth) if corner is None else corner)
    lowered = top.moved(_beside(at, 0.0, -thick / 2.0, 0.0))
    return Shape({"en": "bench top", "zh": "实验台面"}, [Piece(lowered, "table")], kind="table")


def ball(radius: float, *, material: str = "brass", at: Vector = ORIGIN, label: Text | None = None) -> Shape:
    """A ball, polished when it is of metal."""
    finish = "polished" if material in ("brass", "steel", "copper") else "paint"
    name = _name(label, "ball", "小球")
    return Shape(name, [Piece(round_ball(radius).moved(at), material, finish)], tags=_tags(label, at))


def bob(radius: float, *, material: str = "brass", label: Text | None = None) -> Shape:
    """A pendulum's bob: a ball about the origin, with a collar on the side of the string, which is +y."""
    collar = turned(0.30 * radius, 0.40 * radius).moved((0.0, 0.86 * radius, 0.0))
    waist = ring(0.985 * radius, 0.02 * radius)
    pieces = [Piece(round_ball(radius, segments=64), material, "polished"), Piece(collar, "steel", "polished")]
    pieces.append(Piece(waist, "dark_steel", "satin"))
    return Shape(_name(label, "bob", "摆球"), pieces, tags=_tags(label, ORIGIN, "right"))


def box(size: Vector, *, material: str = "ivory", at: Vector = ORIGIN, label: Text | None = None) -> Shape:
    """A block of the given sides about `at`."""
    name = _name(label, "block", "方块")
    return Shape(name, [Piece(block(size).moved(at), material)], tags=_tags(label, at))


def cylinder(
    radius: float, height: float, *, material: str = "steel", at: Vector = ORIGIN, label: Text | None = None
) -> Shape:
    """An upright cylinder standing on `at`."""
    finish = "polished" if material in ("brass", "steel", "copper") else "paint"
    name = _name(label, "cylinder", "圆柱")
    return Shape(name, [Piece(turned(radius, height).moved(at), material, finish)], tags=_tags(label, at))


def rod(
    radius: float,
    *,
    start: Vector = ORIGIN,
    end: Vector = (0.0, 1.0, 0.0),
    material: str = "steel",
    label: Text | None = None,
) -> Shape:
    """A thin bar or string. Followed by two `ends` it is drawn between them; otherwise from `start` to `end`."""
    finish = "polished" if material in ("brass", "steel", "copper") else "matte"
    solid = bar(start, end, radius, bevel=0.0, segments=16)
    return Shape(_name(label, "rod", "细杆"), [Piece(solid, material, finish)], tags=_tags(label, end))


def string(radius: float, *, label: Text | None = None) -> Shape:
    """A thread between two moving ends."""
    thread = rod(radius, material="cord", label=label)
    return replace(thread, name=_name(label, "string", "摆线"))


def arrow(radius: float = 0.03, *, colour: str = "signal", label: Text | None = None) -> Shape:
    """A vector of length one along y, which grows as a whole with the distance of its two ends."""
    head = cone(3.0 * radius, 8.0 * radius).moved((0.0, 1.0 - 8.0 * radius, 0.0))
    shaft = turned(radius, 1.0 - 8.0 * radius)
    pieces = [Piece(shaft, colour), Piece(head, colour)]
    return Shape(_name(label, "arrow", "箭头"), pieces, tags=_tags(label, (0, 1, 0)), stretch="whole")


def stand(
    height: float, *, pivot: Vector = ORIGIN, reach: float | None = None, label: Text | None = None
) -> Shape:
    """A retort stand: heavy foot, steel column behind, boss head, arm and a clamp that holds a string at `pivot`.

    The foot's underside lies `height` below the pivot, the column `reach` behind it (towards −z).
    """
    x, y, z = (float(value) for value in pivot)
    back, floor, thin = z - (0.19 * height if reach is None else reach), y - height, 0.0075 * height
    arm = y + 2.2 * thin
    foot = slab(0.30 * height, 0.20 * height, 0.022 * height, corner=0.03 * height)
    pieces = [
        Piece(foot.moved((x, floor + 0.011 * height, back + 0.035 * height)), "graphite", "paint"),
        Piece(turned(2.4 * thin, 0.02 * height).moved((x, floor + 0.022 * height, back)), "steel", "satin"),
        Piece(bar((x, floor, back), (x, arm + 0.07 * height, back), thin, bevel=0.4 * thin), "steel", "polished"),
        Piece(bar((x, arm, back - 4.0 * thin), (x, arm, z - 1.2 * thin), 0.75 * thin), "steel", "polished"),
        Piece(block((4.6 * thin, 5.2 * thin, 4.6 * thin), bevel=0.7 * thin).moved((x, arm, back)), "graphite", "paint"),
        Piece(bar((x + 2.0 * thin, arm, back), (x + 6.0 * thin, arm, back), 0.6 * thin), "steel", "polished"),
        Piece(bar((x + 5.6 * thin, arm, back), (x + 7.2 * thin, arm, back), 1.7 * thin), "black", "paint"),
        *_clamp(np.array([x, y, z]), thin),
    ]
    return Shape(_name(label, "stand", "铁架台"), pieces, tags=_tags(label, (x, arm + 0.07 * height, back)))


def _clamp(pivot: np.ndarray, thin: float) -> list[Piece]:
    """Two jaws that close on the string just above the pivot."""
    jaw = block((1.5 * thin, 4.4 * thin, 4.2 * thin), bevel=0.35 * thin)
    screw = bar((-3.6 * thin, 0, 0), (3.6 * thin, 0, 0), 0.5 * thin)
    up = _beside(pivot, 0.0, 2.2 * thin, 0.0)
    return [
        Piece(jaw.moved(_beside(up, -0.95 * thin, 0.0, 0.0)), "dark_steel", "satin"),
        Piece(jaw.moved(_beside(up, 0.95 * thin, 0.0, 0.0)), "dark_steel", "satin"),
        Piece(screw.moved(up), "brass", "polished"),
    ]


def cuvette(width: float, depth: float, height: float, *, wall: float, label: Text | None = None) -> list[Shape]:
    """A square glass vessel with a metal foot and collar; its inside is [0, width] × [0, height] × [0, depth]."""
    half = np.array([width, 0.0, depth]) / 2.0
    outer = (width + 2.0 * wall, height, depth + 2.0 * wall)
    glass = block(outer, bevel=0.5 * wall).moved(_beside(half, 0.0, height / 2.0, 0.0))
    inside = block((width, height, depth), bevel=0.02 * wall).moved(_beside(half, 0.0, height / 2.0, 0.0))
    lining = Solid(inside.points, -inside.normals, inside.faces[:, ::-1])
    rim = 1.5 * wall
    foot = slab(width + 9.0 * wall, depth + 9.0 * wall, 3.0 * wall, corner=2.5 * wall)
    floor = block((width + 4.0 * wall, 1.0 * wall, depth + 4.0 * wall), bevel=0.3 * wall)
    metal = [
        Piece(foot.moved(_beside(half, 0.0, -2.5 * wall, 0.0)), "graphite", "paint"),
        Piece(floor.moved(_beside(half, 0.0, -0.5 * wall, 0.0)), "steel", "satin"),
        *[Piece(side.moved((0.0, height, 0.0)), "steel", "satin") for side in _frame(width, depth, wall, rim)],
    ]
    name = _name(label, "glass cuvette", "玻璃比色皿")
    return [
        Shape({"en": "foot and collar", "zh": "底座与口圈"}, metal),
        Shape(name, [Piece(glass, "white"), Piece(lining, "white")], tags=_tags(label, (0, height, 0)), kind="glass"),
    ]


def _frame(width: float, depth: float, wall: float, rim: float) -> list[Solid]:
    """Four bars around an opening of width × depth, lying on its wall."""
    long, short = width + 2.0 * (wall + rim / 2.0), depth
    thick, middle = wall + rim / 2.0, (wall + rim / 2.0) / 2.0
    across = block((long, rim, thick), bevel=0.25 * rim)
    along = block((thick, rim, short), bevel=0.25 * rim)
    return [
        across.moved((width / 2.0, 0.0, -middle)),
        across.moved((width / 2.0, 0.0, depth + middle)),
        along.moved((-middle, 0.0, depth / 2.0)),
        along.moved((width + middle, 0.0, depth / 2.0)),
    ]


def piston(width: float, depth: float, *, thickness: float, travel: float, label: Text | None = None) -> Shape:
    """A square piston with seal, rod and T-handle. y = 0 is the face that the gas hits; it fits the cuvette's inside.

    `travel` is the longest way from the face to the collar: the rod and handle stay above it.
    """
    middle = np.array([width / 2.0, 0.0, depth / 2.0])
    thin = 0.075 * min(width, depth)
    plate, gap = 0.32 * thickness, 0.995
    head = block((width * gap, plate, depth * gap), bevel=0.1 * plate)
    seal = block((width * 0.985, thickness - 2.0 * plate, depth * 0.985), bevel=0.12 * plate)
    top = thickness + travel
    flange = turned(2.2 * thin, 0.6 * thin)
    handle = _beside(middle, -0.42 * width, top, 0.0), _beside(middle, 0.42 * width, top, 0.0)
    pieces = [
        Piece(head.moved(_beside(middle, 0.0, plate / 2.0, 0.0)), "steel", "polished"),
        Piece(seal.moved(_beside(middle, 0.0, thickness / 2.0, 0.0)), "black", "matte"),
        Piece(head.moved(_beside(middle, 0.0, thickness - plate / 2.0, 0.0)), "steel", "polished"),
        Piece(flange.moved(_beside(middle, 0.0, thickness, 0.0)), "dark_steel", "satin"),
        Piece(bar(_beside(middle, 0.0, thickness, 0.0), _beside(middle, 0.0, top, 0.0), thin), "steel", "polished"),
        Piece(bar(*handle, 1.7 * thin, bevel=0.8 * thin), "graphite"),
        Piece(turned(2.2 * thin, 1.0 * thin).moved(_beside(middle, 0.0, top - 2.4 * thin, 0.0)), "steel", "polished"),
    ]
    name = _name(label, "piston", "活塞")
    return Shape(name, pieces, tags=_tags(label, (width, thickness / 2.0, depth), "right"))


def ruler(
    length: float,
    *,
    at: Vector = ORIGIN,
    width: float,
    minor: float,
    major: float,
    per_unit: float,
    unit: str = "",
    down: bool = False,
    foot: float = 0.0,
    label: Text | None = None,
) -> Shape:
    """An upright ruler whose graduated left edge starts at `at`; with `down` its zero is at the top.

    With `foot` it stands on a weighted foot that far below `at`.
    """
    x, y, z = (float(value) for value in at)
    spare, thick = 0.35 * width, 0.12 * width
    tall = length + 2.0 * spare + (0.6 * width if unit else 0.0)
    body = block((width, tall, thick), bevel=0.25 * thick).moved((x + width / 2.0, y - spare + tall / 2.0, z))
    drawn = graduations(length, minor=minor, major=major, per_unit=per_unit, width=width, unit=unit, down=down)
    shifted = [lifted(operation, spare) for operation in drawn]
    face = Mark(
        (x + width / 2.0, y - spare + tall / 2.0, z + 0.52 * thick), (width, 0, 0), (0, tall, 0), shifted
    )
    name = _name(label, "ruler", "刻度尺")
    pieces = [Piece(body, "ivory", "paint")]
    if foot > 0.0:
        stem, tall_foot = (x + width / 2.0, y - foot, z - thick), 0.5 * width
        pieces.append(Piece(bar(stem, _beside(stem, 0.0, foot + 0.1 * length, 0.0), 0.12 * width), "steel", "polished"))
        pieces.append(Piece(turned(1.1 * width, tall_foot, bevel=0.15 * width).moved(stem), "graphite"))
    return Shape(name, pieces, [face], _tags(label, (x + width / 2.0, y - spare + tall, z)))


def pointer(length: float, *, colour: str = "signal") -> Shape:
    """A thin red rider that points to the left; the point of it is the origin."""
    head = cone(0.22 * length, 0.5 * length, segments=24).along((-1.0, 0.0, 0.0)).moved((0.5 * length, 0.0, 0.0))
    tail = bar((0.5 * length, 0.0, 0.0), (length, 0.0, 0.0), 0.07 * length)
    return Shape({"en": "pointer", "zh": "指针"}, [Piece(head, colour), Piece(tail, colour)])


def vessel_scale(
    height: float, *, at: Vector, width: float, minor: float, major: float, per_unit: float, unit: str
) -> Shape:
    """Graduations etched on a vessel's front, their zero at `at`; no body of their own."""
    x, y, z = (float(value) for value in at)
    tall = height + width
    drawn = graduations(height, minor=minor, major=major, per_unit=per_unit, width=width, unit=unit)
    middle = (x + width / 2.0, y + tall / 2.0 - 0.25 * width, z)
    shifted = [lifted(operation, 0.25 * width) for operation in drawn]
    return Shape({"en": "scale", "zh": "刻度"}, marks=[Mark(middle, (width, 0, 0), (0, tall, 0), shifted)])


def scale_bar(length: float, text: Text, *, at: Vector, label: Text | None = None) -> Shape:
    """A bar of known length lying on the bench, with its length written under it."""
    x, y, z = (float(value) for value in at)
    deep = 0.36 * length
    bar_ = [["line", 0.02 * length, 0.78 * deep, 0.98 * length, 0.78 * deep, 0.05 * length]]
    ends = [["line", x0 * length, 0.62 * deep, x0 * length, 0.94 * deep, 0.025 * length] for x0 in (0.02, 0.98)]
    words = [["text", 0.5 * length, 0.26 * deep, text, 0.19 * length, "centre"]]
    mark = Mark((x + length / 2.0, y, z), (length, 0, 0), (0, 0, -deep), [*bar_, *ends, *words])
    return Shape(_name(label, "scale bar", "比例尺"), marks=[mark])


def protractor(radius: float, *, pivot: Vector = ORIGIN, behind: float, span: float = 90.0) -> Shape:
    """A half-round card behind the pivot with degrees to both sides of the vertical."""
    x, y, z = (float(value) for value in pivot)
    drawn, head = degrees(radius, span), HEAD * radius
    mark = Mark((x, y - radius / 2.0 + head / 2.0, z - behind), (2.0 * radius, 0, 0), (0, radius + head, 0), drawn)
    return Shape({"en": "protractor", "zh": "量角器"}, marks=[mark])


def photogate(gap: float, *, at: Vector = ORIGIN, post: float = 0.0, label: Text | None = None) -> Shape:
    """A fork with a lamp and an eye on either side of `at`, `gap` apart along z, on a post of that length."""
    middle = np.asarray(at, float)
    thick = 0.34 * gap
    arm = block((0.55 * gap, 1.5 * gap, thick), bevel=0.08 * gap)
    bridge = block((0.55 * gap, thick, gap + 2.0 * thick), bevel=0.08 * gap)
    low = -1.0 * gap
    lamp = bar((0.0, 0.0, -gap / 2.0 - 0.3 * thick), (0.0, 0.0, -gap / 2.0 + 0.06 * thick), 0.1 * gap)
    eye = bar((0.0, 0.0, gap / 2.0 - 0.06 * thick), (0.0, 0.0, gap / 2.0 + 0.3 * thick), 0.1 * gap)
    pieces = [
        Piece(arm.moved(_beside(middle, 0.0, -0.42 * gap, -(gap + thick) / 2.0)), "black"),
        Piece(arm.moved(_beside(middle, 0.0, -0.42 * gap, (gap + thick) / 2.0)), "black"),
        Piece(bridge.moved(_beside(middle, 0.0, low, 0.0)), "black"),
        Piece(lamp.moved(middle), "signal"),
        Piece(eye.moved(middle), "dark_steel", "satin"),
    ]
    if post > 0.0:
        foot = _beside(middle, 0.0, low - post, 0.0)
        pieces.append(Piece(bar(foot, _beside(middle, 0.0, low, 0.0), 0.11 * gap), "steel", "polished"))
        pieces.append(Piece(turned(0.75 * gap, 0.16 * gap).moved(foot), "graphite"))
    side = _beside(middle, -0.27 * gap, 0.0, gap / 2.0 + thick)
    return Shape(_name(label, "photogate", "光电门"), pieces, tags=_tags(label, side, "left"))


def beam(gap: float, *, at: Vector = ORIGIN, radius: float, colour: str = "#ff4a33") -> Shape:
    """The light of a photogate, along z through `at`; it lights up when something breaks it."""
    middle = np.asarray(at, float)
    ends = _beside(middle, 0.0, 0.0, -gap / 2.0), _beside(middle, 0.0, 0.0, gap / 2.0)
    ray = bar(*ends, radius, bevel=0.0, segments=12)
    return Shape({"en": "light beam", "zh": "光束"}, [Piece(ray, colour)], kind="beam", colour=colour)


def label(text: Text, *, at: Vector, side: Side = "up") -> Shape:
    """A name on its own, at a point of the bench."""
    return Shape(text, tags=[Tag(text, at, side)])
