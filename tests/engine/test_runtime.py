"""Back ends: what is asked for starts or is refused, and what is reported is what started."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import runtime
from engine.errors import Refusal
from engine.target import V3_FEATURES, choose, code_target

ROOT = Path(__file__).parents[2]
MISSING = "cuda" if sys.platform == "darwin" else "metal"


@pytest.fixture(autouse=True)
def back_to_the_processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("WANXIANG_BACKEND", raising=False)
    monkeypatch.delenv("WANXIANG_THREADS", raising=False)
    yield
    runtime.start("cpu", 1)


def test_the_processor_is_the_default_and_the_environment_can_say_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    started = runtime.start()
    assert (started.backend, started.arch, started.threads) == ("cpu", "cpu", 1) and runtime.runtime() is started
    monkeypatch.setenv("WANXIANG_BACKEND", "cuda:0")
    with pytest.raises(Refusal, match=r"no back end 'cuda:0'.* Did you mean: cuda\?"):
        runtime.start()
    assert runtime.start("cpu").backend == "cpu"


@pytest.mark.parametrize("asked", ["0", "-1", "two", "1.5"])
def test_threads_are_a_whole_number_from_one(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("WANXIANG_THREADS", asked)
    with pytest.raises(Refusal, match="WANXIANG_THREADS"):
        runtime.start()


def test_no_more_threads_start_than_there_are_cores() -> None:
    assert runtime.start(threads=10_000).threads <= (os.cpu_count() or 1)


def test_a_missing_device_is_refused_and_the_present_back_end_stays() -> None:
    before = runtime.start("cpu")
    with pytest.raises(Refusal, match=f"{MISSING} did not start.*Choose cpu or auto"):
        runtime.start(MISSING)
    assert runtime.runtime() is before


def test_a_device_that_another_replaced_is_not_reported_any_more(taichi_x64: runtime.Runtime) -> None:
    with pytest.raises(Refusal, match="did not start"):
        runtime.start(MISSING)
    assert runtime.runtime().backend == "cpu"


def test_auto_takes_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "DEVICES", (MISSING,))
    assert runtime.start("auto").backend == "cpu"


def test_without_taichi_devices_are_refused_and_auto_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "taichi", None)
    with pytest.raises(Refusal, match="needs Taichi, which is not installed"):
        runtime.start("taichi-x64")
    started = runtime.start("auto")
    assert started.backend == "cpu" and "taichi" not in started.numeric_class()


def test_taichi_reports_the_arch_that_started(taichi_x64: runtime.Runtime) -> None:
    assert taichi_x64.backend == "taichi-x64" and taichi_x64.arch in ("x64", "arm64")
    assert taichi_x64.numeric_class()["taichi"] and "numba" not in taichi_x64.numeric_class()


def test_a_silent_fall_back_is_noticed(taichi_x64: runtime.Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TI_ARCH", taichi_x64.arch)  # Taichi then starts this one whatever is asked for
    with pytest.raises(Refusal, match="vulkan did not start"):
        runtime.start("vulkan")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint32])
def test_arrays_go_to_a_device_and_come_back(taichi_x64: runtime.Runtime, dtype: type) -> None:
    values: np.ndarray = np.arange(6, dtype=dtype).reshape(2, 3)
    there = taichi_x64.from_host(values[:, ::-1])
    assert not isinstance(there, np.ndarray) and np.array_equal(taichi_x64.to_host(there), values[:, ::-1])
    assert taichi_x64.to_host(taichi_x64.array((2, 2), dtype, fill=3)).tolist() == [[3, 3], [3, 3]]


def test_a_dtype_without_a_place_on_a_device_is_refused(taichi_x64: runtime.Runtime) -> None:
    with pytest.raises(Refusal, match="not of complex64"):
        taichi_x64.from_host(np.zeros(2, np.complex64))


def test_on_the_processor_arrays_are_numpys() -> None:
    here = runtime.start("cpu")
    made, given = here.array((2, 3), np.float32, fill=1.5), np.zeros((2, 3))[:, ::2]
    assert made.dtype == np.float32 and (made == 1.5).all() and here.to_host(made) is made
    copied = here.from_host(given)
    assert copied is not given and copied.flags.c_contiguous


def test_the_numeric_class_names_all_that_the_bits_hang_on() -> None:
    found = runtime.start("cpu").numeric_class()
    assert set(found) == {"backend", "machine", "target", "numba", "llvmlite", "system"} and all(found.values())
    assert found["target"] == code_target()


@pytest.mark.parametrize("machine", ["x86_64", "amd64"])
def test_a_processor_without_the_features_is_another_class(machine: str) -> None:
    every: dict[str, bool] = dict.fromkeys(V3_FEATURES, True)
    assert choose(machine, every)[0] == "x86-64-v3"
    assert choose(machine, {**every, "avx512f": True}) == choose(machine, every)
    for lost in V3_FEATURES:
        assert choose(machine, {**every, lost: False})[0] == "x86-64"
    assert choose("aarch64", {}) == ("generic", "+neon,+fp-armv8")


TARGET = """
import os
{first}
from engine.target import code_target
print(code_target())
import numba
from numba.core.registry import cpu_target
print(*cpu_target.target_context.codegen().magic_tuple()[1:], numba.config.CPU_NAME)
import numpy as np
from engine.chance import Chance
print(Chance(3).normals(64, 1).tobytes().hex())
"""
EARLIER = """
os.environ["NUMBA_CPU_NAME"] = "nehalem"
import numba
assert numba.njit(lambda x: x + 1)(1) == 2
"""


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="asks for features of x86")
def test_the_target_is_pinned_whatever_was_imported_before() -> None:
    plain = printed(TARGET.format(first=""))
    assert printed(TARGET.format(first=EARLIER)) == plain
    target, used, _ = plain.splitlines()
    assert target in ("x86-64-v3", "x86-64") and used.startswith(target) and "avx512" not in used


def printed(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_starting_a_device_prints_nothing(capfd: Any, taichi_x64: runtime.Runtime) -> None:
    runtime.start("taichi-x64", 1)
    assert capfd.readouterr() == ("", "")
