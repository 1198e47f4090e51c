"""A scripted student: does an experiment at a bench as a person would, through its instruments alone."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from uncertainties import UFloat, ufloat

from engine.chance import Chance
from engine.errors import Refusal
from labs.bench.instrument import Instrument, Reading
from labs.bench.lab import Lab
from labs.bench.run import Run
from labs.bench.scenario import Scenario
from labs.bench.window import standard_error


class Student:
    """One student with a bench of its own; the seed decides what is hidden in it.

    Parameters
    ----------
    lab
        The lab, with its parameters.
    seed
        Stands for lesson, seat and attempt: from it comes the draw key.
    instruments
        What it takes from the shelf; all there is, if not said.

    """

    def __init__(self, lab: Lab, seed: int, instruments: Sequence[str] | None = None) -> None:
        key = hashlib.sha256(f"ledger|{lab.name()}|{seed}".encode()).digest()
        self.run = Run(lab if instruments is None else Scenario(lab.title, lab, instruments=instruments), key)
        self.hands = Chance(key).child("hands")

    def set(self, name: str, value: float) -> None:
        """Move a control."""
        self.run.act("set", name=name, value=value)

    def press(self, name: str) -> None:
        """Press a button of the apparatus."""
        self.run.act("press", name=name)

    def wait(self, time: float) -> None:
        """Let time pass, in the solver's unit."""
        self.run.advance(max(1, round(time / self.run.solver.dt)))

    def instrument(self, name: str) -> Instrument:
        """An instrument of the bench; its specification is printed on it."""
        return self.run.instruments[name]

    def look(self, name: str) -> Reading:
        """The face of an instrument, be it a number or a word."""
        shown = self.run.instruments[name].display()
        if shown is None:
            raise Refusal("{instrument} shows nothing yet. Wait longer.", instrument=name)
        return shown

    def value(self, name: str) -> float:
        """The number on the face of an instrument."""
        value = self.look(name).value
        if value is None:
            raise Refusal("{instrument} shows nothing yet. Wait longer.", instrument=name)
        return value

    def measure(self, name: str, **how: Any) -> Reading:
        """Read an instrument by hand."""
        self.run.act("measure", instrument=name, **how)
        return self.look(name)

    def watch(self, names: Sequence[str], times: int, every: float) -> dict[str, list[Reading]]:
        """Read several instruments so often, so long apart."""
        found: dict[str, list[Reading]] = {name: [] for name in names}
        for _ in range(times):
            self.wait(every)
            for name in names:
                found[name].append(self.look(name))
        return found

    def systematic(self, name: str, value: float) -> float:
        """The part of an instrument's standard uncertainty that repeating does not reduce: zero and gain."""
        instrument = self.instrument(name)
        return math.hypot(instrument.zero_error, instrument.gain_error * value)

    def random(self, reading: Reading) -> float:
        """The part that repeating does reduce."""
        value, whole = reading.value, reading.uncertainty
        if value is None or whole is None:
            raise Refusal("{instrument} shows nothing yet. Wait longer.", instrument=reading.instrument)
        return math.sqrt(max(0.0, whole**2 - self.systematic(reading.instrument, value) ** 2))

    def mean(self, readings: Sequence[Reading]) -> UFloat:
        """The mean of repeated readings: their scatter gives the random part, neighbours' likeness counted."""
        mean = average(numbers(readings))
        return ufloat(mean.n, math.hypot(mean.s, self.systematic(readings[0].instrument, mean.n)))


def numbers(readings: Sequence[Reading]) -> np.ndarray:
    """The numbers that the faces showed, shape (readings,)."""
    return np.array([reading.value for reading in readings if reading.value is not None])


def average(series: np.ndarray) -> UFloat:
    """The mean of a series whose neighbours may be alike, with its standard error."""
    return ufloat(float(series.mean()), float(standard_error(series, np.ones(len(series)))))
