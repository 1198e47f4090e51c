"""One Python function, made ready for a compiler.

A kernel's source is read and every name that it takes from its module is settled: constants become literals, helper
functions come along, `sqrt` becomes the compiler's. The outcome stands alone; its text holds all that the machine
code depends on.
"""

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from engine.errors import Refusal

BUILTINS = {builtins.range: "range", builtins.abs: "abs", builtins.min: "min", builtins.max: "max", builtins.int: "int"}
MATHEMATICS = {  # Python's function: its name in kernels, Numba's function, Taichi's function
    math.sqrt: ("sqrt_", "math.sqrt", "ti.sqrt"),
    math.exp: ("exp_", "math.exp", "ti.exp"),
    math.log: ("log_", "math.log", "ti.log"),
    math.sin: ("sin_", "math.sin", "ti.sin"),
    math.cos: ("cos_", "math.cos", "ti.cos"),
    math.tan: ("tan_", "math.tan", "ti.tan"),
    math.asin: ("asin_", "math.asin", "ti.asin"),
    math.acos: ("acos_", "math.acos", "ti.acos"),
    math.atan2: ("atan2_", "math.atan2", "ti.atan2"),
    math.tanh: ("tanh_", "math.tanh", "ti.tanh"),
    # math.floor gives an integer in Numba and a real in Taichi; numpy's gives a real.
    math.floor: ("floor_", "np.floor", "ti.floor"),
    math.ceil: ("ceil_", "np.ceil", "ti.ceil"),
}


class Scalar:
    """A type of numbers in a kernel, and the cast to it: `real(row)`."""

    def __init__(self, name: str, python: Callable[[Any], Any]) -> None:
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


class Function:
    """A helper that kernels call; as plain Python it can be called too."""

    def __init__(self, body: Callable[..., Any]) -> None:
        self.body = self.device_body = body
        self.symbol = f"{body.__module__}.{body.__qualname__}".replace(".<locals>", "").replace(".", "_")
        self.__doc__, self.__name__ = body.__doc__, body.__name__

    def device(self, body: Callable[..., Any]) -> Callable[..., Any]:
        """Decorates the second body, which Taichi takes."""
        self.device_body = body
        return body

    def __call__(self, *values: Any) -> Any:
        return self.body(*values)


@dataclass
class Settled:
    """A kernel's own tree, and the trees of the helpers below it, those called before those that call."""

    tree: ast.FunctionDef
    helpers: dict[str, ast.FunctionDef] = field(default_factory=dict)


def arguments(function: Callable[..., Any]) -> list[Argument]:
    """The typed arguments of a kernel; an argument without a type is refused."""
    notes = inspect.get_annotations(function, eval_str=True)
    found = []
    for name in inspect.signature(function).parameters:
        kind = notes.get(name)
        if not isinstance(kind, Scalar | ArrayOf):
            raise Refusal("Kernel {kernel}: argument {argument} needs a type: Array(n), real, i32 or u32.",
                          kernel=function.__qualname__, argument=name)  # fmt: skip
        found.append(Argument(name, kind))
    return found


def settle(body: Callable[..., Any], device: bool) -> Settled:
    """The settled trees of a kernel's body, with the helpers' first or second bodies."""
    helpers: dict[str, ast.FunctionDef] = {}

    def visit(symbol: str, source: Callable[..., Any]) -> ast.FunctionDef:
        tree = definition(source)
        settling = _Settling(tree, outside_names(source))
        tree.name = symbol
        tree.body = [settling.visit(statement) for statement in tree.body]
        for helper in settling.helpers:
            if helper.symbol not in helpers:
                helpers[helper.symbol] = visit(helper.symbol, helper.device_body if device else helper.body)
        return ast.fix_missing_locations(tree)

    return Settled(visit(body.__name__, body), helpers)


