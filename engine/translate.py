"""One Python function, rewritten for the compiler that is to have it.

A kernel's source is read, every name that it takes from its module is settled (constants become literals, helper
functions come along, `sqrt` becomes the compiler's), and the outcome is a module that stands alone. Its text holds all
that the machine code depends on, so that a digest of it can name the cache entry.
"""

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from engine.errors import Refusal

KEPT = {builtins.range: "range", builtins.abs: "abs", builtins.min: "min", builtins.max: "max", builtins.int: "int"}
OPEN = {  # what a kernel may call: the Python function, Numba's name for it, Taichi's name for it
    "sqrt": (math.sqrt, "math.sqrt", "ti.sqrt"),
    "exp": (math.exp, "math.exp", "ti.exp"),
    "log": (math.log, "math.log", "ti.log"),
    "sin": (math.sin, "math.sin", "ti.sin"),
    "cos": (math.cos, "math.cos", "ti.cos"),
    "tan": (math.tan, "math.tan", "ti.tan"),
    "asin": (math.asin, "math.asin", "ti.asin"),
    "acos": (math.acos, "math.acos", "ti.acos"),
    "atan2": (math.atan2, "math.atan2", "ti.atan2"),
    "tanh": (math.tanh, "math.tanh", "ti.tanh"),
    # math.floor and math.ceil give integers in Numba and reals in Taichi; numpy's give reals.
    "floor": (math.floor, "np.floor", "ti.floor"),
    "ceil": (math.ceil, "np.ceil", "ti.ceil"),
}
BY_FUNCTION = {python: name for name, (python, _, _) in OPEN.items()}


class Scalar:
    """A type of numbers in a kernel, and the cast to it: `real(row)`."""

    def __init__(self, name: str, python: type) -> None:
        self.name, self.python = name, python

    def __call__(self, value: Any) -> Any:
        return self.python(value)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ArrayOf:
    """An array argument: its number of dimensions and what it holds."""

    dimensions: int
    holds: Scalar


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel as declared."""

    name: str
    kind: Scalar | ArrayOf


def arguments(function: Callable[..., Any]) -> list[Argument]:
    """The typed arguments of a kernel; an argument without a type is refused."""
    notes = inspect.get_annotations(function, eval_str=True)
    found = []
    for name in inspect.signature(function).parameters:
        kind = notes.get(name)
        if not isinstance(kind, Scalar | ArrayOf):
            raise Refusal(
                "Kernel {kernel}: argument {argument} needs a type: Array(n), real, i32 or u32.",
                kernel=function.__qualname__,
                argument=name,
            )
        found.append(Argument(name, kind))
    return found


def definition(function: Callable[..., Any]) -> ast.FunctionDef:
    """The parsed `def` of a function, without its docstring and its decorators."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list, tree.returns = [], None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    for argument in tree.args.args:
        argument.annotation = None
    tree.args.defaults = []
    return tree


def outside_names(function: Callable[..., Any]) -> dict[str, Any]:
    """What the names that a function takes from around it stand for."""
    around = inspect.getclosurevars(function).nonlocals
    return {**vars(builtins), **function.__globals__, **around}


class Settle(ast.NodeTransformer):
    """Puts into one function's tree what its outside names stand for; collects the helpers that it calls."""

    def __init__(self, tree: ast.FunctionDef, names: Mapping[str, Any], of: Any) -> None:
        self.names, self.of = names, of
        self.owner = tree.name
        self.helpers: list[Any] = []
        self.inside = {argument.arg for argument in tree.args.args}
        self.inside |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _literal(node.value) if isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.inside:
            return node
        if node.id not in self.names:
            raise self.refuse(node.id)
        return self.settle(node.id, self.names[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id not in self.inside and isinstance(self.names.get(root.id), ModuleType):
            value: Any = self.names[root.id]
            for part in ast.unparse(node).split(".")[1:]:
                value = getattr(value, part)
            return self.settle(ast.unparse(node), value)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """`x: real = 0` casts: `x = real_(0)`."""
        cast = self.visit(node.annotation)
        assert node.value is not None
        value = ast.Call(cast, [self.visit(node.value)], [])
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_For(self, node: ast.For) -> ast.stmt:
        call = node.iter
        known = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
        if not known or len(call.args) > 2:  # type: ignore[attr-defined]
            raise Refusal(
                "Kernel code {function}: loops run over range(stop) or range(start, stop), not over {loop}.",
                function=self.owner,
                loop=ast.unparse(call),
            )
        return self.generic_visit(node)  # type: ignore[return-value]

    def settle(self, name: str, value: Any) -> ast.expr:
        if isinstance(value, bool | int | float | np.floating | np.integer):
            return _literal(value)
        if isinstance(value, Scalar):
            return ast.Name(f"{value.name}_", ast.Load())
        if isinstance(value, self.of):
            self.helpers.append(value)
            return ast.Name(value.symbol, ast.Load())
        hashable = value.__hash__ is not None
        if hashable and value in KEPT:
            return ast.Name(KEPT[value], ast.Load())
        if hashable and value in BY_FUNCTION:
            return ast.Name(f"{BY_FUNCTION[value]}_", ast.Load())
        raise self.refuse(name)

    def refuse(self, name: str) -> Refusal:
        return Refusal(
            "Kernel code {function}: {name} is no number, no @function and no function that both compilers know.",
            function=self.owner,
            name=name,
        )


def _literal(value: Any) -> ast.expr:
    """A number as both compilers should see it: a float in the precision of the variant, an integer as it is."""
    if isinstance(value, bool | int | np.integer | np.bool_):
        return ast.Constant(value if isinstance(value, bool | int) else value.item())
    number = float(value)
    if not math.isfinite(number):
        raise Refusal("Kernel code cannot hold {number}: fastmath takes every number for a finite one.", number=number)
    return ast.Call(ast.Name("real_", ast.Load()), [ast.Constant(number)], [])
