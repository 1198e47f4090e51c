"""A gas piston in mid-lesson, as the desk would tell it to the page: what is given, and the state."""

import random
from typing import Any

Given = dict[str, Any]


def text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def given(words: dict[str, str]) -> Given:
    return {
        "id": "gas_isotherm",
        "title": text("Gas piston", "气体活塞"),
        "summary": text(
            "Find out how the pressure of a gas depends on its volume.", "探究一定质量的气体，压强与体积有什么关系。"
        ),
        "scene": text(
            "A glass cylinder with a piston, filled with 512 molecules.", "一个带活塞的玻璃圆筒，内有512个分子。"
        ),
        "steps": steps(),
        "controls": [
            {
                "name": "position",
                "label": text("piston", "活塞位置"),
                "symbol": "h",
                "unit": "nm",
                "low": 4,
                "high": 16,
                "step": 0.1,
                "value": 12,
                "key": "p",
            },
            {
                "name": "wall",
                "label": text("heater", "加热器温度"),
                "symbol": "T_w",
                "unit": "K",
                "low": 200,
                "high": 500,
                "step": 1,
                "value": 300,
                "key": "h",
            },
        ],
        "presses": [{"name": "release", "label": text("Release the piston", "释放活塞"), "key": "e"}],
        "instruments": instruments(),
        "questions": [
            {
                "id": "guess",
                "text": text(
                    "Half the volume: by what factor will the pressure grow?", "体积减半时，压强变为原来的多少倍？"
                ),
                "unit": "",
                "attempts": 3,
                "kind": "number",
            },
            {
                "id": "why",
                "attempts": 2,
                "kind": "choice",
                "text": text("Why does the pressure rise?", "压强为什么增大？"),
                "choices": [
                    text("The molecules are faster.", "分子运动得更快。"),
                    text("They hit the wall more often.", "分子撞击器壁更频繁。"),
                ],
            },
            {
                "id": "essay",
                "kind": "text",
                "attempts": None,
                "text": text("Which instrument limits your result, and why?", "哪一件仪器限制了你的结果？为什么？"),
            },
        ],
        "fits": [
            {"name": "linear", "label": text("straight line", "直线")},
            {"name": "inverse", "label": text("inverse", "反比")},
        ],
        "speeds": [0.25, 0.5, 1, 2, 4],
        "time": {"unit": "ps", "scale": 1e12, "decimals": 2},
        "words": {"zh": words},
        "legend": [
            {
                "label": text("speed", "速率"),
                "unit": "m/s",
                "low": 0,
                "high": 900,
                "colors": ["#440154", "#31688e", "#35b779", "#fde725"],
            }
        ],
        "health": "/health",
    }


def steps() -> list[Given]:
    lines = [
        ("Look around: what happens when you press Run?", "先看一看：按下“运行”会发生什么？", "predict", None),
        (
            "Predict: the volume is halved. What happens to the pressure?",
            "预测：体积减半，压强会怎样变化？",
            "predict",
            "guess",
        ),
        ("Take a first reading at rest.", "在静止状态下读一次数。", "measure", None),
        ("Read the pressure at five different volumes.", "在五个不同的体积下读取压强。", "measure", None),
        ("Let them span at least a factor of two.", "体积的范围至少相差一倍。", "measure", None),
        ("Repeat one volume three times.", "在同一体积下重复测量三次。", "measure", None),
        ("Draw pressure against volume.", "作压强–体积图。", "measure", None),
        ("Add a column 1/V and draw pressure against it.", "增加一列1/V，作压强–1/V图。", "measure", None),
        ("Fit a straight line.", "用直线拟合。", "explain", None),
        ("Explain what you found.", "解释你的发现。", "explain", "why"),
        ("Judge your instruments.", "评价你的仪器。", "explain", "essay"),
    ]
    why = text("One point could be chance; five show a law.", "一个点可能是偶然，五个点才能看出规律。")
    hint = text(
        "Move the piston, wait until the gauge has settled, then press Read.", "移动活塞，等压强计稳定后再按“读数”。"
    )
    return [
        {"text": text(en, zh), "why": why, "hint": hint, "kind": kind, "confirm": i == 0, "question": question}
        for i, (en, zh, kind, question) in enumerate(lines)
    ]


def instruments() -> list[Given]:
    return [
        {
            "name": "pressure",
            "label": text("pressure gauge", "压强计"),
            "symbol": "p",
            "unit": "MPa",
            "resolution": 0.01,
            "low": 0,
            "high": 60,
            "noise": 0.02,
            "window": 2,
            "window_unit": "ps",
            "manual": False,
            "kind": "digital",
            "doc": text("Counts the blows of molecules on the wall.", "统计分子对器壁的撞击。"),
        },
        {
            "name": "volume",
            "label": text("scale on the cylinder", "圆筒刻度"),
            "symbol": "V",
            "unit": "nm³",
            "resolution": 1,
            "low": 0,
            "high": 2000,
            "noise": 1,
            "manual": False,
            "kind": "digital",
        },
        {
            "name": "temperature",
            "label": text("thermometer", "温度计"),
            "symbol": "T",
            "unit": "K",
            "resolution": 0.1,
            "low": 50,
            "high": 900,
            "noise": 0.3,
            "window": 1,
            "window_unit": "ps",
            "manual": False,
            "kind": "digital",
        },
    ]


