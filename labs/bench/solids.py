"""Solid bodies as triangles: lathe-turned, sawn and bent pieces with rounded edges, from which apparatus is assembled.

A sharp edge never catches the light, so every piece has a small bevel; lengths are in the solver's own unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
ARC = 4  # steps of a quarter round: a bevel of a few pixels needs no more
Y_AXIS = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Solid:
    """Triangles of a body: points (n, 3), outward unit normals (n, 3), faces (m, 3) of point numbers."""

    points: Floats
    normals: Floats
    faces: NDArray[np.integer]

    def moved(self, offset: ArrayLike) -> "Solid":
        return replace(self, points=self.points + np.asarray(offset, float))

    def turned(self, quaternion: ArrayLike) -> "Solid":
        """Rotated about the origin by a unit quaternion (x, y, z, w)."""
        return replace(self, points=rotate(quaternion, self.points), normals=rotate(quaternion, self.normals))

    def along(self, direction: ArrayLike) -> "Solid":
        """Rotated so that its own y axis points along `direction`."""
        return self.turned(aim(direction))


def rotate(quaternion: ArrayLike, points: ArrayLike) -> Floats:
    """v + 2 w (q × v) + 2 q × (q × v) for each row v."""
    x, y, z, w = np.asarray(quaternion, float)
    axis, rows = np.array([x, y, z]), np.atleast_2d(np.asarray(points, float))
    across = np.cross(axis, rows)
    return rows + 2.0 * w * across + 2.0 * np.cross(axis, across)


def aim(direction: ArrayLike) -> Floats:
    """Quaternion (x, y, z, w) of the shortest turn from the y axis to `direction`."""
    unit = np.asarray(direction, float)
    length = float(np.linalg.norm(unit))
    if length == 0.0:
        return np.array([0.0, 0.0, 0.0, 1.0])
    unit = unit / length
    if unit[1] < -1.0 + 1e-12:
        return np.array([1.0, 0.0, 0.0, 0.0])  # half a turn about x
    turn = np.array([unit[2], 0.0, -unit[0], 1.0 + unit[1]])
    return turn / np.linalg.norm(turn)


def join(solids: Iterable[Solid]) -> Solid:
    """One body of several; points are kept apart."""
    parts = list(solids)
    starts = np.cumsum([0] + [len(part.points) for part in parts[:-1]])
    return Solid(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]),
    )


def _grid_faces(rows: int, columns: int) -> NDArray[np.integer]:
    """Two triangles for every cell of a grid of points numbered row by row."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    corner = (row * columns + column).ravel()
    below = np.stack([corner, corner + columns, corner + 1], axis=1)
    above = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([below, above])


def lathe(profile: ArrayLike, slopes: ArrayLike, segments: int = 48) -> Solid:
    """A profile of (radius, height) with its outward normals (radial, axial), from bottom to top, turned about y."""
    outline, outward = np.asarray(profile, float), np.asarray(slopes, float)
    angle = np.linspace(0.0, 2.0 * np.pi, segments + 1)
    cos, sin = np.cos(angle), np.sin(angle)

    def spin(pairs: Floats) -> Floats:
        radial, axial = pairs[:, :1], pairs[:, 1:]
        return np.stack([radial * cos, np.broadcast_to(axial, (len(pairs), len(cos))), radial * sin], -1).reshape(-1, 3)

    return Solid(spin(outline), spin(outward), _grid_faces(len(outline), segments + 1))


def _quarter(start: float, end: float) -> Floats:
    angle = np.radians(np.linspace(start, end, ARC + 1))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def cylinder(radius: float, height: float, *, bevel: float | None = None, segments: int = 48) -> Solid:
    """A turned disc or rod about the y axis, standing on y = 0, both rims rounded."""
    round_ = min(0.12 * min(radius, height) if bevel is None else bevel, 0.499 * height, 0.999 * radius)
    low, high = _quarter(-90.0, 0.0), _quarter(0.0, 90.0)
    foot = low * round_ + [radius - round_, round_]
    head = high * round_ + [radius - round_, height - round_]
    profile = np.concatenate([[[0.0, 0.0]], foot, head, [[0.0, height]]])
    slopes = np.concatenate([[[0.0, -1.0]], low, high, [[0.0, 1.0]]])
    return lathe(profile, slopes, segments)


