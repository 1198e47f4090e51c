"""Kernels by Taichi, for devices. `ti` is handed in by the runtime, the only place that imports it."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import kept
from engine.translate import MATHEMATICS, Argument, ArrayOf, check, settle


def compiled(
    ti: Any, body: Callable[..., Any], declared: list[Argument], serial: bool, grid: int, precision: str
) -> Callable[..., None]:
    """The kernel as a Taichi kernel in one precision; it takes ti.ndarrays, and numpy arrays too."""
    name = body.__name__
    stem = f"{body.__module__}.{name}-{precision}-taichi"
    beside = Path(body.__code__.co_filename).parent
    text = source(body, declared, serial, grid, precision)
    return kept.run(text, stem, beside, {"__name__": body.__module__, "ti": ti})[name]


def source(body: Callable[..., Any], declared: list[Argument], serial: bool, grid: int, precision: str) -> str:
    """The module that Taichi compiles."""
    settled = settle(body, device=True)
    lines = [f"real_, i32_, u32_, u64_ = ti.{precision}, ti.i32, ti.u32, ti.u64"]
    lines += [f"{name} = {called}" for name, _, called in MATHEMATICS.values()]
    taken: dict[str, set[int]] = {}
    for helper in settled.helpers.values():
        taken[helper.name] = _arrays(helper, taken)
        for place in taken[helper.name]:
            helper.args.args[place].annotation = ast.parse("ti.template()", mode="eval").body
        lines += ["@ti.func", ast.unparse(helper)]
    tree = settled.tree
    if serial:
        once = ast.For(ast.Name("once_", ast.Store()), ast.parse("range(1)", mode="eval").body, tree.body, [])
        tree.body = [*ast.parse("ti.loop_config(serialize=True)").body, once]
    else:
        check(tree)
        if grid == 2:
            tree.body = [_spread_both(statement) for statement in tree.body]
    for parameter, argument in zip(tree.args.args, declared, strict=True):
        parameter.annotation = ast.parse(_annotation(argument), mode="eval").body
    lines += ["@ti.kernel", ast.unparse(ast.fix_missing_locations(tree))]
    return "\n".join(lines) + "\n"


def _arrays(helper: ast.FunctionDef, taken: dict[str, set[int]]) -> set[int]:
    """The places of a helper's arguments that are arrays: it indexes them, or hands them to a helper that does."""
    names = [parameter.arg for parameter in helper.args.args]
    used: set[str] = set()
    for node in ast.walk(helper):
        if isinstance(node, ast.Subscript | ast.Attribute):
            used.add(ast.unparse(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            used |= {ast.unparse(node.args[place]) for place in taken.get(node.func.id, ())}
    return {place for place, name in enumerate(names) if name in used}


def _annotation(argument: Argument) -> str:
    if isinstance(argument.kind, ArrayOf):
        return f"ti.types.ndarray(dtype={argument.kind.holds.name}_, ndim={argument.kind.dimensions})"
    return f"{argument.kind.name}_"


def _spread_both(statement: ast.stmt) -> ast.stmt:
    """Two loops, the one directly in the other, as a single loop over a grid of threads."""
    if not isinstance(statement, ast.For) or len(statement.body) != 1 or not isinstance(statement.body[0], ast.For):
        return statement
    inner = statement.body[0]
    target = ast.Tuple([statement.target, inner.target], ast.Store())
    over = f"ti.ndrange({_bounds(statement)}, {_bounds(inner)})"
    return ast.For(target, ast.parse(over, mode="eval").body, inner.body, [])


def _bounds(loop: ast.For) -> str:
    assert isinstance(loop.iter, ast.Call)
    bounds = [ast.unparse(bound) for bound in loop.iter.args]
    return f"({', '.join(bounds if len(bounds) == 2 else ['0', *bounds])})"