def definition(function: Callable[..., Any]) -> ast.FunctionDef:
    """The parsed `def` of a function, without its docstring, its decorators and its types."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list, tree.returns = [], None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    for argument in tree.args.args:
        argument.annotation = None
    return tree


def outside_names(function: Callable[..., Any]) -> dict[str, Any]:
    """What the names that a function takes from around it stand for."""
    return {**vars(builtins), **function.__globals__, **inspect.getclosurevars(function).nonlocals}


class _Settling(ast.NodeTransformer):
    """Puts into one function's tree what its outside names stand for; collects the helpers that it calls."""

    def __init__(self, tree: ast.FunctionDef, names: Mapping[str, Any]) -> None:
        self.names, self.owner = names, tree.name
        self.helpers: list[Function] = []
        self.inside = {argument.arg for argument in tree.args.args}
        self.inside |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return literal(node.value) if isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.inside:
            return node
        if node.id not in self.names:
            raise self.refuse(node.id)
        return self.known(node.id, self.names[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path = ast.unparse(node).split(".")
        value = self.names.get(path[0])
        if path[0] in self.inside or not isinstance(value, ModuleType):
            return self.generic_visit(node)
        for part in path[1:]:
            value = getattr(value, part)
        return self.known(".".join(path), value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """`x: real = 0` casts: `x = real_(0)`."""
        if node.value is None:
            raise self.refuse(ast.unparse(node))
        cast = ast.Call(self.visit(node.annotation), [self.visit(node.value)], [])
        return ast.copy_location(ast.Assign([node.target], cast), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        call = node.iter
        named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
        if not named or len(call.args) > 2 or node.orelse:  # type: ignore[attr-defined]
            raise Refusal("Kernel code {function}: loops run over range(stop) or range(start, stop), not over {loop}.",
                          function=self.owner, loop=ast.unparse(call))  # fmt: skip
        return self.generic_visit(node)

    def known(self, name: str, value: Any) -> ast.expr:
        """What stands in the tree for a value found under an outside name."""
        if isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
            return literal(value)
        if isinstance(value, Scalar):
            return ast.Name(f"{value.name}_", ast.Load())
        if isinstance(value, Function):
            self.helpers.append(value)
            return ast.Name(value.symbol, ast.Load())
        if callable(value) and value in BUILTINS:
            return ast.Name(BUILTINS[value], ast.Load())
        if callable(value) and value in MATHEMATICS:
            return ast.Name(MATHEMATICS[value][0], ast.Load())
        raise self.refuse(name)

    def refuse(self, name: str) -> Refusal:
        return Refusal("Kernel code {function}: {name} is no number, no @function, nor known to both compilers.",
                       function=self.owner, name=name)  # fmt: skip


def literal(value: Any) -> ast.expr:
    """A number as a compiler should see it: a float in the precision of the variant, an integer as it is."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int):
        return ast.Constant(value)
    if not math.isfinite(value):
        raise Refusal("Kernel code cannot hold {number}: compilers take every number for a finite one.", number=value)
    return ast.Call(ast.Name("real_", ast.Load()), [ast.Constant(value)], [])


def check(tree: ast.FunctionDef) -> None:
    """Refuses a kernel that is not serial unless it is loops, after statements that only name scalars.

    Each loop is compiled alone, together with the statements before it, so nothing may be carried between iterations
    or from loop to loop.
    """
    names: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.For):
            carried = sorted(names & stored(statement))
            if carried:
                raise _not_parallel(tree.name, ", ".join(carried))
        elif isinstance(statement, ast.Assign) and all(isinstance(t, ast.Name | ast.Tuple) for t in statement.targets):
            if any(isinstance(n, ast.Subscript) and not _is_shape(n.value) for n in ast.walk(statement)):
                raise _not_parallel(tree.name, ast.unparse(statement))
            names |= stored(statement)
        elif not isinstance(statement, ast.Pass):
            raise _not_parallel(tree.name, ast.unparse(statement).split("\n")[0])


def stored(statement: ast.AST) -> set[str]:
    """The names that a statement assigns to."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _is_shape(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _not_parallel(kernel: str, what: str) -> Refusal:
    return Refusal("Kernel {kernel}: {what} passes between loops or iterations; gather, or take @kernel(serial=True).",
                   kernel=kernel, what=what)  # fmt: skip
