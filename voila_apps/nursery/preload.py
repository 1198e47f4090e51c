"""What every kernel will need, imported and compiled once before any is born.

Nothing here may start a thread or an event loop: a child inherits the memory of its parent, but of its threads only
the one that forked, and locks that the others held stay closed for ever.
"""

import importlib
import pkgutil
import sys
from itertools import product
from pathlib import Path

PACKAGES = (
    *("ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.comm", "ipywidgets", "anywidget"),
    *("tornado.httpclient", "tornado.simple_httpclient"),
    *("labs.bench", "labs.bench.studio", "labs.bench.sitting", "labs.bench.report"),
)


def preload(scenarios: Path | None) -> list[str]:
    """Import the packages and all labs, load their kernels, and try each shipped scenario once; what went wrong."""
    trouble = list[str]()
    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # 20 MB in each kernel, for a debugger nobody has
    for name in PACKAGES:
        importlib.import_module(name)
    for name in _labs():
        try:
            importlib.import_module(name)
        except Exception as problem:  # a broken lab is its author's trouble, and no reason to do without the others
            trouble.append(f"{name}: {type(problem).__name__}: {problem}")
    _compile(trouble)
    if scenarios is not None:
        _rehearse(scenarios, trouble)
    return trouble


def _labs() -> list[str]:
    import labs

    return [f"labs.{module.name}" for module in pkgutil.iter_modules(labs.__path__) if module.name != "bench"]


def _compile(trouble: list[str]) -> None:
    """Have the machine code of every kernel in memory, in both precisions that solvers use."""
    from engine.kernel import kernels
    from engine.runtime import start

    start("cpu", 1)
    for one, precision in product(kernels(), ("f32", "f64")):
        try:
            one.numba(precision)
        except Exception as problem:
            trouble.append(f"{one}: {type(problem).__name__}: {problem}")


def _rehearse(scenarios: Path, trouble: list[str]) -> None:
    """Lay out every shipped scenario's bench once, and clear it away: what is computed once for all is then there."""
    from ipywidgets import Widget

    from labs.bench.desk import Desk
    from labs.bench.notebook import discover
    from labs.bench.run import Run

    for name, scenario in discover(scenarios).items():
        try:
            if isinstance(scenario, Exception):
                raise scenario
            desk = Desk(scenario, Run(scenario, bytes(32)))
            for number, do in enumerate(("hello", "step", "read")):
                desk.hear({"do": do, "tab": "rehearsal", "n": number})
        except Exception as problem:
            trouble.append(f"{name}: {type(problem).__name__}: {problem}")
        Widget.close_all()


def threads() -> int:
    """How many threads this process has."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def unwanted() -> list[str]:
    """What must not have been loaded."""
    return [name for name in ("taichi", "torch") if name in sys.modules]
