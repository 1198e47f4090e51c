"""Lists from cells hold exactly the pairs that trying all pairs finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.molecules.neighbours import LANES, Cells, Neighbours, list_by_pairs, rearrange, sorting


def pairs(near: np.ndarray, count: np.ndarray) -> list[list[int]]:
    return [sorted(j for j in row[:n] if j != i) for i, (row, n) in enumerate(zip(near, count, strict=True))]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**20), periodic=st.booleans(), stretch=st.floats(0.3, 1.5), density=st.floats(0.05, 1.5))
def test_cells_find_what_all_pairs_find(seed: int, periodic: bool, stretch: float, density: float) -> None:
    edges = (12.0, 12.0, 12.0) if periodic else (12.0 * stretch, 12.0, 12.0)
    number = int(density * np.prod(edges)) + 2
    places = np.random.default_rng(seed).uniform(0.0, 1.0, (3, number)) * np.reshape(edges, (3, 1))
    cells = Cells.of(edges, periodic, 2.3, number)
    assert not cells.too_few
    place = np.empty_like(places)
    rearrange(places, place, sorting(places, cells)[2])
    found = Neighbours(number, 2.3, 0.01)  # rows that are too short at first
    found.find(place, cells)
    near, count = np.zeros((number, number + LANES), np.int32), np.zeros(number, np.int32)
    list_by_pairs(place, near, count, 12.0, 1 / 12.0 if periodic else 0.0, 2.3)
    assert pairs(found.near, found.count) == pairs(near, count)
    assert (found.count % LANES == 0).all()


@pytest.mark.parametrize("periodic", [True, False])
def test_sorting_loses_nobody_and_goes_by_cell(periodic: bool) -> None:
    places = np.random.default_rng(3).uniform(0.0, 10.0, (3, 400))
    cells = Cells.of((10.0, 10.0, 10.0), periodic, 2.0, 400)
    cell, first, order = sorting(places, cells)
    assert sorted(order) == list(range(400))
    assert (np.diff(cell[order]) >= 0).all()
    assert first[-1] == 400
    assert all((cell[order[first[c] : first[c + 1]]] == c).all() for c in range(cells.total))


def test_who_left_the_periodic_box_comes_in_on_the_other_side() -> None:
    places = np.array([[-0.25, 10.5, 5.0], [3.0, 3.0, 3.0], [10.0, -1e-9, 0.0]])
    sorting(places, Cells.of((10.0, 10.0, 10.0), True, 2.0, 3))
    assert places[0] == pytest.approx([9.75, 0.5, 5.0])
    assert (places >= 0.0).all() and (places < 10.0).all()
