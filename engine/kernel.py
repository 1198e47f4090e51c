"""One source, two compilers: Numba makes a kernel fast on a processor, Taichi on a graphics card.

A kernel is a module-level function over arrays, written in the Python that both compilers accept:

    @kernel
    def conduct(now: Array(2), later: Array(2), fourier: real) -> None:
        for row in range(1, now.shape[0] - 1):
            for col in range(1, now.shape[1] - 1):
                around = now[row, col - 1] + now[row, col + 1] + now[row - 1, col] + now[row + 1, col]
                later[row, col] = now[row, col] + fourier * (around - 4.0 * now[row, col])

    @conduct.example
    def conduct_example():
        return np.random.default_rng(1).random((8, 9)), np.zeros((8, 9)), 0.2

Every kernel carries an example: a function without arguments that returns the kernel's arguments, float arrays in
float64 (they are cast to each precision), the others in the dtype declared. tests/engine/test_every_kernel.py runs it
through Numba in f32 and f64 and through Taichi, and compares all arrays afterwards. Tolerances are relative to an
array's largest magnitude, `@conduct.example(f32=1e-5, f64=1e-12)` if not stated; integer arrays must be equal, so
choose an example in which no comparison hangs on the last digit.

Rules of the subset:
- `real` is f32 or f64 as the first `Array` of `real` that is passed; float literals and float constants of the module
  follow it. Numba makes f64 of f32 with an integer: write `2.0 * x` and `real(row) * x`, never `2 * x` or `row * x`.
- loops run over `range(stop)` or `range(start, stop)`; the outermost run in parallel when the runtime has more than
  one thread (each of several, one after the other) unless `@kernel(serial=True)`, which is for kernels that scatter
  (`a[j] += x` from several i) or sum up over the loop. Iterations must not depend on each other.
- variables get their type at first assignment (`total = 0.0`, or `total: real = 0`), and those first assigned inside
  an `if` or a loop do not outlive it. Integer division is `//`; index arithmetic stays non-negative.
- `@function` marks a helper, which may call others; it returns once, at its end. `@name.device` after it gives a
  second body for Taichi, for what only one compiler can say.
- `@kernel(grid=2)` promises that the iterations of the two outermost loops are independent; a device then spreads both.
"""

import hashlib
import math
import os
import tempfile
from ast import unparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from engine.errors import Refusal
from engine.runtime import runtime
from engine.target import numba
from engine.translate import OPEN, Argument, ArrayOf, Scalar, Settle, arguments, definition, outside_names

sqrt, exp, log, sin, cos, tan = math.sqrt, math.exp, math.log, math.sin, math.cos, math.tan
asin, acos, atan2, tanh, floor, ceil = math.asin, math.acos, math.atan2, math.tanh, math.floor, math.ceil

if TYPE_CHECKING:
    real = float
    i32 = int
    u32 = int

    def Array(dimensions: int, holds: Any = ...) -> Any: ...
else:
    real, i32, u32 = Scalar("real", float), Scalar("i32", int), Scalar("u32", int)

    def Array(dimensions, holds=real):
        """An array argument with that many dimensions, of `real` if nothing else is said."""
        return ArrayOf(dimensions, holds)


