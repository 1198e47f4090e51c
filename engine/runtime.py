"""The back end that computes: chosen, started and reported. The only file that imports taichi."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Runtime:
    """What really started."""

    backend: str
    arch: str
    threads: int

    def array(self, shape: Any, dtype: Any, fill: float = 0) -> Any:
        return np.full(shape, fill, dtype)


_current: Runtime | None = None


def start(backend: str | None = None, threads: int | None = None) -> Runtime:
    """Starts the back end asked for."""
    global _current
    threads = threads or int(os.environ.get("WANXIANG_THREADS", "1"))
    if threads > 1:
        from engine.target import numba

        numba().set_num_threads(threads)
    _current = Runtime("cpu", "cpu", threads)
    return _current


def runtime() -> Runtime:
    """The runtime in use; the processor on one thread if nothing was started."""
    return _current or start()
