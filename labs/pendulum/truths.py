"""What scripted students find out about pendulums."""

import math

import numpy as np
from scipy.special import ellipk
from uncertainties import ufloat

from labs.bench.chart import fit
from labs.bench.lab import drawn
from labs.bench.ledger import Measured, truth
from labs.bench.student import Student
from labs.pendulum.lab import PendulumLab

LENGTHS = (0.3, 0.6, 0.9, 1.2, 1.5)  # m
SMALL = 0.1  # rad
RELEASES = 6
AIR = 1.204  # kg/m³ at 20 °C
BRASS = 8500.0  # kg/m³
RADIUS = 0.025  # m, written on the bob


def stretch(angle: float) -> float:
    """T/T₀ at an amplitude [rad]: 2/π K(sin²(θ/2)) (Landau & Lifshitz, Mechanics, §11)."""
    return float(2 / math.pi * ellipk(math.sin(angle / 2) ** 2))


def first_period(student: Student) -> float:
    """Hold the bob, let it go, and wait for the photogate to show a whole period [s]."""
    student.press("hold")
    student.press("release")
    student.wait(0.1)
    while student.look("photogate").value is None:
        student.wait(0.1)
    return student.value("photogate")


@truth("drawn g", unit="m/s²", source="T² = 4π² L/g for small angles; g drawn between 1.6 and 25 m/s²")
def drawn_gravity(seed: int) -> Measured:
    """Fit T² against the length: worn rulers shift all lengths alike, so the slope does not care."""
    lab = PendulumLab(length=1.0, gravity=drawn(1.6, 25.0), release_angle=SMALL, bob_radius=RADIUS)
    student = Student(lab, seed)
    lengths, squares, blurs, spreads = [], [], [], []
    for length in LENGTHS:
        student.press("hold")
        student.set("length", length)
        ruler = student.measure("ruler")
        period = first_period(student) / stretch(SMALL)
        gate = student.look("photogate")
        measured = student.value("ruler")
        lengths.append(measured + 0.4 * RADIUS**2 / measured)  # a ball is no point: I = m L² + 2/5 m R²
        squares.append(period**2)
        blurs.append(student.random(ruler))
        spreads.append(2 * period * student.random(gate))
    line = fit("linear", *(np.array(column) for column in (lengths, squares, blurs, spreads)))
    slope = ufloat(line.values[0], line.uncertainties[0])
    lifted = 1 + 1.5 * AIR / BRASS  # buoyancy, and the air that goes along
    return Measured(4 * math.pi**2 / slope * lifted, student.run.apparatus.hidden["gravity"])


@truth("period at 20° over period at 10°", unit="", source="complete elliptic integral: 1.00575")
def amplitude(seed: int) -> Measured:
    """Let it go from either angle by turns, in a vacuum, and read the first period."""
    student = Student(PendulumLab(length=1.0, gravity=9.81, air_density=0.0), seed)
    found: dict[int, list[float]] = {10: [], 20: []}
    blur = 0.0
    for _ in range(RELEASES):
        for angle, periods in found.items():
            student.press("hold")
            student.set("release_angle", math.radians(angle))
            periods.append(first_period(student))
            blur = student.random(student.look("photogate"))
    means = {angle: ufloat(np.mean(periods), blur / math.sqrt(RELEASES)) for angle, periods in found.items()}
    return Measured(means[20] / means[10], stretch(math.radians(20)) / stretch(math.radians(10)))
