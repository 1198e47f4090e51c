"""What holds for every kernel of the engine, found by importing all of it: the compilers agree, and f32 stays f32.

A kernel without an example fails here; engine/kernel.py says how to give one.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine.kernel import Kernel, kernels
from engine.translate import ArrayOf

DTYPES: dict[str, dict[str, type]] = {"f32": {"real": np.float32, "i32": np.int32, "u32": np.uint32}}
DTYPES["f64"] = {**DTYPES["f32"], "real": np.float64}


def every_kernel() -> list[Kernel]:
    """All kernels of all modules of the engine; a module that cannot be imported has tests of its own."""
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        try:
            importlib.import_module(module.name)
        except Exception:
            continue
    return [kernel for kernel in kernels() if kernel.module.startswith("engine.")]


def outcome(kernel: Kernel, run: Callable[..., None], precision: str) -> dict[str, np.ndarray]:
    """All arrays of a kernel's example after it ran, in double precision or as integers."""
    assert kernel.tried_on is not None
    given = [
        np.array(value, DTYPES[precision][argument.kind.holds.name]) if isinstance(argument.kind, ArrayOf) else value
        for argument, value in zip(kernel.arguments, kernel.tried_on.make(), strict=True)
    ]
    run(*given)
    return {a.name: value for a, value in zip(kernel.arguments, given, strict=True) if isinstance(a.kind, ArrayOf)}


def assert_close(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], tolerance: float) -> None:
    for name, reference in theirs.items():
        if reference.dtype.kind == "f":
            apart = np.abs(ours[name].astype(float) - reference).max(initial=0.0)
            assert apart <= tolerance * np.abs(reference).max(initial=0.0), f"{name} differs by {apart}"
        else:
            assert np.array_equal(ours[name], reference), name


each = pytest.mark.parametrize("kernel", every_kernel(), ids=lambda kernel: f"{kernel.module}.{kernel.name}")


@each
def test_it_has_an_example_that_does_something(kernel: Kernel) -> None:
    assert kernel.tried_on, f"give {kernel} an example: @{kernel.name}.example"
    before, after = outcome(kernel, lambda *_: None, "f64"), outcome(kernel, kernel.numba("f64"), "f64")
    assert any(not np.array_equal(before[name], after[name]) for name in before)
    assert all(np.isfinite(value).all() for value in after.values())


@each
def test_single_precision_agrees_with_double(kernel: Kernel) -> None:
    assert kernel.tried_on
    single, double = outcome(kernel, kernel.numba("f32"), "f32"), outcome(kernel, kernel.numba("f64"), "f64")
    assert_close(single, double, kernel.tried_on.f32)


@each
@pytest.mark.parametrize("precision", ["f32", "f64"])
def test_taichi_agrees_with_numba(taichi_x64: Any, kernel: Kernel, precision: str) -> None:
    assert kernel.tried_on
    tolerance = {"f32": kernel.tried_on.f32, "f64": kernel.tried_on.f64}[precision]
    by_taichi = outcome(kernel, kernel.taichi(precision), precision)
    by_numba = outcome(kernel, kernel.numba(precision), precision)
    assert_close(by_taichi, by_numba, tolerance)


@each
def test_threads_do_not_change_a_bit(kernel: Kernel) -> None:
    one, three = outcome(kernel, kernel.numba("f32"), "f32"), outcome(kernel, kernel.numba("f32", 3), "f32")
    assert all(one[name].tobytes() == three[name].tobytes() for name in one)


@each
def test_single_precision_stays_single(kernel: Kernel) -> None:
    wide = [line.strip() for line in kernel.llvm("f32").splitlines() if "double" in line]
    assert not wide, f"{kernel} computes in double; cast integers with real(): {wide[:3]}"
