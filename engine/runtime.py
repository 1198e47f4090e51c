"""The back end that computes: chosen, started and reported as what really started.

The only file that imports taichi.
"""

import contextlib
import io
import os
import platform
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from engine.errors import Refusal, nearest
from engine.target import code_target, numba

BACKENDS = ("cpu", "cuda", "vulkan", "metal", "taichi-x64", "auto")
DEVICES = ("cuda", "metal", "vulkan")  # in the order in which `auto` tries them


@dataclass(frozen=True, eq=False)
class Runtime:
    """What really started: the back end, its arch (`cpu` is Numba's, the others are Taichi's names), its threads."""

    backend: str
    arch: str
    threads: int

    def numeric_class(self) -> dict[str, str]:
        """Within one class the same calculation gives the same bits; the precision is the solver's to add."""
        found = {"backend": self.backend, "machine": platform.machine().lower()}
        if self.arch == "cpu":
            found |= {"target": code_target(), "numba": version("numba"), "llvmlite": version("llvmlite")}
        else:
            found |= {"target": self.arch, "taichi": version("taichi")}
        # exp, sin and their like are the platform's.
        return found | {"system": f"{platform.system()} {' '.join(platform.libc_ver())}".strip()}

    def array(self, shape: Any, dtype: Any, fill: float = 0) -> Any:
        """A new array on the back end: numpy's, or a ti.ndarray on a device."""
        if self.arch == "cpu":
            return np.full(shape, fill, dtype)
        return self.from_host(np.full(shape, fill, dtype))

    def from_host(self, values: Any) -> Any:
        """A copy of a numpy array on the back end."""
        if self.arch == "cpu":
            return np.array(values, order="C")
        ti = device_compiler()
        dtype = values.dtype.name
        kinds = {"float32": ti.f32, "float64": ti.f64, "int32": ti.i32, "uint32": ti.u32}
        if dtype not in kinds:
            raise Refusal("A device takes arrays of {known}, not of {dtype}.", dtype=dtype, known=", ".join(kinds))
        made = ti.ndarray(kinds[dtype], values.shape)
        made.from_numpy(np.ascontiguousarray(values))
        return made

    def to_host(self, values: Any) -> Any:
        """The values as a numpy array: the array itself on the processor, a copy from a device."""
        return values if isinstance(values, np.ndarray) else values.to_numpy()


_current: Runtime | None = None


def start(backend: str | None = None, threads: int | None = None) -> Runtime:
    """Starts the back end asked for, else WANXIANG_BACKEND's, else the processor; threads likewise, else one."""
    global _current
    backend = backend or os.environ.get("WANXIANG_BACKEND") or "cpu"
    if backend not in BACKENDS:
        raise Refusal("There is no back end {backend!r}. WANXIANG_BACKEND can be: {known}. Did you mean: {nearest}?",
                      backend=backend, known=", ".join(BACKENDS), nearest=nearest(backend, BACKENDS))  # fmt: skip
    threads = _threads(threads if threads is not None else os.environ.get("WANXIANG_THREADS") or 1)
    tried = {"cpu": (), "auto": DEVICES}.get(backend, (backend,))
    found = next((started for device in tried if (started := _device(device, threads))), None)
    if found is None and backend not in ("cpu", "auto"):
        raise _missing(backend)
    _current = found or _processor(threads)
    return _current


def runtime() -> Runtime:
    """The back end in use; the one of the environment is started if none was."""
    return _current or start()


def device_compiler() -> Any:
    """The module taichi, imported quietly; its own import would print, and warn of Python's deprecations."""
    os.environ.setdefault("ENABLE_TAICHI_HEADER_PRINT", "False")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import taichi
    return taichi


def _threads(asked: int | str) -> int:
    """A number of threads, at most one for each processor core."""
    if not str(asked).isdigit() or int(asked) < 1:
        raise Refusal("WANXIANG_THREADS is {asked!r}; it should be a whole number from 1.", asked=str(asked))
    return min(int(asked), os.cpu_count() or 1)


def _processor(threads: int) -> Runtime:
    if threads > 1:
        # Asking this of Numba starts its threads; one thread never does.
        threads = min(threads, numba().config.NUMBA_NUM_THREADS)
        numba().set_num_threads(threads)
    return Runtime("cpu", "cpu", threads)


def _device(backend: str, threads: int) -> Runtime | None:
    """The back end if Taichi really has it: where a device is missing it may start another without a word."""
    global _current
    try:
        ti = device_compiler()
    except ImportError:
        return None
    if _current and _current.arch != "cpu":
        _current = None  # Taichi ends what it had started, even if it then fails
    wanted = ti.cpu if backend == "taichi-x64" else getattr(ti, backend)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # fast_math would trade digits of division, sin and exp for speed.
            quietly = {"log_level": ti.ERROR, "enable_fallback": False}
            ti.init(arch=wanted, fast_math=False, cpu_max_num_threads=threads, **quietly)
        except RuntimeError:
            return None
    started = ti.lang.impl.current_cfg().arch
    return Runtime(backend, str(started.name), threads) if started == wanted else None


def _missing(backend: str) -> Refusal:
    try:
        device_compiler()
    except ImportError:
        return Refusal("The back end {backend} needs Taichi, which is not installed here. Install it, or choose cpu.",
                       backend=backend)  # fmt: skip
    return Refusal("The back end {backend} did not start: this computer has no such device. Choose cpu or auto.",
                   backend=backend)  # fmt: skip
