"""A column that a student computes: an expression over the other columns, with units and uncertainties.

Only numbers, column names, + − * / **, brackets and a few functions are understood; the text is parsed, never run.
Units are worked out once for the whole column; uncertainties go through to first order, every reading of a row being
independent of the others (Guide to the Expression of Uncertainty, 5.1.2).
"""

import ast
import math
import operator
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scipy.constants import Boltzmann
from uncertainties import umath

from engine.errors import Refusal, nearest
from labs.bench import units

LENGTH = 200  # characters
CONSTANTS = {"pi": (math.pi, ""), "k_B": (Boltzmann, "J/K")}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": umath.sqrt, "log": umath.log, "ln": umath.log, "lg": umath.log10, "exp": umath.exp,
    "sin": umath.sin, "cos": umath.cos, "tan": umath.tan}
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow}
SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_WRITTEN = str.maketrans({"×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "^": "**", "²": "**2", "³": "**3",
                          "√": "sqrt", "（": "(", "）": ")", "＋": "+", "－": "-", "＊": "*", "／": "/", "π": "pi"})


@dataclass(frozen=True)
class Formula:
    """An expression that has been understood: its columns, and its unit. It never changes, so copies are itself."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]
    unit: Any

    def __deepcopy__(self, memo: dict[int, Any]) -> "Formula":
        return self

    def value(self, row: Mapping[str, Any]) -> Any:
        """The result in SI base units from the row's numbers in SI base units; None where it cannot be computed."""
        try:
            result = _number(self.tree, row)
            finite = not isinstance(result, complex) and math.isfinite(getattr(result, "nominal_value", result))
            return result if finite and math.isfinite(getattr(result, "std_dev", 0.0)) else None
        except (ValueError, ZeroDivisionError, OverflowError):
            return None


def read(text: str, names: Mapping[str, str], unit_of: Mapping[str, Any]) -> Formula:
    """Understand a formula. `names` says which column each name stands for, `unit_of` the unit of each column."""
    tree = _parsed(text)
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node not in called:
            node.id = _column(node.id, names)
            if node.id not in CONSTANTS or node.id in unit_of:
                used[node.id] = None
    known = {name: units.parse(unit_of[name]) for name in used}
    of_constants = {name: units.parse(unit) for name, (_, unit) in CONSTANTS.items()}
    unit = _unit(tree, of_constants | known)
    return Formula(text, tree, tuple(used), units.simplified(unit, known.values()))


def _parsed(text: str) -> ast.expr:
    if len(text) > LENGTH:
        raise Refusal("This formula is longer than {length} characters. Make it of two columns.", length=LENGTH)
    try:
        tree = ast.parse(text.translate(_WRITTEN).strip(), mode="eval").body
        for node in ast.walk(tree):
            _allow(node, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal("The formula {text!r} cannot be read. Write it like p*V, 1/V or sqrt(L/g).", text=text) from None
    return tree


def _allow(node: ast.AST, text: str) -> None:
    plain = (ast.Name, ast.Load, *OPERATORS, *SIGNS)
    if isinstance(node, plain):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        node.value = float(node.value)
        if math.isfinite(node.value):
            return
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return
    if isinstance(node, ast.UnaryOp) and type(node.op) in SIGNS:
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        if node.func.id in FUNCTIONS:
            return
        raise Refusal("{name} is no function here. There are: {known}. A product needs a *.", name=node.func.id,
                      known=", ".join(FUNCTIONS))
    raise Refusal("The formula {text!r} holds more than numbers, columns, + - * / ** and {known}. Use these.",
                  text=text, known=", ".join(FUNCTIONS))


def _column(name: str, names: Mapping[str, str]) -> str:
    found = names.get(name) or names.get(unicodedata.normalize("NFKC", name).casefold())
    if found is None and name not in CONSTANTS:
        raise Refusal("The table has no column {name!r}. Did you mean: {nearest}?", name=name,
                      nearest=nearest(name, sorted(set(names.values()))))
    return found or name


def _unit(node: ast.expr, of: Mapping[str, Any]) -> Any:
    """The unit of a part of the expression, in the words of its columns; a Refusal where dimensions do not fit."""
    if isinstance(node, ast.Name):
        return units.absolute(of[node.id])
    if isinstance(node, ast.UnaryOp):
        return _unit(node.operand, of)
    if isinstance(node, ast.Call):
        return _unit_of_call(node, of)
    if isinstance(node, ast.BinOp):
        left, right = _unit(node.left, of), _unit(node.right, of)
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
        return _unit_of_power(node, left, right) if isinstance(node.op, ast.Pow) else _unit_of_sum(node, left, right)
    return units.registry().dimensionless


def _unit_of_sum(node: ast.BinOp, left: Any, right: Any) -> Any:
    if left.dimensionality != right.dimensionality:
        raise Refusal("{left} is in {first} and {right} is in {second}: they cannot be added or subtracted. "
                      "Compare like with like.", left=ast.unparse(node.left), right=ast.unparse(node.right),
                      first=units.written(left) or "1", second=units.written(right) or "1")
    return left


def _unit_of_power(node: ast.BinOp, left: Any, right: Any) -> Any:
    if not right.dimensionless:
        raise Refusal("The exponent {exponent} is in {unit}. An exponent is a pure number.",
                      exponent=ast.unparse(node.right), unit=units.written(right))
    if left.dimensionless:
        return units.registry().dimensionless
    power = _fixed(node.right)
    if not abs(power) <= 12.0:  # also refuses NaN
        raise Refusal("{base} is in {unit}, so its exponent must be a plain number up to 12, like 2 or 1/2.",
                      base=ast.unparse(node.left), unit=units.written(left))
    return left**power


def _fixed(node: ast.expr) -> float:
    """The value of an expression of numbers alone; NaN when it holds anything else or cannot be computed."""
    if any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node)):
        return math.nan
    try:
        return float(_number(node, {}))
    except (ArithmeticError, TypeError):
        return math.nan


def _unit_of_call(node: ast.Call, of: Mapping[str, Any]) -> Any:
    inside, name = _unit(node.args[0], of), ast.unparse(node.func)
    if name == "sqrt":
        return inside**0.5
    if not inside.dimensionless:
        raise Refusal("{function} needs a pure number, and {inside} is in {unit}. Divide by a quantity in that unit.",
                      function=name, inside=ast.unparse(node.args[0]), unit=units.written(inside))
    return units.registry().dimensionless


def _number(node: ast.expr, row: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return row[node.id] if node.id in row else CONSTANTS[node.id][0]
    if isinstance(node, ast.UnaryOp):
        return SIGNS[type(node.op)](_number(node.operand, row))
    if isinstance(node, ast.Call):
        return FUNCTIONS[ast.unparse(node.func)](_number(node.args[0], row))
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_number(node.left, row), _number(node.right, row))
    raise TypeError(type(node))
