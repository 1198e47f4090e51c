"""What scripted students find out about gases."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.constants import Boltzmann, atomic_mass
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from uncertainties import UFloat, ufloat

from engine.molecules.forces import pair_energy
from engine.molecules.species import SPECIES
from labs.bench.instrument import Instrument
from labs.bench.instruments.thermometer import Thermometer
from labs.bench.lab import Lab
from labs.bench.ledger import Measured, truth
from labs.bench.student import Student, standard_error
from labs.gas_piston.lab import NM, PS, GasPistonLab

ROOM = 300.0  # K
NITROGEN = 28.014 * atomic_mass  # kg
MEGAPASCAL, CUBIC_NANOMETRE = 1e6, 1e-27
SETTLING = 150 * PS  # several times from wall to wall
READINGS = 12
CUTOFF = 2.5  # σ, of the lab
WIDE = 6.0  # σ, where the potential shall count as a whole
ARGON = SPECIES["argon"]
ARGON_STEP = 0.005 * 2.156 * PS  # 0.005 σ√(m/ε)


def virial(temperature: float, cutoff: float, shifted: bool = True) -> float:
    """B/σ³ of the Lennard-Jones potential cut at `cutoff` σ: −2π ∫ (exp(−u/kT) − 1) r² dr, T in ε/k."""
    end = pair_energy(cutoff) if shifted else 0.0

    def mayer(r: float) -> float:
        return math.expm1(-(pair_energy(r) - end) / temperature) * r * r

    return float(-2 * math.pi * (-(0.3**3) / 3 + quad(mayer, 0.3, cutoff, limit=200, epsabs=1e-10)[0]))


def beyond(temperature: float) -> float:
    """What the potential beyond `WIDE`, which the bench cuts off, adds to B/σ³."""
    return virial(temperature, 100.0, shifted=False) - virial(temperature, WIDE, shifted=False)


class Thin(NamedTuple):
    """What one long look at thin nitrogen gave: product of p and V [J], three speeds [m/s]."""

    product: UFloat
    expected: float
    mean: UFloat
    rms: UFloat
    probable: UFloat


@cache
def thin_nitrogen(seed: int) -> Thin:
    """Nitrogen at 300 K and about seven atmospheres, read whenever the gauge's window is full of new blows."""
    lab = GasPistonLab(number=512, box=12 * NM, piston=20 * NM, temperature=ROOM)
    student = Student(lab, seed)
    student.wait(SETTLING)
    names = ["pressure", "volume", "mean_speed", "rms_speed"]
    found: dict[str, list[float]] = {name: [] for name in [*names, "probable"]}
    for _ in range(READINGS):
        for name, readings in student.watch(names, 1, student.instrument("pressure").window).items():
            found[name].append(float(readings[0].value or 0.0))
        found["probable"].append(most_probable(student.instrument("mean_speed").face()))
    pressure, volume = (_mean(student, name, found[name]) for name in ("pressure", "volume"))
    number, place = lab.parameters["number"], lab.parameters["box"] ** 2 * lab.parameters["piston"]
    species = SPECIES["nitrogen"]
    second = virial(ROOM / species.epsilon, CUTOFF) * species.sigma**3
    expected = number * Boltzmann * ROOM * (1 + second * number / place)
    mean, rms = (_mean(student, name, found[name]) for name in ("mean_speed", "rms_speed"))
    probable = ufloat(np.mean(found["probable"]), standard_error(found["probable"]))
    return Thin(pressure * volume * MEGAPASCAL * CUBIC_NANOMETRE, expected, mean, rms, probable)


def _mean(student: Student, name: str, values: list[float]) -> UFloat:
    mean = math.fsum(values) / len(values)
    return ufloat(mean, math.hypot(standard_error(values), student.systematic(name, mean)))


def most_probable(face: dict[str, list[float]]) -> float:
    """Where v² exp(−v²/c²), integrated over the bins and fitted to the counts by likelihood, has its peak: c [m/s]."""
    edges, counts = np.array(face["edges"]), np.array(face["counts"])

    def unlikelihood(c: float) -> float:
        x = edges / c
        below = np.array([math.erf(one) - 2 / math.sqrt(math.pi) * one * math.exp(-one * one) for one in x])
        share = np.diff(below) / (below[-1] - below[0])
        return -float(counts @ np.log(np.maximum(share, 1e-300)))

    return float(minimize_scalar(unlikelihood, bounds=(200.0, 900.0), method="bounded").x)


@truth("pV of dilute nitrogen", unit="J", source="NkT (1 + B N/V), B of the simulated potential by quadrature")
def product_of_pressure_and_volume(seed: int) -> Measured:
    """Read gauge and scale many times; multiply."""
    found = thin_nitrogen(seed)
    return Measured(found.product, found.expected)