def bar(start: ArrayLike, end: ArrayLike, radius: float, *, bevel: float | None = None, segments: int = 32) -> Solid:
    """A round bar between two points."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    length = float(np.linalg.norm(last - first))
    return cylinder(radius, length, bevel=bevel, segments=segments).along(last - first).moved(first)


def cone(radius: float, height: float, *, segments: int = 32) -> Solid:
    """A cone on y = 0 with its point up: the head of an arrow."""
    slope = np.array([height, radius]) / np.hypot(height, radius)
    return lathe([[0.0, 0.0], [radius, 0.0], [radius, 0.0], [0.0, height]], [[0, -1], [0, -1], slope, slope], segments)


def ball(radius: float, *, segments: int = 48) -> Solid:
    """A ball about the origin."""
    angle = np.radians(np.linspace(-90.0, 90.0, segments // 2 + 1))
    outward = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return lathe(outward * radius, outward, segments)


def ring(radius: float, thickness: float, *, segments: int = 40) -> Solid:
    """A torus about the y axis: mean radius and half thickness."""
    angle = np.linspace(0.0, 2.0 * np.pi, 17) - np.pi / 2.0
    outward = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return lathe(outward * thickness + [radius, 0.0], outward, segments)


def block(size: Sequence[float], *, bevel: float | None = None) -> Solid:
    """A sawn block of the given sides about the origin, its edges rounded."""
    half = np.asarray(size, float) / 2.0
    round_ = min(0.08 * float(half.min()) * 2.0 if bevel is None else bevel, 0.98 * float(half.min()))
    lean = np.tan(np.radians(np.linspace(0.0, 45.0, ARC // 2 + 1)))
    offset = np.concatenate([-lean[::-1], lean])
    inner = np.concatenate([-np.ones(len(lean)), np.ones(len(lean))])
    return join(_side(axis, sign, half, round_, offset, inner) for axis in range(3) for sign in (-1.0, 1.0))


def slab(width: float, depth: float, thickness: float, *, corner: float) -> Solid:
    """A plate about the origin, its corners rounded to the radius `corner` and its rims bevelled."""
    round_ = 0.3 * thickness
    reach = np.array([width / 2.0 - corner, depth / 2.0 - corner])
    angle = np.concatenate([np.radians(np.linspace(90.0 * side, 90.0 * side + 90.0, 4 * ARC + 1)) for side in range(4)])
    angle = np.append(angle, angle[0])
    outward = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    middle = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], 4 * ARC + 1, axis=0)
    core = np.concatenate([middle, middle[:1]]) * reach
    low, high = _quarter(-90.0, 0.0), _quarter(0.0, 90.0)
    rims = [(low, -thickness / 2.0 + round_), (high, thickness / 2.0 - round_)]
    rows, slopes = [_flat(0.0 * core, -thickness / 2.0)], [_flat(0.0 * core, -1.0)]
    for rim, level in rims:
        for radial, axial in rim:
            rows.append(_flat(core + outward * (corner - round_ + round_ * radial), level + round_ * axial))
            slopes.append(_flat(outward * radial, axial))
    rows.append(_flat(0.0 * core, thickness / 2.0))
    slopes.append(_flat(0.0 * core, 1.0))
    return Solid(np.concatenate(rows), np.concatenate(slopes), _grid_faces(len(rows), len(angle)))


def _flat(pairs: Floats, level: float) -> Floats:
    """Points (x, level, z) of pairs (x, z)."""
    return np.stack([pairs[:, 0], np.full(len(pairs), level), pairs[:, 1]], axis=1)


def _side(axis: int, sign: float, half: Floats, round_: float, offset: Floats, inner: Floats) -> Solid:
    """One side of a rounded block, its border bent by up to 45 degrees to meet its neighbours."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    out = np.zeros((len(offset), len(offset), 3))
    out[..., axis] = sign
    out[..., first] = offset[:, None]
    out[..., second] = offset[None, :]
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    core = np.zeros_like(out)
    core[..., axis] = sign * (half[axis] - round_)
    core[..., first] = inner[:, None] * (half[first] - round_)
    core[..., second] = inner[None, :] * (half[second] - round_)
    faces = _grid_faces(len(offset), len(offset))
    if sign < 0.0:
        faces = faces[:, ::-1]
    return Solid((core + round_ * out).reshape(-1, 3), out.reshape(-1, 3), faces)
