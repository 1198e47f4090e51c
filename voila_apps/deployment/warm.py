"""Compile every kernel before the first student comes: `python -m voila_apps.deployment.warm`.

Numba keeps machine code on the disk, beside the package or in the user's cache folder. An installation that
has done this opens its first bench as fast as its hundredth.
"""

import importlib
import pkgutil
import sys
import time
from collections.abc import Iterator

import engine
from engine.errors import Refusal
from engine.kernel import Kernel, kernels
from voila_apps.cards import discover_labs
from voila_apps.speaking import _, complain, in_words


def every_kernel() -> Iterator[Kernel]:
    """All kernels of the engine and of the labs; what cannot be imported is refused by name."""
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if module.name != "engine.with_taichi":  # devices are started when they are asked for
            importlib.import_module(module.name)
    for name, lab in discover_labs().items():
        if isinstance(lab, Exception):
            raise Refusal("The lab {name} cannot be loaded ({problem}). Mend that file.", name=name,
                          problem=f"{type(lab).__name__}: {lab}")
    yield from kernels()


def warm() -> int:
    """Compile all kernels in the precisions that benches use; returns how many there are."""
    count = 0
    for kernel in every_kernel():
        for precision in ("f32", "f64"):
            kernel.numba(precision)
        count += 1
    return count


def main() -> int:
    """Compile, and say how long it took."""
    began = time.monotonic()
    try:
        count = warm()
    except Refusal as refusal:
        return complain(refusal)
    print(in_words(_("{count} kernels are compiled ({seconds} s)."), count=count,
                   seconds=f"{time.monotonic() - began:.0f}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
