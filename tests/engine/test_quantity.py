"""Quantities refuse what is not in their range, and say so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal, nearest
from engine.quantity import Choice, Quantity


class Bench:
    length = Quantity("m", default=1.0, low=0.1, high=2.0, doc="length")
    cells = Quantity("", default=8, low=2, high=64, doc="cells")
    ensemble = Choice(("nve", "nvt"), default="nve", doc="ensemble")

    def __init__(self) -> None:
        self.parameters = {"length": 0.5, "cells": 16, "ensemble": "nvt"}


def test_on_the_class_it_is_itself_and_on_an_instance_its_value() -> None:
    assert Bench.length.name == "length" and Bench.length.unit == "m"
    assert (Bench().length, Bench().cells, Bench().ensemble) == (0.5, 16, "nvt")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_is_either_inside_or_refused(value: float) -> None:
    if 0.1 <= value <= 2.0:
        assert Bench.length.check(value) == value
    else:
        with pytest.raises(Refusal, match="outside its range"):
            Bench.length.check(value)


@pytest.mark.parametrize("value", ["long", None, [1.0]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(Refusal, match="length must be a number in m"):
        Bench.length.check(value)


def test_whole_numbers_stay_whole() -> None:
    assert Bench.cells.check("16") == 16 and isinstance(Bench.cells.check(16.0), int)
    with pytest.raises(Refusal, match="whole number"):
        Bench.cells.check(16.5)
    for value in (math.inf, math.nan):
        with pytest.raises(Refusal, match="range"):
            Bench.cells.check(value)


def test_a_misspelt_choice_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="Did you mean: nvt"):
        Bench.ensemble.check("nvtt")
    assert nearest("zzz", ["a", "b"]) == "a, b"