@truth("mean speed of nitrogen", unit="m/s", source="√(8kT/πm) at 300 K: 476.2 m/s")
def mean_speed(seed: int) -> Measured:
    """Read the mean speed many times."""
    return Measured(thin_nitrogen(seed).mean, math.sqrt(8 * Boltzmann * ROOM / (math.pi * NITROGEN)))


@truth("rms speed of nitrogen", unit="m/s", source="√(3kT/m) at 300 K: 516.8 m/s")
def rms_speed(seed: int) -> Measured:
    """Read the root-mean-square speed many times."""
    return Measured(thin_nitrogen(seed).rms, math.sqrt(3 * Boltzmann * ROOM / NITROGEN))


@truth("most probable speed of nitrogen", unit="m/s", source="√(2kT/m) at 300 K: 422.0 m/s")
def probable_speed(seed: int) -> Measured:
    """Fit the shape of the histogram each time; take the mean of its peaks."""
    return Measured(thin_nitrogen(seed).probable, math.sqrt(2 * Boltzmann * ROOM / NITROGEN))


class QuickThermometerLab(GasPistonLab):
    """The same bench with a sensor so small that it follows every fluctuation."""

    def instruments(self) -> list[Instrument]:
        """The thermometer alone."""
        return [Thermometer("temperature", observable="kinetic_temperature", noise=0.0, zero_error=0.0,
                            resolution=0.01)]


@truth("σ_T/T of a canonical gas", unit="", speed="slow",
       source="√(2/3N) for N = 128 molecules between thermal walls, one unlagged reading every 40 ps")
def fluctuation(seed: int) -> Measured:
    """Read an unlagged thermometer often, far apart, and take the scatter."""
    number, readings = 128, 600
    student = Student(QuickThermometerLab(number=number, box=6 * NM, piston=6 * NM, temperature=ROOM), seed)
    student.wait(SETTLING)
    found = [float(one.value or 0.0) for one in student.watch(["temperature"], readings, 40 * PS)["temperature"]]
    spread = float(np.std(found, ddof=1) / np.mean(found))
    return Measured(ufloat(spread, spread / math.sqrt(2 * (readings - 1))), math.sqrt(2 / (3 * number)))


def crowding(density: float, edge: float, temperature: float, seed: int) -> UFloat:
    """pV/NkT − 1 of argon in a cube, through gauge, scale and thermometer; all numbers reduced, T in ε/k."""
    size, kelvin = edge * ARGON.sigma, temperature * ARGON.epsilon
    lab: Lab = GasPistonLab(species="argon", number=round(density * edge**3), box=size, piston=size, temperature=kelvin,
                            cutoff=WIDE, truncation="plain", dt=ARGON_STEP)
    student = Student(lab, seed)
    student.wait(2 * SETTLING)
    found = student.watch(["pressure", "volume", "temperature"], 60, student.instrument("pressure").window)
    ratio = [float(p.value or 0.0) / float(t.value or 1.0)
             for p, t in zip(found["pressure"], found["temperature"], strict=True)]
    mean = math.fsum(ratio) / len(ratio)
    gain = student.instrument("pressure").gain_error
    volume = student.mean(found["volume"]) * CUBIC_NANOMETRE
    number = lab.parameters["number"]
    return ufloat(mean, math.hypot(standard_error(ratio), gain * mean)) * MEGAPASCAL * volume / (number * Boltzmann) - 1


def second_virial(temperature: float, seed: int) -> UFloat:
    """Z − 1 = Bρ + Cρ² + wρ/L at three densities and two sizes, solved for B/σ³ by weighted least squares."""
    rows, values, weights = [], [], []
    for place, (density, edge) in enumerate(((0.01, 30.0), (0.02, 24.0), (0.03, 20.0), (0.03, 30.0))):
        found = crowding(density, edge, temperature, seed * 16 + place)
        rows.append([density, density**2, density / edge])
        values.append(found.nominal_value)
        weights.append(1 / found.std_dev)
    matrix, right = np.array(rows) * np.array(weights)[:, None], np.array(values) * np.array(weights)
    solved = np.linalg.lstsq(matrix, right, rcond=None)[0]
    spread = np.linalg.inv(matrix.T @ matrix)
    return ufloat(solved[0], math.sqrt(spread[0, 0]))


@truth("second virial coefficient at T* = 1", unit="σ³", speed="slow",
       source="B*(1.0) = −5.3157; beyond 6σ by quadrature")
def virial_cold(seed: int) -> Measured:
    """Argon at 119.8 K."""
    return Measured(second_virial(1.0, seed) + beyond(1.0), -5.3157)


@truth("second virial coefficient at T* = 2", unit="σ³", speed="slow",
       source="B*(2.0) = −1.3145; beyond 6σ by quadrature")
def virial_warm(seed: int) -> Measured:
    """Argon at 239.6 K."""
    return Measured(second_virial(2.0, seed) + beyond(2.0), -1.3145)
