"""A chart drawn on paper: one SVG picture in black and white, the curve above, its residuals below."""

import math
from collections.abc import Callable, Iterable
from html import escape

from labs.bench.chart import Chart, Point
from labs.bench.words import _, say

WIDTH, HEIGHT, LOWER = 640, 300, 96  # of the picture, of the curve's frame, of the residuals' frame; in px
LEFT, RIGHT, TOP, GAP, BOTTOM = 70, 14, 10, 14, 44
ROOM = 0.06  # of the span is left free beside the outermost marks
TICKS = 6
Scale = Callable[[float], float]


def svg(chart: Chart, lang: str) -> str:
    """The chart as an `<svg>` element that needs nothing else; an empty text when there is no point."""
    if not chart.points:
        return ""
    lower = LOWER if chart.found else 0
    bottom = TOP + HEIGHT + (GAP + lower if lower else 0)
    across = _span([value for one in chart.points for value in (one.x - one.ux, one.x + one.ux)])
    curve = list(zip(*(part.tolist() for part in chart.curve()), strict=True))
    up = _span([*(value for one in chart.points for value in (one.y - one.uy, one.y + one.uy)),
                *(y for _x, y, _u in curve)])
    x, y = _scale(across, LEFT, WIDTH - RIGHT), _scale(up, TOP + HEIGHT, TOP)
    parts = [*_frame(TOP, HEIGHT), *_ticks_up(up, y), *_ticks_across(across, x, bottom), *_curve(curve, x, y),
             *(mark for one in chart.points for mark in _point(one, x, y)),
             _words(LEFT + (WIDTH - LEFT - RIGHT) / 2, bottom + 38, chart.x.heading(lang)),
             _words(16, TOP + HEIGHT / 2, chart.y.heading(lang), turned=True)]
    if lower:
        parts += _residuals(chart, x, lang)
    title = escape(f"{chart.y.heading(lang)} · {chart.x.heading(lang)}")
    return (f'<svg viewBox="0 0 {WIDTH} {bottom + BOTTOM}" role="img" aria-label="{title}" '
            f'font-family="sans-serif" font-size="13">{"".join(parts)}</svg>')


def ticks(low: float, high: float, count: int = TICKS) -> list[float]:
    """Round numbers between two values, about `count` of them, in steps of 1, 2 or 5."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12 - math.floor(math.log10(step))) for number in range(first, last + 1)]


def _span(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    low, high = min(found), max(found)
    room = ROOM * (high - low) or ROOM * abs(low) or 1.0
    return low - room, high + room


def _scale(span: tuple[float, float], start: float, end: float) -> Scale:
    low, high = span
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _frame(top: float, height: float) -> list[str]:
    return [f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{height}" fill="none" stroke="#000"/>']


def _line(x1: float, y1: float, x2: float, y2: float, look: str = 'stroke="#000"') -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def _words(x: float, y: float, text: str, *, turned: bool = False, anchor: str = "middle") -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{escape(text)}</text>'


def _figure(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _ticks_up(span: tuple[float, float], y: Scale) -> list[str]:
    return [mark for value in ticks(*span) for mark in (
        _line(LEFT, y(value), WIDTH - RIGHT, y(value), 'stroke="#ccc"'),
        _words(LEFT - 6, y(value) + 4, _figure(value), anchor="end"))]


def _ticks_across(span: tuple[float, float], x: Scale, bottom: float) -> list[str]:
    return [mark for value in ticks(*span) for mark in (
        _line(x(value), bottom, x(value), bottom + 5), _words(x(value), bottom + 19, _figure(value)))]


def _curve(curve: list[tuple[float, float, float]], x: Scale, y: Scale) -> list[str]:
    if not curve:
        return []
    above = [f"{x(at):.1f},{y(value + by):.1f}" for at, value, by in curve]
    below = [f"{x(at):.1f},{y(value - by):.1f}" for at, value, by in reversed(curve)]
    line = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value, _u in curve)
    return [f'<polygon points="{" ".join(above + below)}" fill="#ddd" stroke="none"/>',
            f'<polyline points="{line}" fill="none" stroke="#000" stroke-width="1.5"/>']


def _point(one: Point, x: Scale, y: Scale) -> list[str]:
    across, up, marks = x(one.x), y(one.y), []
    look = 'stroke="#777"' if one.excluded else 'stroke="#000"'
    if one.uy:
        ends = y(one.y - one.uy), y(one.y + one.uy)
        marks += [_line(across, ends[0], across, ends[1], look)]
        marks += [_line(across - 3, end, across + 3, end, look) for end in ends]
    if one.ux:
        marks += [_line(x(one.x - one.ux), up, x(one.x + one.ux), up, look)]
    if one.excluded:
        return [*marks, *(_line(across - 4, up - 4 * side, across + 4, up + 4 * side, look) for side in (-1, 1))]
    return [*marks, f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3.5" fill="#000"/>']


def _residuals(chart: Chart, x: Scale, lang: str) -> list[str]:
    """Each point's distance from the curve in units of its uncertainty; dashed lines at ±1."""
    top = TOP + HEIGHT + GAP
    used = [(one.x, one.normalised) for one in chart.points if one.normalised is not None]
    reach = max([2.0, *(abs(off) * 1.15 for _x, off in used)])
    y = _scale((-reach, reach), top + LOWER, top)
    lines = [_line(LEFT, y(level), WIDTH - RIGHT, y(level), 'stroke="#000"' if level == 0 else
                   'stroke="#777" stroke-dasharray="4 3"') for level in (-1, 0, 1)]
    labels = [_words(LEFT - 6, y(level) + 4, _figure(level), anchor="end") for level in ticks(-reach, reach, 4)]
    marks = [f'<circle cx="{x(at):.1f}" cy="{y(off):.1f}" r="3.5" fill="#000"/>' for at, off in used]
    return [*_frame(top, LOWER), *lines, *labels, *marks,
            _words(16, top + LOWER / 2, say(_("left over / u"), lang), turned=True)]
