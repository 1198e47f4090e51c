"""Who is near whom: molecules sorted into cells, and from the cells a list of neighbours for each.

The list holds every pair closer than the cutoff and a skin (Verlet, Phys. Rev. 159, 98, 1967); it serves until some
molecule has moved half a skin since. Sorting by cells puts neighbours next to each other in memory. Cells are at
least half a reach wide, so that two on either side suffice (Allen & Tildesley, Computer Simulation of Liquids, §5.3).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.kernel import Array, floor, function, i32, kernel, real, u32
from engine.molecules.forces import few_molecules, nearest
from engine.runtime import runtime

SPAN = 2  # cells looked at on either side
LANES = 8  # pairs that a processor computes at once; rows of the lists are filled up to a multiple
CELLS_PER_MOLECULE = 2.0  # at most; a dilute gas needs no finer ones


@kernel
def enter(place: Array(2), cell: Array(1, i32), across: i32, along: i32, up: i32,
          width: real, depth: real, height: real, periodic: i32) -> None:  # fmt: skip
    """Bring molecules back into a periodic box and note the cell that each is in."""
    for i in range(place.shape[1]):
        if periodic == 1:
            for axis in range(3):
                inside = place[axis, i] - width * floor(place[axis, i] / width)
                place[axis, i] = inside if inside < width else 0.0
        column = max(0, min(across - 1, int(place[0, i] / width * real(across))))
        row = max(0, min(along - 1, int(place[1, i] / depth * real(along))))
        layer = max(0, min(up - 1, int(place[2, i] / height * real(up))))
        cell[i] = (layer * along + row) * across + column


@kernel(serial=True)
def sort(cell: Array(1, i32), first: Array(1, i32), order: Array(1, i32)) -> None:
    """Counting sort: `order` lists the molecules cell by cell, those of cell c from first[c] up to first[c + 1]."""
    for c in range(first.shape[0]):
        first[c] = 0
    for i in range(cell.shape[0]):
        first[cell[i]] += 1
    for c in range(first.shape[0] - 1):
        first[c + 1] += first[c]
    for taken in range(cell.shape[0]):
        i = cell.shape[0] - 1 - taken
        first[cell[i]] -= 1
        order[first[cell[i]]] = i


@kernel
def rearrange(old: Array(2), new: Array(2), order: Array(1, i32)) -> None:
    """The columns of an array in a new order."""
    for i in range(order.shape[0]):
        for row in range(old.shape[0]):
            new[row, i] = old[row, order[i]]


@kernel
def rename(old: Array(1, i32), new: Array(1, i32), order: Array(1, i32)) -> None:
    """The same for whole numbers."""
    for i in range(order.shape[0]):
        new[i] = old[order[i]]


@function
def image(number: i32, cells: i32, period: real) -> real:
    """How far off the box lies that a cell is in; cells of a row are numbered on through the images of the box."""
    return (period if number >= cells else 0.0) - (period if number < 0 else 0.0)


@function
def within(number: i32, cells: i32) -> i32:
    """The number that this cell has in the box itself."""
    return number + (cells if number < 0 else 0) - (cells if number >= cells else 0)


@kernel
def list_by_cells(place: Array(2), cell: Array(1, i32), first: Array(1, i32), near: Array(2, i32), count: Array(1, i32),
                  across: i32, along: i32, up: i32, period: real, reach: real) -> None:  # fmt: skip
    """Neighbours of all molecules from the cells around theirs. Places are sorted by cell; period = 0 is a closed box.

    Where a row of `near` is full, `count` goes on counting, so that the caller knows how long rows must be.
    """
    for i in range(place.shape[1]):
        column, row, layer = cell[i] % across, cell[i] // across % along, cell[i] // (across * along)
        left, right = column - SPAN, column + SPAN
        front, back = row - SPAN, row + SPAN
        bottom, top = layer - SPAN, layer + SPAN
        if period == 0.0:
            left, right = max(left, 0), min(right, across - 1)
            front, back = max(front, 0), min(back, along - 1)
            bottom, top = max(bottom, 0), min(top, up - 1)
        beyond_from = left if left < 0 else -across
        beyond_shift = period if left < 0 else -period
        beyond_to = 0 if left < 0 else max(right + 1 - across, 0) - across
        found, room = 0, near.shape[1] - 1
        for storey in range(bottom, top + 1):
            z = place[2, i] - image(storey, up, period)
            for street in range(front, back + 1):
                y = place[1, i] - image(street, along, period)
                west = (within(storey, up) * along + within(street, along)) * across
                mine = 1 if street == row and storey == layer else 0
                stop = first[west + min(right + 1, across)]
                myself = i if mine == 1 else stop  # nobody is his own neighbour
                parts = 3 if mine == 1 or beyond_from < beyond_to else 1
                for part in range(parts):  # of the row: before me, after me, beyond the end of the box
                    a = first[west + max(left, 0)] if part == 0 else myself + mine
                    b = myself if part == 0 else stop
                    x = place[0, i]
                    if part == 2:
                        x += beyond_shift
                        a, b = first[west + across + beyond_from], first[west + across + beyond_to]
                    for j in range(a, b):
                        at = u32(j)  # spares Numba the look for negative indices
                        dx, dy, dz = x - place[0, at], y - place[1, at], z - place[2, at]
                        near[i, u32(min(found, room))] = j
                        found += i32(dx * dx + dy * dy + dz * dz < reach * reach)
        for spare in range(found, (found + LANES - 1) // LANES * LANES):
            near[i, min(spare, near.shape[1] - 1)] = i
        count[i] = (found + LANES - 1) // LANES * LANES


@kernel
def list_by_pairs(place: Array(2), near: Array(2, i32), count: Array(1, i32),
                  period: real, per_period: real, reach: real) -> None:  # fmt: skip
    """The same by trying all pairs, for a periodic box that is too small for cells."""
    for i in range(place.shape[1]):
        found = 0
        for j in range(place.shape[1]):
            dx = nearest(place[0, i] - place[0, j], period, per_period)
            dy = nearest(place[1, i] - place[1, j], period, per_period)
            dz = nearest(place[2, i] - place[2, j], period, per_period)
            near[i, min(found, near.shape[1] - 1)] = j
            found += i32((dx * dx + dy * dy + dz * dz < reach * reach) & (j != i))
        for spare in range(found, (found + LANES - 1) // LANES * LANES):
            near[i, min(spare, near.shape[1] - 1)] = i
        count[i] = (found + LANES - 1) // LANES * LANES


@dataclass(frozen=True)
class Cells:
    """How a box is divided: cells along x, y, z, and its edges [σ]."""

    numbers: tuple[int, int, int]
    edges: tuple[float, float, float]
    periodic: bool

    @classmethod
    def of(cls, edges: tuple[float, float, float], periodic: bool, reach: float, molecules: int) -> "Cells":
        """As many cells as the reach allows and the molecules are worth."""
        enough = (CELLS_PER_MOLECULE * molecules / math.prod(edges)) ** (1 / 3)
        numbers = [max(1, int(edge * min(SPAN / reach, enough))) for edge in edges]
        return cls((numbers[0], numbers[1], numbers[2]), edges, periodic)

    @property
    def too_few(self) -> bool:
        """Whether a molecule would meet the same cell from two sides."""
        return self.periodic and self.numbers[0] < 2 * SPAN + 1

    @property
    def total(self) -> int:
        return math.prod(self.numbers)


class Neighbours:
    """The lists: near[i, :count[i]] are the neighbours of molecule i, as it is numbered at present."""

    def __init__(self, molecules: int, reach: float, density: float) -> None:
        self.reach = reach
        self.count = runtime().array((molecules,), np.int32)
        expected = 4 / 3 * math.pi * reach**3 * density
        self.near = self._rows(1.2 * expected + 16)

    def _rows(self, length: float) -> Any:
        return runtime().array((self.count.shape[0], LANES * math.ceil(length / LANES)), np.int32)

    def find(self, place: Any, cells: Cells) -> None:
        """List the neighbours of molecules that are sorted by cell."""
        self._find(place, cells)
        longest = int(runtime().to_host(self.count).max())
        if longest >= self.near.shape[1]:  # the last place is for what is looked at next
            self.near = self._rows(1.1 * longest)
            self._find(place, cells)

    def _find(self, place: Any, cells: Cells) -> None:
        period = cells.edges[0] if cells.periodic else 0.0
        if cells.too_few:
            list_by_pairs(place, self.near, self.count, period, 1 / period, self.reach)
        else:
            cell, first, _ = sorting(place, cells)
            list_by_cells(place, cell, first, self.near, self.count, *cells.numbers, period, self.reach)


def sorting(place: Any, cells: Cells) -> tuple[Any, Any, Any]:
    """Cell of every molecule, first molecule of every cell, order by cells; wraps the places into a periodic box."""
    cell = runtime().array((place.shape[1],), np.int32)
    order = runtime().array((place.shape[1],), np.int32)
    first = runtime().array((cells.total + 1,), np.int32)
    enter(place, cell, *cells.numbers, *cells.edges, int(cells.periodic))
    sort(cell, first, order)
    return cell, first, order


def sorted_molecules() -> tuple[Any, ...]:
    """Places, cells, first molecules and rows for five hundred molecules in a periodic box of edge 10."""
    corners = np.stack(np.meshgrid(*[np.arange(8) * 1.25] * 3, indexing="ij")).reshape(3, -1)[:, :500]
    place = corners + np.random.default_rng(4).uniform(0.0, 1.0, corners.shape)
    column, row, layer = (place * 0.6).astype(np.int32)
    cell = (layer * 6 + row) * 6 + column
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(6**3 + 1)).astype(np.int32)
    near, count = np.zeros((500, 200), np.int32), np.zeros(500, np.int32)
    return np.ascontiguousarray(place[:, order]), cell[order], first, near, count


@enter.example
def enter_example() -> tuple[Any, ...]:
    """Sixty molecules, many of them outside."""
    place = np.random.default_rng(5).uniform(-4.0, 9.0, (3, 60))
    return place, np.zeros(60, np.int32), 3, 3, 3, 5.0, 5.0, 5.0, 1


@sort.example
def sort_example() -> tuple[Any, ...]:
    """Seventy molecules in nine cells."""
    cell = np.random.default_rng(6).integers(0, 9, 70).astype(np.int32)
    return cell, np.zeros(10, np.int32), np.zeros(70, np.int32)


@rearrange.example
def rearrange_example() -> tuple[Any, ...]:
    """A permutation of twenty columns."""
    generator = np.random.default_rng(7)
    return generator.random((3, 20)), np.zeros((3, 20)), generator.permutation(20).astype(np.int32)


@rename.example
def rename_example() -> tuple[Any, ...]:
    """A permutation of twenty names."""
    generator = np.random.default_rng(7)
    return np.arange(20, dtype=np.int32), np.zeros(20, np.int32), generator.permutation(20).astype(np.int32)


@list_by_cells.example
def list_by_cells_example() -> tuple[Any, ...]:
    """Five hundred molecules in 6³ cells."""
    return *sorted_molecules(), 6, 6, 6, 10.0, 3.3


@list_by_pairs.example
def list_by_pairs_example() -> tuple[Any, ...]:
    """Forty molecules."""
    place, near, count = few_molecules()
    return place, np.zeros_like(near), np.zeros_like(count), 5.0, 0.2, 2.4
