"""The vessel: how number, density, edge and the piston's place follow from each other, and what cannot be.

A periodic box is a cube. A cylinder with a piston has a square cross-section, the piston at x; until told otherwise it
too is a cube. What is given decides, what is not given follows, and what contradicts is refused.
"""

import math
from dataclasses import dataclass

from engine.errors import Refusal

AGREEMENT = 1e-3  # relative difference between two given densities that passes for rounding
THINNEST, DENSEST = 1e-7, 1.3  # molecules per σ³; a crystal is under heavy pressure at the upper end


@dataclass(frozen=True)
class Vessel:
    """Number of molecules, edge [σ], and the place of the piston [σ], which is the edge again where there is none."""

    number: int
    edge: float
    length: float

    @property
    def volume(self) -> float:
        """[σ³]"""
        return self.length * self.edge**2

    @property
    def density(self) -> float:
        """Molecules per σ³."""
        return self.number / self.volume

    @property
    def edges(self) -> tuple[float, float, float]:
        """Along x, y and z [σ]."""
        return self.length, self.edge, self.edge

    def checked(self) -> "Vessel":
        """Itself; refused where molecules would be too far apart or too close for this model."""
        if not THINNEST <= self.density <= DENSEST:
            raise Refusal("{number} molecules in this vessel have the density {found:.3g} per σ³; it should be between "
                          "{low} and {high}. Change number, density, box or piston.",
                          number=self.number, found=self.density, low=THINNEST, high=DENSEST)  # fmt: skip
        return self


def settle(given: dict[str, float], number: int, density: float, with_piston: bool) -> Vessel:
    """The vessel for what is given of `number`, `density`, `box` and `piston`, all reduced, else the defaults."""
    edge, length = given.get("box"), given.get("piston") if with_piston else None
    if edge and "number" not in given and "density" in given:
        number = max(2, round(density * (length or edge) * edge**2))
        given = {**given, "density": number / ((length or edge) * edge**2)}  # as near as a whole number comes
    number = round(given.get("number", number))
    if not edge:
        edge = math.sqrt(number / (density * length)) if length else (number / density) ** (1 / 3)
    if not length:
        length = number / (density * edge**2) if with_piston and "density" in given else edge
    vessel = Vessel(number, edge, length).checked()
    if "density" in given and abs(vessel.density / given["density"] - 1.0) > AGREEMENT:
        raise Refusal("{number} molecules in this vessel have the density {found:.6g} per σ³, not {given:.6g}: number, "
                      "density, box and piston contradict each other. Leave one of them out.",
                      number=number, found=vessel.density, given=given["density"])  # fmt: skip
    return vessel
