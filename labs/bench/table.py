"""The data table of a run: settings, readings with their uncertainties, and columns that the student computes."""

import csv
import io
import keyword
import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from uncertainties import ufloat
from uncertainties.core import AffineScalarFunc

from engine.errors import Refusal, nearest
from labs.bench import units
from labs.bench.digits import beside, digits
from labs.bench.documents import Column, Shown
from labs.bench.formula import CONSTANTS, FUNCTIONS, Formula, read
from labs.bench.words import LANGUAGES, _, say

NAME = 40  # characters of a column's name
NOTE = 500  # characters of a note that are kept
DANGEROUS = "=+-@\t\r＝＋－＠"  # a spreadsheet takes a text that begins so for a formula
Source = Literal["control", "instrument", "formula"]
CHANGES = ("delete", "restore", "exclude", "include", "note")


@dataclass(frozen=True)
class TableColumn:
    """What stands at the head of a column."""

    name: str
    label: dict[str, str]
    unit: str
    source: Source
    symbol: str = ""
    formula: str = ""

    def heading(self, lang: str) -> str:
        """The label with its unit: `Pressure (kPa)`."""
        return f"{self.label[lang]} ({self.unit})" if self.unit else self.label[lang]

    def public(self) -> dict[str, Any]:
        """As the page shows it."""
        return {"name": self.name, "label": self.label, "unit": self.unit, "source": self.source,
                "symbol": self.symbol, "formula": self.formula}


@dataclass(frozen=True)
class Cell:
    """A number of a row: value and standard uncertainty (None: exact or none), and the digits that are shown."""

    value: float | None
    uncertainty: float | None = None
    text: str = ""
    unit: str = ""
    ok: bool = True
    note: str = ""

    def public(self) -> dict[str, Any]:
        """As the page shows it."""
        return {"text": self.text, "value": self.value, "uncertainty": self.uncertainty,
                "uncertainty_text": beside(self.text, self.value, self.uncertainty), "ok": self.ok, "note": self.note}


EMPTY = Cell(None)


@dataclass
class Row:
    """One row: what was set and read at a step. A deleted row can be restored; an excluded one stays in sight."""

    id: int
    cells: dict[str, Cell] = field(default_factory=dict)
    excluded: bool = False
    deleted: bool = False
    note: str = ""
    step: int = 0
    time: float = 0.0


