"""The second virial coefficient: p = kT (n + B n² + C n³ …), B = −2π ∫ (exp(−u(r)/kT) − 1) r² dr.

What the simulated potential says by quadrature, and how a scripted student measures it. Everything is in units of σ and
ε, but for the instruments, which show SI. B of the whole potential is −5.3157 σ³ at kT = ε and −1.3145 σ³ at 2ε
(Hirschfelder, Curtiss & Bird, Molecular Theory of Gases and Liquids, 1954, table I-B, times 2π/3).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.constants import Boltzmann
from scipy.integrate import quad
from uncertainties import UFloat, ufloat

from engine.molecules.species import SPECIES
from labs.bench.instrument import Instrument, Reading
from labs.bench.instruments.pressure_gauge import PressureGauge
from labs.bench.instruments.scale import Scale
from labs.bench.instruments.thermometer import Thermometer
from labs.bench.student import Student, average, numbers
from labs.gas_piston.lab import GasPistonLab

CORE = 0.4  # σ; nearer than this no two molecules ever come
ARGON = SPECIES["argon"]
TIME = ARGON.sigma * math.sqrt(ARGON.mass / (Boltzmann * ARGON.epsilon))  # s, the reduced unit of time
CUTOFF = 5.0  # σ
STEP = 0.005 * TIME
SMALL, LARGE = 20.0, 40.0  # σ, edges of the two cubes
WORK = {SMALL: 4.5e8, LARGE: 9e8}  # molecules times steps of a run: the large cube counts twice in the extrapolation
SLUGGISH = 400  # molecules that would take the time which a step takes beside its molecules
SETTLING = 60.0  # reduced units of time
READINGS = 20  # of each run; the gauge's window is all the time between two


def pair_energy(distance: float) -> float:
    """u(r) = 4 (r⁻¹² − r⁻⁶)."""
    return 4.0 * (distance**-12 - distance**-6)


def second_virial(temperature: float, cutoff: float = math.inf) -> float:
    """B [σ³] at kT = `temperature` [ε] of the potential cut off and shifted to zero there.

    Molecular dynamics with a plainly truncated potential has the same B: nobody feels the step at the cutoff.
    """
    end = 0.0 if math.isinf(cutoff) else pair_energy(cutoff)

    def inner(distance: float) -> float:
        return math.expm1((end - pair_energy(distance)) / temperature) * distance**2

    def outer(inverse: float) -> float:
        return inner(1 / inverse) / inverse**2

    near, _ = quad(inner, CORE, 1.0, epsabs=1e-12, limit=200)
    far, _ = quad(outer, 1 / cutoff, 1.0, epsabs=1e-12, limit=200)
    return -2 * math.pi * (near + far - CORE**3 / 3)


def corners(temperature: float, edge: float) -> float:
    """What edges and corners of a cube add to (pV/NkT − 1)/n [σ³], beyond B and the share of its walls.

    Two centres a distance (x, y, z) apart fit into a cube of edge L in Π (L − |x|) ways. With
    p = kT ∂ ln Q/∂V, the second order in n becomes B + ⅔ b/L − ⅚ c/L² + d/L³, where b, c and d are the integrals of
    f = exp(−u/kT) − 1 over Σ|x|, Σ|x y| and |x y z|; averaged over directions, r² 2/π and r³/4π for the last two.
    """
    def moment(power: int) -> float:
        near, _ = quad(lambda r: mayer(r, temperature) * r**power, CORE, 1.0, limit=200)
        far, _ = quad(lambda r: mayer(r, temperature) * r**power, 1.0, CUTOFF, limit=200)
        return near + far - CORE ** (power + 1) / (power + 1)

    return -5 / 6 * 8 * moment(4) / edge**2 + moment(5) / edge**3


def mayer(distance: float, temperature: float) -> float:
    """f = exp(−u/kT) − 1 of the potential cut off and shifted to zero at the bench's cutoff."""
    return math.expm1((pair_energy(CUTOFF) - pair_energy(distance)) / temperature)


