"""One source, two compilers: what a kernel computes, in which precision, on how many threads, and what it refuses."""

import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import kept, runtime
from engine.errors import Refusal
from engine.kernel import Array, floor, function, i32, kernel, kernels, real, sqrt, u32

ROOT = Path(__file__).parents[2]
TENTH = 0.1
SHIFT = 3


@pytest.fixture(autouse=True)
def back_to_one_thread() -> Iterator[None]:
    runtime.start("cpu", 1)
    yield
    runtime.start("cpu", 1)


@function
def square(x: real) -> real:
    return x * x


@function
def length(x: real, y: real) -> real:
    return sqrt(square(x) + square(y))


@kernel
def conduct(now: Array(2), later: Array(2), fourier: real) -> None:
    """One step of heat in every inner cell."""
    for row in range(1, now.shape[0] - 1):
        for col in range(1, now.shape[1] - 1):
            around = now[row, col - 1] + now[row, col + 1] + now[row - 1, col] + now[row + 1, col]
            later[row, col] = now[row, col] + fourier * (around - 4.0 * now[row, col])


@kernel(grid=2)
def conduct_over_a_grid(now: Array(2), later: Array(2), fourier: real) -> None:
    """The same, told to a device to be independent cell by cell."""
    for row in range(1, now.shape[0] - 1):
        for col in range(1, now.shape[1] - 1):
            around = now[row, col - 1] + now[row, col + 1] + now[row - 1, col] + now[row + 1, col]
            later[row, col] = now[row, col] + fourier * (around - 4.0 * now[row, col])


@kernel
def several(place: Array(1), out: Array(1), marks: Array(1, i32), scale: real, shift: i32) -> None:
    """Scalars, then loops one after the other, of which the second reads what the first wrote."""
    count = place.shape[0]
    inverse: real = 1 / scale
    for i in range(count):
        out[i] = 1.0 / length(place[i], inverse) + TENTH * floor(place[i] * 10.0)
    for i in range(count - 1):
        place[i] = out[i] + out[i + 1] / (3.0 + sqrt(out[i]))
        marks[i] = marks[i] * 2 + shift + SHIFT


@kernel(serial=True)
def count_up(place: Array(1), bins: Array(1, i32), total: Array(1)) -> None:
    """A histogram and a sum: places that several iterations write."""
    width = 1.0 / real(bins.shape[0])
    whole = 0.0
    for i in range(place.shape[0]):
        bins[int(place[i] / width)] += 1
        whole += place[i]
    total[0] = whole


@kernel
def widened(x: Array(1)) -> None:
    """The trap: f32 times an integer is f64 in Numba."""
    for i in range(x.shape[0]):
        x[i] = x[i] * i


@kernel
def constant(x: Array(1), steps: u32) -> None:
    for i in range(x.shape[0]):
        x[i] = TENTH * real(steps) + math.pi


@function
def which() -> i32:
    return 1


@which.device
def which_on_a_device() -> i32:
    return 2


@kernel
def ask(answer: Array(1, i32)) -> None:
    for i in range(answer.shape[0]):
        answer[i] = which()


def heat_by_numpy(now: np.ndarray, fourier: float) -> np.ndarray:
    later = now.copy()
    around = now[1:-1, :-2] + now[1:-1, 2:] + now[:-2, 1:-1] + now[2:, 1:-1]
    later[1:-1, 1:-1] += fourier * (around - 4.0 * now[1:-1, 1:-1])
    return later


def some(*shape: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(5).random(shape).astype(dtype)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("dtype", "near"), [(np.float32, 3e-7), (np.float64, 1e-15)])
@pytest.mark.parametrize("diffuse", [conduct, conduct_over_a_grid])
def test_heat_spreads_as_numpy_says(diffuse: Any, dtype: type, near: float, threads: int) -> None:
    runtime.start("cpu", threads)
    now = some(33, 18, dtype=dtype)
    later = now.copy()
    diffuse(now, later, 0.2)
    assert later.dtype == dtype
    assert later == pytest.approx(heat_by_numpy(now.astype(float), 0.2), abs=near)


@pytest.mark.parametrize("diffuse", [conduct, conduct_over_a_grid])
def test_a_device_takes_its_own_arrays_and_numpys(taichi_x64: runtime.Runtime, diffuse: Any) -> None:
    now = some(9, 8, dtype=np.float32)
    there, later = taichi_x64.from_host(now), taichi_x64.array((9, 8), np.float32, fill=0.5)
    diffuse(there, later, 0.2)
    diffuse(now, host_later := np.full((9, 8), 0.5, np.float32), 0.2)
    expected = heat_by_numpy(now, 0.2)[1:-1, 1:-1]
    assert taichi_x64.to_host(later)[1:-1, 1:-1] == pytest.approx(expected, abs=3e-7)
    assert np.array_equal(host_later, taichi_x64.to_host(later)) and host_later[0, 0] == 0.5


