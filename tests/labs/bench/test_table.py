"""The table: rows, computed columns with units and uncertainties, and a file for spreadsheets."""

import copy
import csv
import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from labs.bench.documents import Column, Shown
from labs.bench.table import Table, harmless
from labs.bench.words import both_say


def column(name: str, unit: str, zh: str, source: Any = "instrument") -> Column:
    return Column(name=name, source=source, label={"en": name.capitalize(), "zh": zh}, unit=unit, manual=False,
                  resolution=None, noise=None)


def shown(value: float | None, uncertainty: float | None, ok: bool = True) -> Shown:
    return Shown(value=value, text="" if value is None else f"{value:.2f}", uncertainty=uncertainty, unit="", ok=ok,
                 note="", step=0, time=0.0)


def boyle(*rows: tuple[float, float]) -> Table:
    """Pressure in kPa (±1 %) against a set volume in mL."""
    table = Table([column("volume", "mL", "体积", "control"), column("pressure", "kPa", "压强"),
                   column("temperature", "°C", "温度")], symbols={"volume": "V", "pressure": "p", "temperature": "T"})
    for number, (volume, pressure) in enumerate(rows, start=1):
        table.add(number, {"volume": volume}, {"pressure": shown(pressure, pressure / 100),
                                               "temperature": shown(26.85, 0.3)})
    return table


def cell(table: Table, name: str, row: int = 0) -> tuple[float, float, str]:
    found = table.rows[row].cells[name]
    assert found.value is not None
    return found.value, found.uncertainty or 0.0, found.unit


def test_a_product_has_the_product_of_the_units_and_the_readings_relative_uncertainty() -> None:
    table = boyle((10.0, 200.0), (20.0, 100.0))
    table.formula("pV", "p*V")
    assert cell(table, "pV") == pytest.approx((2000.0, 20.0, "kPa·mL"))
    assert cell(table, "pV", 1)[0] == pytest.approx(2000.0)


def test_uncertainties_of_different_readings_add_in_squares_and_of_the_same_reading_in_full() -> None:
    table = Table([column("a", "m", "甲"), column("b", "cm", "乙")])
    table.add(1, {}, {"a": shown(1.0, 0.03), "b": shown(50.0, 4.0)})
    table.formula("sum", "a + b")
    assert cell(table, "sum") == pytest.approx((1.5, 0.05, "m"))
    table.formula("double", "a + a")
    assert cell(table, "double") == pytest.approx((2.0, 0.06, "m"))
    table.formula("nothing", "sum - a - b")
    assert cell(table, "nothing")[:2] == pytest.approx((0.0, 0.0), abs=1e-12)


def test_a_column_can_use_an_earlier_computed_one() -> None:
    table = boyle((10.0, 200.0))
    table.formula("pV", "p*V")
    table.formula("N", "pV / (k_B * T)")
    assert cell(table, "N") == pytest.approx((2.0 / (1.380649e-23 * 300.0), 2.0 / (1.380649e-23 * 300.0)
                                              * math.hypot(0.01, 0.001), ""))


def test_names_symbols_labels_and_chinese_signs_all_work() -> None:
    table = boyle((10.0, 200.0))
    for name, text in (("a", "pressure*volume"), ("b", "压强×体积"), ("c", "Pressure · Volume"), ("d", "（p）*V²÷V^1")):
        table.formula(name, text)
        assert cell(table, name)[0] == pytest.approx(2000.0)


def test_functions_work_on_pure_numbers_and_angles() -> None:
    table = Table([column("angle", "°", "角"), column("length", "m", "长")])
    table.add(1, {}, {"angle": shown(30.0, 0.5), "length": shown(4.0, 0.1)})
    table.formula("height", "length*sin(angle)")
    along, across = 0.1 * math.sin(math.pi / 6), 4.0 * math.cos(math.pi / 6) * math.radians(0.5)
    assert cell(table, "height") == pytest.approx((2.0, math.hypot(along, across), "m"))
    table.formula("root", "sqrt(length*length)")
    assert cell(table, "root") == pytest.approx((4.0, 0.1, "m"))
    table.formula("orders", "lg(length/length*1000) + ln(exp(2))")
    assert cell(table, "orders")[0] == pytest.approx(5.0)


@pytest.mark.parametrize(("text", "words"), [
    ("p + V", "p|pressure.*cannot be added"), ("log(p)", "needs a pure number"), ("p**V", "exponent"),
    ("2**p", "pure number"), ("p**(9**9**9)", "plain number up to 12"), ("p.real", "holds more than"),
    ("__import__('os')", "no function here"), ("p(V)", "needs a \\*"), ("p V", "cannot be read"),
    ("presure*2", "pressure"),
    ("[p for p in V]", "holds more than"), ("sqrt", "no column"), ("1e999*p", "holds more than"), ("p" * 300, "longer"),
    ("lambda: p", "holds more than"), ("p if V else T", "holds more than"), ("'a'*9", "holds more than"),
    ("1j*p", "holds"),
    ("own*2", "no column 'own'"), ("True*p", "holds more than"), ("p@V", "holds more"), ("sin(p, V)", "holds more")])
def test_what_cannot_be_computed_is_refused_in_both_languages(text: str, words: str) -> None:
    table = boyle((10.0, 200.0))
    with pytest.raises(Refusal, match=words) as refusal:
        table.formula("own", text)
    assert len(set(both_say(refusal.value).values())) == 2
    assert [one.name for one in table.columns] == ["volume", "pressure", "temperature"]