class Table:
    """Rows of cells under named columns; whatever changes it is an act of the student's."""

    def __init__(self, columns: Iterable[Column], symbols: Mapping[str, str] | None = None) -> None:
        """`columns` as the descriptor document lists them; `symbols` gives some their letter, such as p or V."""
        symbols = symbols or {}
        self._given = {one["name"]: TableColumn(one["name"], dict(one["label"]), one["unit"], one["source"],
                                                symbols.get(one["name"], "")) for one in columns}
        self._formulas: dict[str, Formula] = {}
        self._rows: dict[int, Row] = {}

    @property
    def columns(self) -> list[TableColumn]:
        """Settings and readings in their order, then the computed ones in the order they were made."""
        computed = [TableColumn(name, dict.fromkeys(LANGUAGES, name), units.written(one.unit), "formula",
                                formula=one.text) for name, one in self._formulas.items()]
        return [*self._given.values(), *computed]

    @property
    def rows(self) -> list[Row]:
        """Every row, deleted ones too, in the order they were taken."""
        return [self._rows[number] for number in sorted(self._rows)]

    def used(self) -> list[Row]:
        """The rows that count: neither deleted nor excluded."""
        return [row for row in self.rows if not row.deleted and not row.excluded]

    def column(self, name: str) -> TableColumn:
        """One column; a Refusal that names the nearest when there is none."""
        columns = {one.name: one for one in self.columns}
        if name not in columns:
            raise Refusal("The table has no column {name!r}. Did you mean: {nearest}?", name=name,
                          nearest=nearest(name, columns))
        return columns[name]

    def values(self, name: str, rows: Iterable[Row] | None = None) -> list[float | None]:
        """A column's numbers, of the rows that count or of those given."""
        self.column(name)
        return [row.cells.get(name, EMPTY).value for row in (self.used() if rows is None else rows)]

    def add(self, row: int, settings: Mapping[str, Any], readings: Mapping[str, Shown], *, step: int = 0,
            time: float = 0.0) -> Row:
        """A new row, or more readings into one that exists already; its settings are those of the last reading."""
        entry = self._rows.setdefault(row, Row(row, step=step, time=time))
        for name, column in self._given.items():
            if name in readings:
                entry.cells[name] = _reading(readings[name])
            elif column.source == "control" and name in settings:
                entry.cells[name] = _setting(settings[name], column.unit)
        self._compute(entry)
        return entry

    def change(self, row: int, what: str, text: str = "") -> Row:
        """Delete, restore, exclude or include a row, or write a note beside it."""
        if row not in self._rows:
            raise Refusal("The table has no row {row}. Choose one that is there.", row=row)
        if what not in CHANGES:
            raise Refusal("A row cannot be changed by {what!r}. Did you mean: {nearest}?", what=what,
                          nearest=nearest(what, CHANGES))
        entry = self._rows[row]
        if what in ("delete", "restore"):
            entry.deleted = what == "delete"
        elif what in ("exclude", "include"):
            entry.excluded = what == "exclude"
        else:
            entry.note = "".join(" " if unicodedata.category(one) == "Cc" else one for one in text[:NOTE]).strip()
        return entry

    def formula(self, name: str, text: str) -> None:
        """Make, change or (with an empty text) remove a computed column; a Refusal in words when it cannot be."""
        name = unicodedata.normalize("NFKC", name.strip())
        texts = {column: one.text for column, one in self._formulas.items()}
        if text.strip():
            self._check_name(name)
            texts[name] = text.strip()
        elif texts.pop(name, None) is not None:
            needy = [column for column, one in self._formulas.items() if name in one.columns]
            if needy:
                raise Refusal("{needy} is computed from {name}. Change or remove it first.", name=name,
                              needy=", ".join(needy))
        self._formulas = self._understood(texts)
        for row in self.rows:
            row.cells = {column: cell for column, cell in row.cells.items() if column in self._given}
            self._compute(row)

    def public(self) -> dict[str, Any]:
        """Columns and rows as the page shows them."""
        rows = [{"id": row.id, "cells": {name: cell.public() for name, cell in row.cells.items()},
                 "excluded": row.excluded, "deleted": row.deleted, "note": row.note} for row in self.rows]
        return {"columns": [column.public() for column in self.columns], "rows": rows}

    def csv(self, lang: str = "en") -> bytes:
        """The table as a file that Excel and CODAP open: UTF-8 with its mark, one line per row that is not deleted."""
        columns = self.columns
        spread = {one.name for one in columns
                  if any(row.cells.get(one.name, EMPTY).uncertainty is not None for row in self.rows)}
        heads = [say(_("Row"), lang)]
        for one in columns:
            heads += [one.heading(lang), f"± {one.heading(lang)}"] if one.name in spread else [one.heading(lang)]
        heads += [say(_("Excluded"), lang), say(_("Note"), lang)]
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(map(harmless, heads))
        for row in self.rows:
            if not row.deleted:
                writer.writerow(self._line(row, spread, lang))
        return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8")

    def _line(self, row: Row, spread: set[str], lang: str) -> list[str]:
        line = [str(row.id)]
        for one in self.columns:
            cell = row.cells.get(one.name, EMPTY)
            line.append(_plain(cell.value, 10) if cell.ok else "")
            line += [_plain(cell.uncertainty, 3) if cell.ok else ""] if one.name in spread else []
        return [*line, say(_("yes"), lang) if row.excluded else "", harmless(row.note)]

    def _check_name(self, name: str) -> None:
        if name in self._given:
            raise Refusal("The column {name!r} holds settings or readings and stays as it is. Choose another name.",
                          name=name)
        if not name.isidentifier() or keyword.iskeyword(name) or name in {*FUNCTIONS, *CONSTANTS} or len(name) > NAME:
            raise Refusal("{name!r} cannot name a column. Use letters, digits and _, such as pV or T_squared.",
                          name=name[:NAME])

    def _understood(self, texts: Mapping[str, str]) -> dict[str, Formula]:
        """Every formula, read against the columns before it, so that none can depend on itself."""
        names = self._names()
        unit_of: dict[str, Any] = {name: one.unit for name, one in self._given.items()}
        found: dict[str, Formula] = {}
        for name, text in texts.items():
            found[name] = formula = read(text, {known: of for known, of in names.items() if known != name}, unit_of)
            unit_of[name] = formula.unit
            names[name] = name
        return found

    def _names(self) -> dict[str, str]:
        """What a column may be called in a formula: its name first, then its symbol, then its label in a language."""
        names: dict[str, str] = {}
        for one in self._given.values():
            for word in (one.symbol, one.label["en"], one.label["zh"]):
                names.setdefault(unicodedata.normalize("NFKC", word), one.name)
        names |= {name.casefold(): of for name, of in names.items() if name.casefold() not in names}
        return names | {name: name for name in self._given}

    def _compute(self, row: Row) -> None:
        """Fill the computed cells of a row. A reading that is not to be trusted leaves them empty."""
        numbers: dict[str, Any] = {}
        for name in {needed for one in self._formulas.values() for needed in one.columns} & set(self._given):
            cell = row.cells.get(name, EMPTY)
            if cell.value is not None and cell.ok:
                factor, offset = units.scale(units.parse(self._given[name].unit))
                number = ufloat(cell.value, cell.uncertainty) if cell.uncertainty else cell.value
                numbers[name] = factor * number + offset
        for name, one in self._formulas.items():
            if all(needed in numbers for needed in one.columns):
                result = one.value(numbers)
                row.cells[name] = _computed(result, one.unit)
                numbers |= {} if result is None else {name: result}


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in DANGEROUS and text else text


def _plain(value: float | None, significant: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{significant}g}"


def _setting(value: Any, unit: str) -> Cell:
    return Cell(float(value), None, digits(float(value))[0], unit) if isinstance(value, int | float) else EMPTY


def _reading(shown: Shown) -> Cell:
    return Cell(shown["value"], shown["uncertainty"], shown["text"], shown["unit"], shown["ok"], shown["note"])


def _computed(result: Any, unit: Any) -> Cell:
    if result is None:
        return Cell(None, text="", unit=units.written(unit), ok=False, note=_("This cannot be computed here."))
    factor, offset = units.scale(unit)
    shown = (result - offset) / factor
    value, spread = (shown.nominal_value, shown.std_dev) if isinstance(shown, AffineScalarFunc) else (shown, None)
    return Cell(value, spread, digits(value, spread)[0], units.written(unit))
