"""How a run begins: where the molecules are and how fast they move."""

import math
import warnings
from pathlib import Path

import numpy as np

from engine.chance import Chance
from engine.errors import Refusal

LATTICES = {
    "cubic": [(0.0, 0.0, 0.0)],
    "body-centred": [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5)],
    "face-centred": [(0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5)],
}
"""Sites in a cubic cell, in edges of the cell."""


def lattice(number: int, edges: tuple[float, float, float]) -> np.ndarray:
    """Places of shape (3, number) on the lattice that keeps them furthest apart; vacancies are spread evenly."""
    lattices = (_sites(number, np.array(edges), np.array(basis)) for basis in LATTICES.values())
    sites = max(lattices, key=lambda found: found[0])[1]
    return np.ascontiguousarray(sites[np.arange(number) * len(sites) // number].T)


def _sites(number: int, edges: np.ndarray, basis: np.ndarray) -> tuple[float, np.ndarray]:
    """Closest distance of two sites, and the sites, of a lattice that fills the box with at least `number` of them."""
    spacing = (edges.prod() * len(basis) / number) ** (1 / 3)
    cells = np.maximum(1, np.round(edges / spacing))
    while cells.prod() * len(basis) < number:
        cells[np.argmax(edges / cells)] += 1
    corners = np.stack(np.meshgrid(*[np.arange(n) for n in cells], indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites = ((corners + basis + 0.25) / cells * edges).reshape(-1, 3)
    closest = float((edges / cells).min()) * {1: 1.0, 2: math.sqrt(0.75), 4: math.sqrt(0.5)}[len(basis)]
    return closest, sites


def read_configuration(path: str) -> np.ndarray:
    """Places of shape (3, molecules) from a text file with a line `x y z` for each molecule; `#` begins a remark."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a file is empty is said below
            places = np.loadtxt(Path(path), ndmin=2, comments="#", dtype=np.float64, encoding="utf-8")
    except OSError as problem:
        raise Refusal("The configuration file {path} cannot be read ({problem}). Give the path of a text file.",
                      path=path, problem=type(problem).__name__) from problem  # fmt: skip
    except ValueError as problem:
        raise Refusal("The configuration file {path} holds something that is not a number: {problem}.", path=path,
                      problem=problem) from problem  # fmt: skip
    if places.shape[1:] != (3,) or len(places) < 2 or not np.isfinite(places).all():
        raise Refusal("The configuration file {path} should hold a line x y z for each of at least two molecules.",
                      path=path)  # fmt: skip
    return np.ascontiguousarray(places.T)


def maxwell(number: int, temperature: float, chance: Chance, at_rest: bool) -> np.ndarray:
    """Velocities [√(ε/m)], shape (3, number), of a gas that has exactly this temperature [ε/k].

    `at_rest`: without total momentum, as a periodic box keeps it; the temperature then counts 3 N − 3 freedoms.
    """
    velocities = chance.child("velocities").normals(3 * number).reshape(3, number)
    if at_rest:
        velocities -= velocities.mean(axis=1, keepdims=True)
    freedoms = 3 * number - 3 * at_rest
    return np.asarray(velocities * math.sqrt(freedoms * temperature / np.square(velocities).sum()))
