"""Reading the one declaration out of a scenario's notebook, without running anything else that stands in it.

Allowed are imports from `labs`, simple assignments, and one Scenario: names, numbers, texts, lists, calls of what
was imported, arithmetic, `&` and `|`. Everything else is refused with its cell and line.
"""

import ast
import importlib
import inspect
import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Never

from engine.errors import Refusal, nearest
from labs.bench.scenario import Scenario

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.USub: operator.neg, ast.UAdd: operator.pos}


class Spot(NamedTuple):
    """Where we are: file, number of the cell among all cells, line in the cell."""

    file: str
    cell: int
    line: int

    def refuse(self, problem: Refusal) -> Never:
        """Raise a refusal that says where."""
        raise Refusal("{file}, cell {cell}, line {line}: {problem}", file=self.file, cell=self.cell, line=self.line,
                      problem=problem) from None


def load(path: Path) -> Scenario:
    """The scenario that a notebook declares; its id is the file's stem."""
    reader = Reader(path.name)
    for number, source in _code_cells(path):
        reader.read(number, source)
    if len(reader.scenarios) != 1:
        raise Refusal("{file} declares {count} scenarios. Write exactly one Scenario(…) in it.", file=path.name,
                      count=len(reader.scenarios))
    reader.scenarios[0].id = path.stem
    return reader.scenarios[0]


def _code_cells(path: Path) -> list[tuple[int, str]]:
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return [(number, "".join(cell["source"])) for number, cell in enumerate(cells, start=1)
                if cell["cell_type"] == "code"]
    except OSError as problem:
        raise Refusal("Cannot read {path}: {reason}. Check the name and the permission.", path=path,
                      reason=problem.strerror or type(problem).__name__) from None
    except (ValueError, KeyError, TypeError):
        raise Refusal("{file} is not a notebook. Save it again from JupyterLab.", file=path.name) from None


class Reader:
    """Reads cells in order and keeps the names that they define."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.names: dict[str, Any] = {}
        self.scenarios: list[Scenario] = []

    def read(self, cell: int, source: str) -> None:
        """One code cell."""
        try:
            statements = ast.parse(source).body
        except SyntaxError as problem:
            Spot(self.file, cell, problem.lineno or 1).refuse(Refusal("This is not Python. Look for a missing bracket, "
                                                                      "comma or quotation mark."))
        for statement in statements:
            spot = Spot(self.file, cell, statement.lineno)
            if isinstance(statement, ast.ImportFrom):
                self._import(statement, spot)
            elif isinstance(statement, ast.Import):
                spot.refuse(Refusal("A scenario imports from labs only, not from {module!r}. Remove this line.",
                                    module=statement.names[0].name))
            elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) \
                    and len(statement.targets) == 1:
                self.names[statement.targets[0].id] = self._value(statement.value, spot)
            elif isinstance(statement, ast.Expr):
                self._show(self._value(statement.value, spot), spot)
            else:
                spot.refuse(Refusal("A scenario holds imports from labs, assignments of names and one Scenario. "
                                    "Move anything else out of the notebook."))

    def _import(self, statement: ast.ImportFrom, spot: Spot) -> None:
        module = statement.module or ""
        if statement.level or module.split(".")[0] != "labs":
            spot.refuse(Refusal("A scenario imports from labs only, not from {module!r}. Remove this line.",
                                module="." * statement.level + module))
        try:
            source = importlib.import_module(module)
        except Exception as problem:  # a lab that cannot be imported, whatever its trouble
            spot.refuse(Refusal("{module} cannot be imported ({problem}). Check the spelling, or mend that file.",
                                module=module, problem=f"{type(problem).__name__}: {problem}"))
        for alias in statement.names:
            self.names[alias.asname or alias.name] = self._offered(source, alias.name, spot)

    def _offered(self, source: Any, name: str, spot: Spot) -> Any:
        """What a module of labs itself declares: neither its modules nor what it borrowed from elsewhere."""
        offered = [one for one in dir(source) if not one.startswith("_")]
        found = getattr(source, name, None) if name in offered else None
        if found is None or inspect.ismodule(found) or not str(getattr(found, "__module__", "")).startswith("labs."):
            spot.refuse(Refusal("{module} has no {name!r}. Did you mean: {nearest}?", module=source.__name__, name=name,
                                nearest=nearest(name, offered)))
        return found

    def _show(self, value: Any, spot: Spot) -> None:
        if isinstance(value, Scenario) and value not in self.scenarios:
            self.scenarios.append(value)
        elif not isinstance(value, Scenario | str):
            spot.refuse(Refusal("A scenario holds imports from labs, assignments of names and one Scenario. "
                                "Move anything else out of the notebook."))

    def _value(self, node: ast.expr, spot: Spot) -> Any:
        spot = spot._replace(line=node.lineno)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id not in self.names:
                spot.refuse(Refusal("{name!r} is not known here. Did you mean: {nearest}?", name=node.id,
                                    nearest=nearest(node.id, self.names) or "—"))
            return self.names[node.id]
        if isinstance(node, ast.List | ast.Tuple):
            return [self._value(item, spot) for item in node.elts]
        if isinstance(node, ast.Dict) and all(node.keys):
            return {self._value(key, spot): self._value(item, spot)
                    for key, item in zip(node.keys, node.values, strict=True) if key is not None}
        if isinstance(node, ast.Call):
            return self._call(node, spot)
        if isinstance(node, ast.UnaryOp | ast.BinOp) and type(node.op) in OPERATORS:
            return self._calculate(node, spot)
        return spot.refuse(Refusal("This cannot stand in a declaration. Write names, numbers, texts, lists and calls "
                                   "of what was imported from labs."))

    def _calculate(self, node: ast.UnaryOp | ast.BinOp, spot: Spot) -> Any:
        parts = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
        values = [self._value(part, spot) for part in parts]
        if isinstance(node.op, ast.Mult) and not all(isinstance(value, int | float) for value in values):
            spot.refuse(Refusal("Only numbers can be multiplied here."))
        try:
            return OPERATORS[type(node.op)](*values)
        except (TypeError, ArithmeticError) as problem:
            spot.refuse(Refusal("This cannot be computed: {problem}. Write the number itself.", problem=problem))

    def _call(self, node: ast.Call, spot: Spot) -> Any:
        called = self._value(node.func, spot) if isinstance(node.func, ast.Name) else None
        if not callable(called) or any(isinstance(part, ast.Starred) for part in node.args):
            spot.refuse(Refusal("Only what was imported from labs can be called here, by its name."))
        given = [self._value(part, spot) for part in node.args]
        named = {one.arg: self._value(one.value, spot) for one in node.keywords if one.arg}
        known = inspect.signature(called).parameters
        open_ended = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values())
        for name in named:
            if name not in known and not open_ended:
                spot.refuse(Refusal("{called} knows no {name!r}. Did you mean: {nearest}?", called=called.__name__,
                                    name=name, nearest=nearest(name, known)))
        try:
            return called(*given, **named)
        except Refusal as problem:
            spot.refuse(problem)
        except (TypeError, ValueError, AttributeError) as problem:
            spot.refuse(Refusal("{called} cannot be written like that: {problem}.", called=called.__name__,
                                problem=problem))


def discover(folder: Path) -> dict[str, Scenario | Exception]:
    """Every scenario in a folder by id; one that cannot be read is its exception, and leaves the others alone."""
    found: dict[str, Scenario | Exception] = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found[path.stem] = load(path)
        except Exception as problem:  # whatever a broken declaration raises becomes its error card
            found[path.stem] = problem
    return found
