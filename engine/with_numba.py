"""Kernels by Numba, for processors.

The body of each outermost loop is compiled once, as a serial function that does the `part`-th of `parts` equal parts
of it. Several threads call that very machine code through its address, so results do not depend on their number.
(Numba's own parallel loops would be compiled apart from the serial ones and optimised once more when read back from
disk: other bits each time, under fastmath.)
"""

import ast
import copy
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine import kept
from engine.errors import Refusal
from engine.target import FASTMATH, numba
from engine.translate import MATHEMATICS, Argument, ArrayOf, check, settle

REAL = {"f32": np.float32, "f64": np.float64}
OPTIONS = f'fastmath={{{", ".join(map(repr, FASTMATH))}}}, error_model="numpy"'
HEAD = """import math
import numpy as np
from numba import njit, prange
real_, i32_, u32_, u64_ = np.{real}, np.int32, np.uint32, np.uint64
"""


class Compiled:
    """One kernel in one precision: its loops as functions of the arguments, and of (part, parts) unless serial."""

    def __init__(self, body: Callable[..., Any], declared: list[Argument], serial: bool, precision: str) -> None:
        self.name, self.declared, self.serial, self.precision = body.__name__, declared, serial, precision
        self.body, self.beside = body, Path(body.__code__.co_filename).parent
        self.stem = f"{body.__module__}.{self.name}-{precision}"
        self.loops = _loops(settle(body, device=False).tree, serial)
        self.symbols = [loop.name for loop in self.loops]
        self.usual = self.signature()
        self.dispatchers = self._compile("cache=True, nogil=True")
        self.spreads: dict[Any, list[tuple[Any, int]]] = {}
        self.callers: dict[int, Callable[..., None]] = {}

    def text(self, options: str) -> str:
        """The module that Numba compiles."""
        lines = [HEAD.format(real=REAL[self.precision].__name__)]
        lines += [f"{name} = {called}" for name, called, _ in MATHEMATICS.values()]
        for helper in settle(self.body, device=False).helpers.values():
            lines += [f"@njit({OPTIONS}, forceinline=True)", ast.unparse(helper)]
        for loop in self.loops:
            lines += [f"@njit({OPTIONS}, {options})", ast.unparse(loop)]
        return "\n".join(lines) + "\n"

    def _compile(self, options: str, suffix: str = "") -> list[Any]:
        numba()
        space = kept.run(self.text(options), self.stem + suffix, self.beside, {"__name__": self.body.__module__})
        dispatchers = [space[symbol] for symbol in self.symbols]
        for dispatcher in dispatchers:
            _fit(dispatcher, self._whole(self.usual))
        return dispatchers

    def _whole(self, signature: tuple[Any, ...]) -> tuple[Any, ...]:
        """The types of the arguments of the loops' functions."""
        whole = numba().types.int64
        return signature if self.serial else (*signature, whole, whole)

    def signature(self, given: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
        """Numba's types of the kernel's arguments; arrays contiguous unless others are given."""
        types = numba().types
        real = types.float32 if self.precision == "f32" else types.float64
        held = {"real": real, "i32": types.int32, "u32": types.uint32}
        usual = [
            types.Array(held[a.kind.holds.name], a.kind.dimensions, "C")
            if isinstance(a.kind, ArrayOf)
            else types.int64
            if a.kind.name == "i32"
            else held[a.kind.name]
            for a in self.declared
        ]
        if given is None:
            return tuple(usual)
        for argument, kind, value in zip(self.declared, usual, given, strict=True):
            self._check(argument, kind, value)
        return tuple(
            numba().typeof(value) if isinstance(argument.kind, ArrayOf) else kind
            for argument, kind, value in zip(self.declared, usual, given, strict=True)
        )

    def _check(self, argument: Argument, kind: Any, value: Any) -> None:
        """Refuses an array of another dtype or another number of dimensions than declared."""
        if not isinstance(argument.kind, ArrayOf):
            return
        shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
        if shape is None or len(shape) != argument.kind.dimensions or str(dtype) != str(kind.dtype):
            raise Refusal(
                "Kernel {kernel}: {argument} should be a {dtype} array of {dimensions} dimensions, not {given}.",
                kernel=self.name, argument=argument.name, dtype=str(kind.dtype), dimensions=argument.kind.dimensions,
                given=type(value).__name__ if shape is None else f"{dtype} {tuple(shape)}",
            )  # fmt: skip

    def caller(self, threads: int) -> Callable[..., None]:
        """A Python function of the kernel's arguments that runs it on so many threads."""
        if threads not in self.callers:
            self.callers[threads] = self._written(threads)
        return self.callers[threads]

    def _written(self, threads: int) -> Callable[..., None]:
        names = [argument.name for argument in self.declared]
        cast = {"real": "real_({})", "u32": "u32_({})", "i32": "int({})"}
        passed = ", ".join(
            name if isinstance(argument.kind, ArrayOf) else cast[argument.kind.name].format(name)
            for name, argument in zip(names, self.declared, strict=True)
        )
        many = threads > 1 and not self.serial
        space: dict[str, Any] = {"real_": REAL[self.precision], "u32_": np.uint32, "unusual_": self.unusual}
        calls = []
        for at, dispatcher in enumerate(self.dispatchers):
            if many:
                space[f"loop_{at}"], space[f"address_{at}"] = self.spread(self.usual)[at]
                calls.append(f"loop_{at}(address_{at}, {threads}, {passed})")
            else:
                space[f"loop_{at}"] = dispatcher
                calls.append(f"loop_{at}({passed})" if self.serial else f"loop_{at}({passed}, 0, 1)")
        text = f"def call({', '.join(names)}):\n try:\n  {'; '.join(calls)}\n"
        text += f" except TypeError:\n  unusual_({threads if many else 1}, ({passed},))\n"
        exec(compile(text, f"<call of {self.name}>", "exec"), space)
        return space["call"]

    def unusual(self, threads: int, given: tuple[Any, ...]) -> None:
        """Runs on arrays that are not contiguous, or refuses what does not fit; Numba's TypeError led here."""
        signature = self.signature(given)
        for dispatcher in self.dispatchers:
            _fit(dispatcher, self._whole(signature))
        if threads > 1:
            for loop, address in self.spread(signature):
                loop(address, threads, *given)
        else:
            for dispatcher in self.dispatchers:
                dispatcher(*given) if self.serial else dispatcher(*given, 0, 1)

    def spread(self, signature: tuple[Any, ...]) -> list[tuple[Any, int]]:
        """For each loop: a function that calls an address from many threads, and the address of the loop."""
        if signature not in self.spreads:
            whole = self._whole(signature)
            found = []
            for at, dispatcher in enumerate(self.dispatchers):
                made = dispatcher.overloads[whole]
                address = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)
                found.append((self._spreader(at, signature), address))
            self.spreads[signature] = found
        return self.spreads[signature]

    def _spreader(self, at: int, signature: tuple[Any, ...]) -> Any:
        names = ", ".join(argument.name for argument in self.declared)
        version = hashlib.sha256(inspect.getsource(_address_caller).encode()).hexdigest()[:8]
        text = f'''"""Calls address_ on many threads; call_at_ is version {version}."""
import numpy as np
from numba import njit, prange
@njit(parallel=True, error_model="numpy", cache=True, nogil=True)
def {self.symbols[at]}_spread(address_, parts_, {names}):
    for part_ in prange(parts_):
        call_at_(address_, ({names}, np.int64(part_), parts_))
'''
        space = {"__name__": self.body.__module__, "call_at_": _address_caller()}
        spreader = kept.run(text, f"{self.stem}-spread", self.beside, space)[f"{self.symbols[at]}_spread"]
        whole = numba().types.int64
        _fit(spreader, (whole, whole, *signature))
        return spreader

    def llvm(self) -> str:
        """LLVM's code of the loops, without the wrappers through which Python calls them."""
        dispatchers = self._compile("no_cpython_wrapper=True, no_cfunc_wrapper=True", "-bare")
        return "\n".join(code for dispatcher in dispatchers for code in dispatcher.inspect_llvm().values())


