"""What a molecule is: σ, ε and mass, and with them the size of every reduced unit.

Reduced units put σ = ε = m = k = 1; a time is then σ √(m/ε), a pressure ε/σ³. One-site σ and ε are those of
second virial coefficients: Hirschfelder, Curtiss & Bird, Molecular Theory of Gases and Liquids (1954), table I-A.
Masses are the standard atomic weights of IUPAC (2021).
"""

import math
from dataclasses import dataclass

from scipy.constants import atomic_mass, k


@dataclass(frozen=True)
class Species:
    """A molecule that is one Lennard-Jones site: σ [m], ε/k [K], mass [kg]."""

    sigma: float
    epsilon: float
    mass: float


SPECIES = {
    "argon": Species(sigma=3.405e-10, epsilon=119.8, mass=39.948 * atomic_mass),
    "nitrogen": Species(sigma=3.698e-10, epsilon=95.05, mass=28.014 * atomic_mass),
}

SYMBOLS = {
    "m": "σ", "s": "σ√(m/ε)", "K": "ε/k", "J": "ε", "m/s": "√(ε/m)", "kg/m³": "m/σ³", "m³": "σ³", "Pa": "ε/σ³",
    "Pa*s": "√(mε)/σ²",
}  # fmt: skip
"""What stands in reduced units for each unit of SI."""


@dataclass(frozen=True)
class Scale:
    """The size of the reduced unit that stands for each unit of SI; all are 1 when the surface is reduced too."""

    sizes: dict[str, float]

    @classmethod
    def reduced(cls) -> "Scale":
        return cls(dict.fromkeys(SYMBOLS, 1.0))

    @classmethod
    def si(cls, species: Species) -> "Scale":
        energy, volume = k * species.epsilon, species.sigma**3
        speed = math.sqrt(energy / species.mass)
        time = species.sigma / speed
        sizes = (species.sigma, time, species.epsilon, energy, speed, species.mass / volume, volume, energy / volume,
                 energy / volume * time)  # fmt: skip
        return cls(dict(zip(SYMBOLS, sizes, strict=True)))

    def inside(self, unit: str, value: float) -> float:
        """A number at the surface as a reduced one."""
        return value / self.sizes.get(unit, 1.0)

    def outside(self, unit: str, value: float) -> float:
        """A reduced number in the unit of the surface."""
        return value * self.sizes.get(unit, 1.0)
