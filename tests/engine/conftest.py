"""Back ends for the tests of the engine."""

import importlib.util
from collections.abc import Iterator

import pytest

from engine import runtime


@pytest.fixture
def taichi_x64() -> Iterator[runtime.Runtime]:
    """Taichi on the processor, which stands in for a device; back to Numba afterwards."""
    if importlib.util.find_spec("taichi") is None:
        pytest.skip("Taichi has no wheel for this platform")
    yield runtime.start("taichi-x64", 1)
    runtime.start("cpu", 1)
