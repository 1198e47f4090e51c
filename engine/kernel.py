"""One source, two compilers: Numba makes a kernel fast on a processor, Taichi on a graphics card.

A kernel is a module-level function over arrays, written in the Python that both compilers accept:

    @kernel
    def conduct(now: Array(2), later: Array(2), fourier: real) -> None:
        for row in range(1, now.shape[0] - 1):
            for col in range(1, now.shape[1] - 1):
                around = now[row, col - 1] + now[row, col + 1] + now[row - 1, col] + now[row + 1, col]
                later[row, col] = now[row, col] + fourier * (around - 4.0 * now[row, col])

    @conduct.example
    def conduct_example() -> tuple[Any, ...]:
        return np.random.default_rng(1).random((8, 9)), np.zeros((8, 9)), 0.2

Every kernel carries an example: a function without arguments that returns the kernel's arguments, `real` arrays in
float64 (they are cast to each precision), the others in the dtype declared. tests/engine/test_every_kernel.py runs it
through Numba in f32 and f64 and through Taichi, and compares all arrays afterwards. Tolerances are relative to an
array's largest magnitude, `@conduct.example(f32=1e-5, f64=1e-12)` if not stated; integer arrays must be equal, so
choose an example in which no comparison hangs on the last digit.

Rules of the subset:
- `real` is f32 or f64 as the first `Array` of `real` that is passed; float literals and float constants of the module
  follow it. Numba makes f64 of f32 with an integer: write `2.0 * x` and `real(row) * x`, never `2 * x` or `row * x`.
- loops run over `range(stop)` or `range(start, stop)`. The outermost run in parallel when the runtime has more than
  one thread, each of several one after the other; before them only scalars may be named. Iterations must not depend
  on each other. A kernel that scatters (`a[j] += x` from several i), or sums over the loop, is `@kernel(serial=True)`
  and may have any shape.
- a kernel returns nothing. Variables get their type at first assignment (`total = 0.0`, or `total: real = 0`), and
  those first assigned inside an `if` or a loop do not outlive it. Integers are 64 bits wide in Numba, 32 in Taichi;
  their division is `//`; index arithmetic stays non-negative. `floor` and `ceil` give a real.
- `@function` marks a helper, which may call others and take arrays; it returns once, at its end. `@name.device` on a
  second function gives the body for Taichi, where only one compiler can say a thing.
- `@kernel(grid=2)` promises that the iterations of the two outermost loops, one directly in the other, are
  independent; a device then spreads both.
- results are the same bits for any number of threads, and whether compiled now or read from disk.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from engine.errors import Refusal
from engine.runtime import device_compiler, runtime
from engine.translate import Argument, ArrayOf, Function, Scalar, arguments
from engine.with_numba import Compiled
from engine.with_taichi import compiled as by_taichi

__all__ = [
    "Array", "Function", "Kernel", "acos", "asin", "atan2", "ceil", "cos", "exp", "floor", "function", "i32", "kernel",
    "kernels", "log", "real", "sin", "sqrt", "tan", "tanh", "u32", "u64",
]  # fmt: skip

sqrt, exp, log, sin, cos, tan = math.sqrt, math.exp, math.log, math.sin, math.cos, math.tan
asin, acos, atan2, tanh, floor, ceil = math.asin, math.acos, math.atan2, math.tanh, math.floor, math.ceil

if TYPE_CHECKING:
    real = float
    i32 = int
    u32 = int
    u64 = int

    def Array(dimensions: int, holds: Any = ...) -> Any:
        """As below."""
else:
    real, i32, u32 = Scalar("real", float), Scalar("i32", int), Scalar("u32", lambda value: int(value) % 2**32)
    u64 = Scalar("u64", int)  # for the bodies of functions that only Numba takes: not every device has it

    def Array(dimensions, holds=real):
        """An array argument with that many dimensions, of `real` unless `i32` or `u32` is said."""
        return ArrayOf(dimensions, holds)


PRECISIONS = {"float32": "f32", "float64": "f64", "f32": "f32", "f64": "f64"}  # as numpy and Taichi write dtypes
_registered: dict[tuple[str, str], "Kernel"] = {}


def kernels() -> list["Kernel"]:
    """Every kernel of the modules imported so far, by module and name."""
    return [_registered[key] for key in sorted(_registered)]


class Example:
    """Arguments to try a kernel on, and how closely the compilers are to agree, relative to the largest magnitude."""

    def __init__(self, make: Callable[[], tuple[Any, ...]], f32: float, f64: float) -> None:
        self.make, self.f32, self.f64 = make, f32, f64


class Kernel:
    """A loop over arrays, compiled on demand. Call it; the arrays' precision and the runtime choose the variant."""

    def __init__(self, body: Callable[..., Any], serial: bool, grid: int) -> None:
        self.body, self.serial, self.grid = body, serial, grid
        self.name, self.module, self.__doc__ = body.__name__, body.__module__, body.__doc__
        self.arguments: list[Argument] = arguments(body)
        self.tried_on: Example | None = None
        self._compiled: dict[str, Compiled] = {}
        self._callers: dict[tuple[Any, ...], Callable[..., None]] = {}
        of_real = [isinstance(a.kind, ArrayOf) and a.kind.holds.name == "real" for a in self.arguments]
        self._first_real = of_real.index(True) if any(of_real) else None
        _registered[self.module, body.__qualname__] = self

    def __repr__(self) -> str:
        return f"<kernel {self.module}.{self.name}>"

    def example(self, make: Any = None, *, f32: float = 1e-5, f64: float = 1e-12) -> Any:
        """Decorates the function that returns arguments to try the kernel on (see the module's docstring)."""
        if make is None:
            return lambda given: self.example(given, f32=f32, f64=f64)
        self.tried_on = Example(make, f32, f64)
        return make

    def __call__(self, *given: Any) -> None:
        now = runtime()
        dtype = None if self._first_real is None else given[self._first_real].dtype
        call = self._callers.get((now, dtype))
        if call is None:
            call = self._callers[now, dtype] = self._choose(str(dtype or "f32"))
        call(*given)

    def _choose(self, dtype: str) -> Callable[..., None]:
        """The variant for arrays of a dtype on the runtime in use."""
        if dtype not in PRECISIONS:
            raise Refusal("Kernel {kernel}: an array of {dtype} was passed for real; use float32 or float64.",
                          kernel=self.name, dtype=dtype)  # fmt: skip
        now = runtime()
        return self.numba(PRECISIONS[dtype], now.threads) if now.arch == "cpu" else self.taichi(PRECISIONS[dtype])

    def numba(self, precision: str, threads: int = 1) -> Callable[..., None]:
        """The kernel in `f32` or `f64` by Numba, compiled now or read from disk, as a function of its arguments."""
        return self._by_numba(precision).caller(threads)

    def taichi(self, precision: str) -> Callable[..., None]:
        """The kernel in `f32` or `f64` by Taichi, on the device that the runtime started."""
        return by_taichi(device_compiler(), self.body, self.arguments, self.serial, self.grid, precision)

    def llvm(self, precision: str) -> str:
        """LLVM's code of the kernel, without the wrappers through which Python calls it."""
        return self._by_numba(precision).llvm()

    def _by_numba(self, precision: str) -> Compiled:
        if precision not in self._compiled:
            self._compiled[precision] = Compiled(self.body, self.arguments, self.serial, precision)
        return self._compiled[precision]


@overload
def kernel(body: Callable[..., Any]) -> Kernel: ...
@overload
def kernel(*, serial: bool = False, grid: int = 1) -> Callable[[Callable[..., Any]], Kernel]: ...
def kernel(body: Callable[..., Any] | None = None, *, serial: bool = False, grid: int = 1) -> Any:
    """Makes a kernel of a function: `@kernel`, `@kernel(serial=True)` or `@kernel(grid=2)`."""
    if body is None:
        return lambda given: Kernel(given, serial, grid)
    return Kernel(body, serial, grid)


def function(body: Callable[..., Any]) -> Function:
    """Marks a helper that kernels call."""
    return Function(body)