def pendulum_instruments() -> list[Given]:
    return [
        {
            "name": "length",
            "label": text("ruler", "直尺"),
            "symbol": "l",
            "unit": "m",
            "resolution": 0.001,
            "low": 0,
            "high": 2,
            "noise": 0.0005,
            "manual": True,
            "kind": "ruler",
            "key": "m",
        },
        {
            "name": "watch",
            "label": text("stopwatch", "秒表"),
            "symbol": "t",
            "unit": "s",
            "resolution": 0.01,
            "low": 0,
            "high": 600,
            "noise": 0.1,
            "manual": True,
            "kind": "stopwatch",
            "key": "s",
        },
    ]


COLUMNS: list[Given] = [
    {"name": "pressure", "label": text("pressure", "压强"), "symbol": "p", "unit": "MPa", "formula": ""},
    {"name": "volume", "label": text("volume", "体积"), "symbol": "V", "unit": "nm³", "formula": ""},
    {"name": "temperature", "label": text("temperature", "温度"), "symbol": "T", "unit": "K", "formula": ""},
    {"name": "pV", "label": "pV", "symbol": "pV", "unit": "MPa·nm³", "formula": "pressure * volume"},
]


def readings(count: int) -> list[Given]:
    dice = random.Random(4)
    rows = []
    for i in range(count):
        volume = 300 + 130 * i
        pressure = 2120.0 / volume * (1 + dice.gauss(0, 0.012)) + (1.1 if i == 4 else 0)
        kelvin = 300 + dice.gauss(0, 0.4)
        values = {
            "pressure": (pressure, 2, 0.08),
            "volume": (volume, 0, 1.2),
            "temperature": (kelvin, 1, 0.3),
            "pV": (pressure * volume, 0, 0.08 * volume),
        }
        cells = {
            name: {"text": f"{value:.{places}f}", "value": value, "uncertainty": u}
            for name, (value, places, u) in values.items()
        }
        rows.append(
            {
                "id": f"r{i}",
                "cells": cells,
                "excluded": i == 4,
                "note": "piston was still moving" if i == 4 else "",
                "deleted": False,
            }
        )
    return rows


def chart(rows: list[Given]) -> Given:
    def value(row: Given, name: str) -> tuple[float, float]:
        cell = row["cells"][name]
        return cell["value"], cell["uncertainty"]

    points = []
    for row in rows:
        (x, ux), (y, uy) = value(row, "volume"), value(row, "pressure")
        points.append({"id": row["id"], "x": x, "y": y, "ux": 8 * ux, "uy": uy, "excluded": row["excluded"]})
    curve = [[300 + 9.1 * i, 2118.0 / (300 + 9.1 * i)] for i in range(101)]
    residuals = [{"id": p["id"], "x": p["x"], "r": p["y"] - 2118.0 / p["x"], "u": p["uy"]} for p in points]
    parameters = [{"name": "a", "label": text("constant", "常数"), "text": "2118 ± 9", "unit": "MPa·nm³"}]
    return {
        "x": "volume",
        "y": "pressure",
        "fit": "inverse",
        "points": points,
        "curve": curve,
        "parameters": parameters,
        "residuals": residuals,
        "equation": "p = a / V",
        "chi2": 1.08,
        "message": "",
    }


def state(count: int = 9) -> Given:
    rows = readings(count)
    done = [{"done": i < 3, "have": 1 if i < 3 else 0, "need": 1} for i in range(11)]
    done[3] = {"done": False, "have": 3, "need": 5}
    live = {
        "pressure": {"text": "4.31", "uncertainty": 0.08, "ok": True, "note": ""},
        "volume": {"text": "492", "uncertainty": 1.2, "ok": True, "note": ""},
        "temperature": {"text": "300.4", "uncertainty": 0.32, "ok": False, "note": "not settled yet"},
    }
    return {
        "running": False,
        "speed": 1,
        "time": 12.4e-12,
        "guide": True,
        "steps": done,
        "controls": {"position": 9.3, "wall": 300},
        "live": live,
        "can_undo": True,
        "can_redo": False,
        "columns": COLUMNS,
        "rows": rows,
        "chart": chart(rows) if rows else {"x": "volume", "y": "pressure", "fit": ""},
        "questions": {
            "guess": {"left": 2, "verdict": "right", "value": 2},
            "why": {"left": 2, "verdict": ""},
            "essay": {"left": None, "verdict": ""},
        },
        "saved": {"all": True, "pending": 0},
        "ahead": None,
        "preparing": None,
        "stopped": None,
    }