class VirialBench(GasPistonLab):
    """The same vessel with what a laboratory of standards has: better instruments, and walls that keep no heat."""

    tick = 50

    def __init__(self, *, window: float, **parameters: Any) -> None:
        super().__init__(species="argon", walls="smooth", cutoff=CUTOFF, truncation="plain", dt=STEP, **parameters)
        self.window = window

    def instruments(self) -> list[Instrument]:
        """Pressure to 0.01 %, temperature to 5 mK, volume to 0.001 %; all averaged while blows are counted."""
        return [
            PressureGauge(unit="MPa", window=self.window, high=10.0, resolution=1e-5, noise=1e-5, zero_error=1e-5,
                          gain_error=1e-4),
            Thermometer("temperature", observable="kinetic_temperature", window=self.window, resolution=1e-3,
                        noise=1e-3, zero_error=5e-3),
            Scale("volume", observable="volume", unit="nm³", resolution=1e-2, low=0.0, high=1e5, misprint=1e-5),
        ]


@dataclass(frozen=True)
class Point:
    """One filling of the vessel: density, (pV/NkT − 1) over the density, and the temperature it is for."""

    density: float
    excess: UFloat


def warming(temperature: float, density: float) -> float:
    """By how much molecules warm up when they find each other: their energy is −n T² dB/dT, their heat capacity 3/2."""
    rise = (second_virial(1.01 * temperature, CUTOFF) - second_virial(0.99 * temperature, CUTOFF)) / 0.02
    return 2 / 3 * density * temperature * rise


def fill(temperature: float, density: float, edge: float, seed: int) -> Point:
    """Fill a cube, wait, and read pressure and temperature by turns.

    In a box that exchanges no heat p and T fluctuate together, so p/T is far sharper than p. There are N (N − 1)/2
    pairs, not N²/2. The temperature that is reached is a little off; how far the gas has warmed tells dB/dT.
    """
    number = round(density * edge**3)
    cold = temperature - warming(temperature, density)
    span = WORK[edge] / (number + SLUGGISH) / READINGS * STEP
    lab = VirialBench(window=span, number=number, box=edge * ARGON.sigma, piston=edge * ARGON.sigma,
                      temperature=cold * ARGON.epsilon)  # fmt: skip
    student = Student(lab, seed)
    student.wait(SETTLING * TIME)
    found = student.watch(["pressure", "temperature"], times=READINGS, every=span)
    pressure, kelvin = numbers(found["pressure"]) * 1e6, numbers(found["temperature"])
    volume = student.value("volume") * 1e-27
    ratio = average(pressure * volume / (number * Boltzmann * kelvin)) * ufloat(1.0, blur(student, found))
    density = number * ARGON.sigma**3 / volume
    reached = float(kelvin.mean()) / ARGON.epsilon
    slope = 1.5 * (reached - cold) / (density * temperature**2)
    excess = (ratio - 1) / (density * (1 - 1 / number)) - slope * (reached - temperature)
    return Point(density, excess)


def blur(student: Student, found: dict[str, list[Reading]]) -> float:
    """Relative uncertainty of p V/T that repeating does not reduce."""
    faces = {name: float(numbers(readings).mean()) for name, readings in found.items()}
    faces["volume"] = student.value("volume")
    return math.hypot(*(student.systematic(name, face) / face for name, face in faces.items()))


def measure(temperature: float, densities: tuple[float, float, float], seed: int) -> UFloat:
    """B of the whole potential [σ³]; what lies beyond the cutoff is added by quadrature, what corners do is taken off.

    Fitted to all fillings is (pV/NkT − 1)/n = B + C n + S/L: near hard planes molecules have fewer partners.
    """
    fillings = [(SMALL, density) for density in densities[1:]] + [(LARGE, density) for density in densities]
    points = [fill(temperature, density, edge, seed) for edge, density in fillings]
    # The weights come from how many blows were counted, not from the errors found: those are uncertain themselves, and
    # whichever came out small by chance would count too much.
    weights = np.array([density * math.sqrt(WORK[edge] / edge) for edge, density in fillings])
    matrix = np.array([(1.0, one.density, 1 / edge) for one, (edge, _) in zip(points, fillings, strict=True)])
    shares = np.linalg.pinv(matrix * weights[:, None])[0] * weights
    excess = [one.excess - corners(temperature, edge) for one, (edge, _) in zip(points, fillings, strict=True)]
    simulated = sum(share * one for share, one in zip(shares, excess, strict=True))
    return simulated + second_virial(temperature) - second_virial(temperature, CUTOFF)