def several_outcome(run: Any, count: int, dtype: type = np.float32) -> bytes:
    place, marks = some(count, dtype=dtype), np.arange(count, dtype=np.int32)
    out = np.zeros_like(place)
    run(place, out, marks, 1.7, 4)
    return place.tobytes() + out.tobytes() + marks.tobytes()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64, 1003])
def test_threads_change_no_bit(count: int) -> None:
    one = several_outcome(several.numba("f32"), count)
    assert all(several_outcome(several.numba("f32", threads), count) == one for threads in (2, 3, 8))


def test_loops_follow_each_other_and_helpers_nest() -> None:
    place, out, marks = some(50), np.zeros(50), np.arange(50, dtype=np.int32)
    expected = 1.0 / np.sqrt(place**2 + (1 / 1.7) ** 2) + 0.1 * np.floor(10.0 * place)
    several(before := place.copy(), out, marks, 1.7, 4)
    assert out == pytest.approx(expected, rel=1e-14)
    assert before[:-1] == pytest.approx(expected[:-1] + expected[1:] / (3.0 + np.sqrt(expected[:-1])), rel=1e-14)
    assert before[-1] == place[-1] and marks.tolist() == [2 * i + 7 for i in range(49)] + [49]
    assert length(3.0, 4.0) == 5.0


@pytest.mark.parametrize("threads", [1, 2])
def test_a_serial_kernel_may_scatter_and_sum(threads: int) -> None:
    runtime.start("cpu", threads)
    place, bins, total = some(10_000), np.zeros(16, np.int32), np.zeros(1)
    count_up(place, bins, total)
    assert np.array_equal(bins, np.histogram(place, 16, (0.0, 1.0))[0]) and total[0] == pytest.approx(place.sum())


def test_a_serial_kernel_stays_serial_on_a_device(taichi_x64: runtime.Runtime) -> None:
    place, bins, total = some(10_000), np.zeros(16, np.int32), np.zeros(1)
    count_up(place, bins, total)
    assert np.array_equal(bins, np.histogram(place, 16, (0.0, 1.0))[0]) and total[0] == pytest.approx(place.sum())


def test_constants_of_the_module_follow_the_precision() -> None:
    double, single = np.zeros(1), np.zeros(1, np.float32)
    constant(double, 3)
    constant(single, 3)
    assert double[0] == 0.1 * 3 + math.pi
    assert single[0] == np.float32(0.1) * np.float32(3) + np.float32(math.pi)


def test_constants_of_the_module_follow_the_precision_on_a_device(taichi_x64: runtime.Runtime) -> None:
    double = np.zeros(1)
    constant(double, 2**31 + 1)
    assert double[0] == pytest.approx(0.1 * (2**31 + 1) + math.pi, rel=1e-15)


def test_single_precision_code_holds_no_double_and_no_estimates() -> None:
    for fine in (conduct, several, count_up, constant):
        assert "double" not in fine.llvm("f32") and "double" in fine.llvm("f64")
    assert "double" in widened.llvm("f32"), "the trap that the rule is about has gone; so can the rule"
    operations = re.findall(r"= (?:f\w+|call|tail call) ([a-z ]*?)<?[0-9a-z ]*float", several.llvm("f32"))
    assert any("reassoc" in flags for flags in operations)
    assert not any(flag in flags.split() for flags in operations for flag in ("arcp", "afn", "fast"))


def test_vectors_are_used() -> None:
    assert "<8 x float>" in conduct.llvm("f32") or sys.platform == "darwin"


def test_a_second_body_is_for_devices(taichi_x64: runtime.Runtime) -> None:
    here, there = np.zeros(1, np.int32), np.zeros(1, np.int32)
    ask.numba("f32")(here)
    ask(there)
    assert (here[0], there[0]) == (1, 2)


def test_arrays_that_are_not_contiguous_are_taken_as_they_are() -> None:
    for threads in (1, 2):
        runtime.start("cpu", threads)
        wide = some(40, 36)
        now, later = wide[::2, ::2], np.zeros((18, 20)).T
        conduct(now, later, 0.2)
        assert later[1:-1, 1:-1] == pytest.approx(heat_by_numpy(now, 0.2)[1:-1, 1:-1], abs=1e-15)
        conduct(now.copy(), other := np.zeros((20, 18)), 0.2)
        assert np.array_equal(later, other)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_does_not_fit_is_refused(threads: int) -> None:
    runtime.start("cpu", threads)
    fine, marks = some(4), np.zeros(4, np.int32)
    with pytest.raises(Refusal, match=r"out should be a float64 array of 1 dimensions, not float32 \(4,\)"):
        several(fine, fine.astype(np.float32), marks, 1.0, 1)
    with pytest.raises(Refusal, match=r"marks should be a int32 array .* not int64 \(4,\)"):
        several(fine, fine, np.zeros(4, np.int64), 1.0, 1)
    with pytest.raises(Refusal, match=r"later should be .* not float64 \(4,\)"):
        conduct(some(4, 4), fine, 0.2)
    with pytest.raises(Refusal, match="float16"):
        conduct(some(4, 4).astype(np.float16), fine, 0.2)
    with pytest.raises(Refusal, match="not list"):
        conduct(some(4, 4), [1.0], 0.2)