@given(st.text(alphabet="pVT+-*/().0123456789e ^²√sqrtlogk_", max_size=60))
def test_any_text_is_computed_or_refused(text: str) -> None:
    table = boyle((10.0, 200.0))
    try:
        table.formula("own", text)
    except Refusal:
        return
    for row in table.rows:
        value = row.cells["own"].value if "own" in row.cells else None
        assert value is None or math.isfinite(value)


def test_a_cell_that_has_no_value_stays_empty_and_the_others_do_not() -> None:
    table = boyle((0.0, 200.0), (10.0, 200.0))
    table.formula("inverse", "1/V")
    assert [row.cells["inverse"].value for row in table.rows] == [None, pytest.approx(0.1)]
    assert not table.rows[0].cells["inverse"].ok


def test_a_reading_out_of_range_enters_no_formula() -> None:
    table = boyle()
    table.add(1, {"volume": 3.0}, {"pressure": shown(250.0, 1.0, ok=False)})
    table.formula("pV", "p*V")
    assert "pV" not in table.rows[0].cells


def test_a_column_that_others_need_is_not_removed() -> None:
    table = boyle((10.0, 200.0))
    table.formula("pV", "p*V")
    table.formula("half", "pV/2")
    with pytest.raises(Refusal, match="half is computed from pV"):
        table.formula("pV", "")
    with pytest.raises(Refusal, match="no column 'half'"):
        table.formula("pV", "half*2")
    table.formula("half", "")
    table.formula("pV", "")
    assert [one.source for one in table.columns] == ["control", "instrument", "instrument"]


@pytest.mark.parametrize("name", ["pressure", "sqrt", "pi", "2p", "p V", "", "lambda", "x" * 99])
def test_names_that_columns_cannot_have(name: str) -> None:
    with pytest.raises(Refusal):
        boyle((10.0, 200.0)).formula(name, "p*V")


def test_rows_are_deleted_and_excluded_and_come_back() -> None:
    table = boyle((10.0, 200.0), (20.0, 100.0), (40.0, 50.0))
    table.change(1, "delete")
    table.change(2, "exclude")
    assert table.values("volume") == [40.0]
    table.change(1, "restore")
    table.change(2, "include")
    assert table.values("volume") == [10.0, 20.0, 40.0]
    for row, what in ((9, "delete"), (1, "deleet")):
        with pytest.raises(Refusal):
            table.change(row, what)


def test_a_row_filled_later_has_the_settings_of_its_last_reading() -> None:
    table = boyle((10.0, 200.0))
    table.add(1, {"volume": 99.0}, {"temperature": shown(20.0, 0.1)})
    assert table.rows[0].cells["volume"].value == 99.0
    assert table.rows[0].cells["temperature"].value == 20.0


def read_back(table: Table, lang: str) -> list[list[str]]:
    data = table.csv(lang)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_units_uncertainties_marks_and_notes() -> None:
    table = boyle((10.0, 200.0), (20.0, 100.0), (40.0, 50.0))
    table.formula("pV", "p*V")
    table.change(2, "exclude")
    table.change(3, "delete")
    table.change(1, "note", "leaks,\n\"perhaps\"")
    lines = read_back(table, "en")
    assert lines[0] == ["Row", "Volume (mL)", "Pressure (kPa)", "± Pressure (kPa)", "Temperature (°C)",
                        "± Temperature (°C)", "pV (kPa·mL)", "± pV (kPa·mL)", "Excluded", "Note"]
    assert lines[1] == ["1", "10", "200", "2", "26.85", "0.3", "2000", "20", "", 'leaks, "perhaps"']
    assert lines[2][-2:] == ["yes", ""]
    assert len(lines) == 3
    assert read_back(table, "zh")[0][2:4] == ["压强 (kPa)", "± 压强 (kPa)"]


@pytest.mark.parametrize("note", ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "＝1+1", "\t=1"])
def test_notes_are_no_formulas_in_a_spreadsheet(note: str) -> None:
    table = boyle((10.0, 200.0))
    table.change(1, "note", note)
    written = read_back(table, "en")[1][-1]
    assert written[0] not in "=+-@\t＝＋－＠"
    assert note.strip() in written


def test_a_plain_note_is_left_alone() -> None:
    assert harmless("first try") == "first try" and harmless("") == ""


def test_a_copy_goes_its_own_way() -> None:
    table = boyle((10.0, 200.0))
    table.formula("pV", "p*V")
    kept = copy.deepcopy(table)
    table.change(1, "delete")
    table.formula("pV", "")
    assert kept.used() and kept.column("pV").unit == "kPa·mL"


def test_what_the_page_gets_is_plain_data() -> None:
    import json

    table = boyle((10.0, 200.0))
    table.formula("pV", "p*V")
    page = json.loads(json.dumps(table.public()))
    assert page["columns"][-1] == {"name": "pV", "label": {"en": "pV", "zh": "pV"}, "unit": "kPa·mL",
                                   "source": "formula", "symbol": "", "formula": "p*V"}
    assert page["rows"][0]["cells"]["pV"]["text"] == "2000"
    assert page["rows"][0]["cells"]["pV"]["uncertainty_text"] == "20"
