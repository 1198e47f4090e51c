"""Printed scales: the lines and numbers of rulers and protractors, as drawing operations (see `Mark`)."""

from typing import Any

import numpy as np

Operation = list[Any]
HEAD = 0.12  # height of the strip above a protractor's centre, in radii
CARD = "#fdfcf8"


def graduations(
    length: float, *, minor: float, major: float, per_unit: float, width: float, unit: str = "", down: bool = False
) -> list[Operation]:
    """Marks of a scale that runs upwards from 0 to `length`, numbered at every `major` in units of `per_unit`."""
    marks: list[Operation] = []
    count, every = round(length / minor), round(major / minor)
    for number in range(count + 1):
        place = (count - number if down else number) * minor
        rank = 0 if number % every == 0 else 1 if every % 2 == 0 and number % (every // 2) == 0 else 2
        reach, thick = width * (0.48, 0.36, 0.24)[rank], width * (0.055, 0.035, 0.035)[rank]
        marks.append(["line", 0.0, place, reach, place, thick])
        if rank == 0:
            marks.append(["text", width * 0.56, place, f"{number * minor / per_unit:g}", 0.30 * width, "left"])
    if unit:
        marks.append(["text", width * 0.5, length + 0.42 * width, unit, 0.30 * width, "centre"])
    return marks


def lifted(operation: Operation, by: float) -> Operation:
    """A line or a text, moved up."""
    lifted = list(operation)
    lifted[2] += by
    if lifted[0] == "line":
        lifted[4] += by
    return lifted


def degrees(radius: float, span: float) -> list[Operation]:
    """A half-round card with degrees to both sides of the vertical; its centre is at (radius, radius)."""
    fine, head = radius / 100.0, HEAD * radius
    drawn: list[Operation] = [
        ["fan", radius, radius, radius, 180.0, 360.0, CARD],
        ["box", 0.0, radius - 0.01 * radius, 2.0 * radius, head, 0.04 * radius, CARD],
        ["arc", radius, radius, 0.985 * radius, 180.0, 360.0, 0.9 * fine],
        ["line", radius, radius, radius, 0.22 * radius, 0.5 * fine],
        ["line", 0.22 * radius, radius, 1.78 * radius, radius, 0.5 * fine],
        ["disc", radius, radius, 1.6 * fine],
    ]
    for degree in range(-int(span), int(span) + 1):
        drawn += _degree(degree, radius, fine)
    return drawn


def _degree(degree: int, radius: float, fine: float) -> list[Operation]:
    """One mark of a protractor, numbered at every tenth."""
    angle, rank = np.radians(degree - 90.0), 0 if degree % 10 == 0 else 1 if degree % 5 == 0 else 2
    inner, outer = radius * (0.86, 0.90, 0.93)[rank], 0.975 * radius
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    ends = [radius + inner * cos, radius + inner * sin, radius + outer * cos, radius + outer * sin]
    drawn: list[Operation] = [["line", *ends, (0.9 if rank == 0 else 0.45) * fine]]
    if degree % 10 == 0:
        place = [radius + 0.77 * radius * cos, radius + 0.77 * radius * sin]
        drawn.append(["text", *place, f"{abs(degree)}", 8.0 * fine, "centre"])
    return drawn
