"""What scripted students find out about gases."""

import math
from functools import cache

import numpy as np
from scipy.constants import Boltzmann, atomic_mass
from scipy.optimize import minimize_scalar
from scipy.stats import maxwell
from uncertainties import UFloat
from uncertainties.umath import sqrt

from engine.molecules.species import SPECIES
from labs.bench.instrument import Instrument
from labs.bench.instruments.thermometer import Thermometer
from labs.bench.ledger import Measured, truth
from labs.bench.student import Student, average, numbers
from labs.gas_piston import virial
from labs.gas_piston.lab import NM, PS, GasPistonLab

ROOM = 300.0  # K
STEP = 0.01 * PS  # somewhat longer than the lab's own: the gas is thin
SETTLING = 100 * PS  # several times from wall to wall
CUTOFF = 2.5  # σ
NITROGEN = 28.014 * atomic_mass  # kg
FEW = 100  # molecules, where their fluctuation is looked at
THIN = {"number": 500, "box": 10 * NM, "piston": 20 * NM, "temperature": ROOM, "cutoff": CUTOFF, "dt": STEP}
"""Nitrogen at ten atmospheres."""


@truth("pV of dilute nitrogen", unit="J", source="NkT (1 + B N/V), B of the simulated potential by quadrature")
def pressure_times_volume(seed: int) -> Measured:
    """Read the gauge whenever its window is full of new blows, and the scale; multiply."""
    student = Student(GasPistonLab(**THIN), seed, ["pressure", "volume"])
    student.wait(SETTLING)
    found = student.watch(["pressure", "volume"], times=24, every=student.instrument("pressure").window)
    product = student.mean(found["pressure"]) * 1e6 * student.mean(found["volume"]) * NM**3
    gas, density = SPECIES["nitrogen"], THIN["number"] / (THIN["box"] ** 2 * THIN["piston"])
    crowding = virial.second_virial(ROOM / gas.epsilon, CUTOFF) * gas.sigma**3 * density
    return Measured(product, THIN["number"] * Boltzmann * ROOM * (1 + crowding))


@cache
def speeds(seed: int) -> dict[str, UFloat]:
    """Most probable, mean and root-mean-square speed [m/s] of nitrogen at 300 K, from the faces of two histograms."""
    student = Student(GasPistonLab(**THIN), seed, ["mean_speed", "rms_speed"])
    student.wait(SETTLING)
    means, squares, peaks = [], [], []
    for _ in range(20):
        student.wait(student.instrument("mean_speed").window)
        means.append(student.value("mean_speed"))
        squares.append(student.value("rms_speed") ** 2)
        peaks.append(peak(student.instrument("mean_speed").face()))
    return {"peak": average(np.array(peaks)), "mean": average(np.array(means)), "rms": sqrt(average(np.array(squares)))}


def peak(face: dict[str, list[float]]) -> float:
    """The most probable speed [m/s]: that of Maxwell's curve whose shape fits the bars best (maximum likelihood)."""
    edges, counts = np.array(face["edges"]), np.array(face["counts"])

    def unlikely(scale: float) -> float:
        return -float(counts @ np.log(np.diff(maxwell.cdf(edges, scale=scale)) + 1e-300))

    found = minimize_scalar(unlikely, bounds=(edges[1], edges[-1] / 2), method="bounded", options={"xatol": 1e-3})
    return math.sqrt(2) * float(found.x)


@truth("most probable speed of nitrogen", unit="m/s", source="Maxwell: √(2kT/m), 300 K: 422.0 m/s")
def most_probable_speed(seed: int) -> Measured:
    """Fit the shape of the histogram."""
    return Measured(speeds(seed)["peak"], math.sqrt(2 * Boltzmann * ROOM / NITROGEN))


@truth("mean speed of nitrogen", unit="m/s", source="Maxwell: √(8kT/πm), 300 K: 476.2 m/s")
def mean_speed(seed: int) -> Measured:
    """Read it off the histogram."""
    return Measured(speeds(seed)["mean"], math.sqrt(8 * Boltzmann * ROOM / (math.pi * NITROGEN)))


@truth("rms speed of nitrogen", unit="m/s", source="√(3kT/m), 300 K: 516.8 m/s")
def rms_speed(seed: int) -> Measured:
    """Read it off the histogram."""
    return Measured(speeds(seed)["rms"], math.sqrt(3 * Boltzmann * ROOM / NITROGEN))


class QuickThermometerLab(GasPistonLab):
    """The lab with a thermometer so small that it follows every fluctuation of the gas."""

    tick = 100

    def instruments(self) -> list[Instrument]:
        """Neither lag nor window."""
        return [Thermometer("temperature", observable="kinetic_temperature", noise=0.1, zero_error=0.3)]


@truth("σ_T/T of a canonical gas", unit="", speed="slow",
       source="canonical gas: σ_T/T = √(2/3N), N = 100, thermal walls, a reading every 20 ps")  # fmt: skip
def fluctuation(seed: int) -> Measured:
    """Read the quick thermometer four thousand times; its own noise is taken off."""
    cube = {"number": FEW, "box": 5 * NM, "piston": 5 * NM, "temperature": ROOM, "dt": STEP}
    student = Student(QuickThermometerLab(**cube), seed)
    student.wait(SETTLING)
    readings = student.watch(["temperature"], times=4000, every=20 * PS)["temperature"]
    series, noise = numbers(readings), student.random(readings[-1])
    variance = average((series - series.mean()) ** 2) - noise**2
    temperature = student.mean(readings)
    return Measured(sqrt(variance) / temperature, math.sqrt(2 / (3 * FEW)))


@truth("second virial coefficient at T* = 1", unit="σ³", speed="slow",
       source="Lennard-Jones, untruncated: B = −5.3157 σ³")  # fmt: skip
def second_virial_cold(seed: int) -> Measured:
    """A vapour not far from its dew point, which it has at a density of 0.03 σ⁻³."""
    return Measured(virial.measure(1.0, (0.008, 0.016, 0.024), seed), -5.3157)


@truth("second virial coefficient at T* = 2", unit="σ³", speed="slow",
       source="Lennard-Jones, untruncated: B = −1.3145 σ³")  # fmt: skip
def second_virial_hot(seed: int) -> Measured:
    """A gas above every critical point."""
    return Measured(virial.measure(2.0, (0.02, 0.04, 0.06), seed), -1.3145)