def _loops(tree: ast.FunctionDef, serial: bool) -> list[ast.FunctionDef]:
    """The functions that are compiled: the whole kernel, or one for each outermost loop with what comes before it."""
    if serial:
        return [tree]
    check(tree)
    before: list[ast.stmt] = []
    found: list[ast.FunctionDef] = []
    for statement in tree.body:
        if isinstance(statement, ast.For):
            body = [*before, *_part(statement)]
            one = ast.FunctionDef(f"{tree.name}_{len(found) + 1}", copy.deepcopy(tree.args), body, [])
            one.args.args += [ast.arg("part_"), ast.arg("parts_")]
            found.append(ast.fix_missing_locations(one))
        else:
            before.append(statement)
    return found


def _part(loop: ast.For) -> list[ast.stmt]:
    """An outermost loop, over the `part_`-th of `parts_` equal parts of its range."""
    assert isinstance(loop.iter, ast.Call)
    bounds = [ast.unparse(bound) for bound in loop.iter.args]
    start, stop = bounds if len(bounds) == 2 else ("0", *bounds)
    head = ast.parse(f"start_ = np.int64({start})\nlength_ = np.int64({stop}) - start_").body
    over = "range(start_ + length_ * part_ // parts_, start_ + length_ * (part_ + 1) // parts_)"
    return [*head, ast.For(loop.target, ast.parse(over, mode="eval").body, loop.body, [])]


def _fit(dispatcher: Any, signature: tuple[Any, ...]) -> None:
    """Compiles a dispatcher for one signature, or reads that from disk, and lets it compile no other by itself."""
    if signature not in dispatcher.overloads:
        dispatcher.disable_compile(False)
        dispatcher.compile(signature)
        dispatcher.disable_compile()


def _address_caller() -> Any:
    """The intrinsic `call_at_(address, arguments)`: calls the compiled function of those arguments at an address."""
    types = numba().types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def call_at_(typing: Any, address: Any, given: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args[1].types
            made = context.call_conv.get_function_type(types.none, kinds)
            pointer = builder.inttoptr(values[0], made.as_pointer())
            unpacked = cgutils.unpack_tuple(builder, values[1])
            context.call_conv.call_function(builder, pointer, types.none, kinds, unpacked)
            return context.get_dummy_value()

        return types.none(address, given), generate

    return call_at_