def test_source_outside_the_subset_is_refused() -> None:
    infinity, table = math.inf, [1, 2]

    def untyped(x: Array(1), n) -> None:  # type: ignore[no-untyped-def]
        pass

    def endless(x: Array(1)) -> None:
        for i in range(x.shape[0]):
            x[i] = infinity

    def looks_up(x: Array(1)) -> None:
        for i in range(x.shape[0]):
            x[i] = real(table[i])

    def skips(x: Array(1)) -> None:
        for i in range(0, x.shape[0], 2):
            x[i] = 0.0

    def carries(x: Array(1)) -> None:
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i]
            x[i] = total

    def peeks(x: Array(1)) -> None:
        first = x[0]
        for i in range(x.shape[0]):
            x[i] = first

    for body, words in (
        (untyped, "argument n needs a type"), (endless, "cannot hold inf"), (looks_up, "table is no number"),
        (skips, r"not over range\(0, x.shape\[0\], 2\)"), (carries, "total passes between"), (peeks, "first = x"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=words):
            kernel(body).numba("f64")


def test_kernels_are_found_by_module_and_name() -> None:
    ours = [found.name for found in kernels() if found.module == __name__]
    assert {"conduct", "several", "count_up"} <= set(ours)
    assert repr(conduct) == f"<kernel {__name__}.conduct>"
    assert conduct.__doc__ == "One step of heat in every inner cell."


def python(code: str, *arguments: str, **environment: str) -> str:
    """What a fresh Python prints, run at the root of the checkout."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WANXIANG", "NUMBA"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], cwd=ROOT, env={**clean, **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


LAB = """
from engine.kernel import Array, function, kernel, real, sqrt
SHIFT = 1.0
@function
def inner(x):
    return sqrt(x)
@function
def outer(x):
    return 2.0 * inner(x)
@kernel
def lift(x: Array(1)) -> None:
    for i in range(x.shape[0]):
        x[i] = outer(x[i]) + SHIFT / x[i]
"""
RUN = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
import lab, engine.runtime
for threads in (1, 2):
    engine.runtime.start("cpu", threads)
    x = np.arange(1, 1004, dtype=np.float32)
    lab.lift(x)
    print(x.tobytes().hex())
loop = lab.lift._by_numba("f32").dispatchers[0]
print(sum(loop.stats.cache_hits.values()), loop.stats.cache_path, float(x[3]), sep="|")
"""


def lifted(folder: Path, **environment: str) -> tuple[set[str], int, Path, float]:
    """What `lift` gives on one and on two threads, how often and where code was found, what it makes of 4."""
    *bits, last = python(RUN, str(folder), **environment).split()
    hits, path, value = last.split("|")
    return set(bits), int(hits), Path(path), float(value)


def test_machine_code_is_read_back_and_never_stale(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text(LAB)
    bits, hits, path, value = lifted(tmp_path)
    assert hits == 0 and path.is_relative_to(tmp_path) and value == 4.25 and len(bits) == 1
    again, hits, _, _ = lifted(tmp_path)
    assert hits == 1 and again == bits
    (tmp_path / "lab.py").write_text(LAB.replace("sqrt(x)", "1.5 * x").replace("SHIFT = 1.0", "SHIFT = 4.0"))
    _, hits, _, value = lifted(tmp_path)
    assert hits == 0 and value == 13.0
    (tmp_path / "lab.py").write_text(LAB)
    assert lifted(tmp_path)[:2] == (bits, 1)


def test_a_source_tree_that_cannot_be_written_uses_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text(LAB)
    (tmp_path / "__pycache__").write_text("in the way")
    _, _, path, _ = lifted(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"), PYTHONDONTWRITEBYTECODE="1")
    assert path.is_relative_to(tmp_path / "cache" / "wanxiang")


def test_with_no_folder_of_its_own_a_kernel_goes_to_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert kept.keep("text", "stem", blocked).is_relative_to(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(blocked))
    with pytest.raises(Refusal, match="none of .*blocked.* can be written"):
        kept.keep("text", "stem", blocked)


def test_the_engine_imports_neither_taichi_nor_numba() -> None:
    found = python("""
import sys, engine.chance, engine.solver
engine.solver.discover()
print([name for name in ("taichi", "numba") if name in sys.modules])
""")
    assert found.strip() == "[]"


def test_one_thread_never_starts_numbas_threads() -> None:
    found = python("""
import os, numpy as np
from engine.chance import Chance, draw_normals
Chance(1).normals(1000)
draw_normals(np.zeros(1000, np.float32), 1, 2, 3, 4, 5)
from numba.np.ufunc import parallel
tasks = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
print(parallel._is_initialized, tasks)
""", OPENBLAS_NUM_THREADS="1")  # fmt: skip
    assert found.strip() == "False 1"