PRECISIONS = {"f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}
_registered: dict[tuple[str, str], "Kernel"] = {}


def kernels() -> list["Kernel"]:
    """Every kernel of the modules imported so far, by module and name."""
    return [_registered[key] for key in sorted(_registered)]


class Function:
    """A helper that kernels call; as plain Python it can be called too."""

    def __init__(self, body: Callable[..., Any]) -> None:
        self.body = self.device_body = body
        self.symbol = f"{body.__module__}.{body.__qualname__}".replace(".<locals>", "").replace(".", "_")
        self.__doc__, self.__name__ = body.__doc__, body.__name__

    def device(self, body: Callable[..., Any]) -> "Function":
        """Gives the second body, that Taichi takes."""
        self.device_body = body
        return self

    def __call__(self, *values: Any) -> Any:
        return self.body(*values)


def function(body: Callable[..., Any]) -> Function:
    """Marks a helper of kernels."""
    return Function(body)


class Example:
    """Arguments to try a kernel on, and how closely the compilers are to agree, relative to the largest magnitude."""

    def __init__(self, make: Callable[[], tuple[Any, ...]], f32: float, f64: float) -> None:
        self.make, self.f32, self.f64 = make, f32, f64


class Kernel:
    """A compiled-on-demand loop over arrays. Call it; the arrays' precision and the runtime choose the variant."""

    def __init__(self, body: Callable[..., Any], serial: bool, grid: int) -> None:
        self.body, self.serial, self.grid = body, serial, grid
        self.name, self.module, self.__doc__ = body.__name__, body.__module__, body.__doc__
        self.arguments: list[Argument] = arguments(body)
        self.try_on: Example | None = None
        self._ready: dict[tuple[Any, ...], Callable[..., Any]] = {}
        holds = [a.kind.holds if isinstance(a.kind, ArrayOf) else None for a in self.arguments]
        self._first_real = holds.index(real) if real in holds else None
        _registered[self.module, body.__qualname__] = self

    def __repr__(self) -> str:
        return f"<kernel {self.module}.{self.name}>"

    def example(self, make: Any = None, *, f32: float = 1e-5, f64: float = 1e-12) -> Any:
        """Decorates the function that returns arguments to try the kernel on (see the module's docstring)."""
        if make is None:
            return lambda given: self.example(given, f32=f32, f64=f64)
        self.try_on = Example(make, f32, f64)
        return make

    def __call__(self, *given: Any) -> Any:
        now = runtime()
        real_array = None if self._first_real is None else given[self._first_real]
        key = (now.backend, now.threads > 1, getattr(real_array, "dtype", None))
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = self._prepare(key)
        return ready(*given)

    def _prepare(self, key: tuple[Any, ...]) -> Callable[..., Any]:
        """The variant for a back end, threads and dtype, behind the casts of its scalars."""
        _, parallel, dtype = key
        precision = next((name for name, known in PRECISIONS.items() if dtype is None or dtype == known), None)
        if precision is None:
            raise Refusal("Kernel {kernel}: arrays of {dtype} were passed for real; use float32 or float64.",
                          kernel=self.name, dtype=dtype)  # fmt: skip
        compiled = self.numba(precision, parallel)
        casts = self._casts(precision)
        return lambda *given: compiled(*[cast(value) if cast else value for cast, value in zip(casts, given, strict=True)])

    def _casts(self, precision: str) -> list[Callable[[Any], Any] | None]:
        kinds: dict[Scalar, Callable[[Any], Any]] = {real: PRECISIONS[precision].type, i32: int, u32: np.uint32}  # type: ignore[dict-item]
        return [kinds[a.kind] if isinstance(a.kind, Scalar) else None for a in self.arguments]

    def numba(self, precision: str, parallel: bool = False) -> Any:
        """Numba's dispatcher for `f32` or `f64`, on one thread or on several; kept on disk between processes."""
        parallel = parallel and not self.serial
        key = ("numba", precision, parallel)
        if key not in self._ready:
            text = self._numba_text(precision, parallel)
            self._ready[key] = _load(text, f"{self.module}.{self.name}-{precision}-{'parallel' if parallel else 'serial'}", self)
        return self._ready[key]

    def _numba_text(self, precision: str, parallel: bool, options: str = "cache=True") -> str:
        numpy_type = {"f32": "np.float32", "f64": "np.float64"}[precision]
        lines = [
            f'"""Made from {self.module}.{self.name} by engine.kernel for Numba; edits are lost."""',
            "import math",
            "import numpy as np",
            "from numba import njit, prange",
            f"real_, i32_, u32_ = {numpy_type}, np.int32, np.uint32",
            *(f"{name}_ = {called}" for name, (_, called, _) in OPEN.items()),
        ]
        how = 'fastmath=True, error_model="numpy"'
        for symbol, text in _settled(self.body, "body", self.name):
            if symbol == self.name:
                lines.append(f"@njit({how}, parallel={parallel}, {options})")
                text = text.replace("\n    for ", "\n    for ")
                if parallel:
                    text = _spread(text)
            else:
                lines.append(f"@njit({how}, forceinline=True)")
            lines.append(text)
        return "\n".join(lines) + "\n"

    def llvm(self, precision: str) -> str:
        """The LLVM code of the serial variant, without the wrappers through which Python calls it."""
        text = self._numba_text(precision, False, "no_cpython_wrapper=True, no_cfunc_wrapper=True")
        space = {"__name__": self.module}
        numba()
        exec(compile(text, f"<{self.name}>", "exec"), space)  # noqa: S102
        dispatcher: Any = space[self.name]
        dispatcher.compile(self.signature(precision))
        return "\n".join(dispatcher.inspect_llvm().values())

    def signature(self, precision: str) -> tuple[Any, ...]:
        """Numba's types of the arguments, arrays contiguous."""
        types = numba().types
        scalar = {"real": types.float32 if precision == "f32" else types.float64, "i32": types.int64, "u32": types.uint32}
        held = {**scalar, "i32": types.int32}
        return tuple(
            types.Array(held[a.kind.holds.name], a.kind.dimensions, "C") if isinstance(a.kind, ArrayOf) else scalar[a.kind.name]
            for a in self.arguments
        )


@overload
def kernel(body: Callable[..., Any]) -> Kernel: ...
@overload
def kernel(*, serial: bool = False, grid: int = 1) -> Callable[[Callable[..., Any]], Kernel]: ...
def kernel(body: Callable[..., Any] | None = None, *, serial: bool = False, grid: int = 1) -> Any:
    """Makes a kernel of a function: `@kernel`, `@kernel(serial=True)` or `@kernel(grid=2)`."""
    if body is None:
        return lambda given: Kernel(given, serial, grid)
    return Kernel(body, serial, grid)


def _settled(body: Callable[..., Any], which: str, name: str) -> list[tuple[str, str]]:
    """Symbols and texts of a function and of all helpers below it, those called before those that call."""
    done: dict[str, str] = {}

    def visit(symbol: str, source: Callable[..., Any]) -> None:
        tree = definition(source)
        settle = Settle(tree, outside_names(source), Function)
        tree.name = symbol
        tree.body = [settle.visit(statement) for statement in tree.body]
        for helper in settle.helpers:
            if helper.symbol not in done:
                visit(helper.symbol, getattr(helper, which))
        done[symbol] = unparse(tree)

    visit(name, body)
    return list(done.items())


def _spread(text: str) -> str:
    """Outermost loops over prange."""
    return "\n".join(
        line.replace(" in range(", " in prange(", 1) if line.startswith("    for ") else line for line in text.split("\n")
    )


def _load(text: str, stem: str, owner: Kernel) -> Any:
    """Runs generated text from a file that is named by its digest; Numba keeps machine code beside that file."""
    numba()
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = _file(f"{stem}-{digest}.py", text, Path(owner.body.__code__.co_filename).parent)
    space = {"__name__": owner.module}
    exec(compile(text, str(path), "exec"), space)  # noqa: S102
    return space[owner.name]


def _folders(beside: Path) -> Iterable[Path]:
    yield beside / "__pycache__" / "kernels"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wanxiang" / "kernels"
    yield Path(tempfile.gettempdir()) / f"wanxiang-kernels-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def _file(name: str, text: str, beside: Path) -> Path:
    """Writes a generated module where it can be kept: beside its source, else in the user's cache folder."""
    for folder in _folders(beside):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                partial = path.with_suffix(f".{os.getpid()}")
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
            if os.access(folder, os.W_OK):
                return path
        except OSError:
            continue
    raise Refusal("No folder for compiled kernels can be written, the last tried was {folder}. Free some space there.", folder=folder)
