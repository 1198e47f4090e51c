"""Class lists: a CSV file from whatever the school's office uses, read into numbers and names.

Names are for the teacher's pages alone. They lie in `classes/<class>.csv` of the data folder,
readable by its owner only, and never reach the record, a log or a student's page. A cell that a
spreadsheet would take for a formula is kept as text.
"""

import contextlib
import csv
import io
import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Refusal
from voila_apps.classroom.classes import LARGEST, proper_id

LARGEST_FILE = 256 * 1024  # bytes; forty names are two thousand
LONGEST_NAME = 40  # characters
SEPARATORS = ",;\t，；"
FORMULA = "=+-@\t\r"
NUMBER_HEADS = {"number", "no", "no.", "nr", "seat", "#", "id", "序号", "座号", "座位", "座位号", "学号", "编号", "号"}
NAME_HEADS = {"name", "student", "full name", "pupil", "姓名", "名字", "学生", "学生姓名"}


@dataclass(frozen=True)
class Pupil:
    """One line of a class list."""

    number: int
    name: str


@dataclass(frozen=True)
class Roster:
    """A class list, and what was odd about the file, in sentences for the teacher."""

    pupils: list[Pupil]
    remarks: list[Refusal] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many seats the class needs."""
        return max(one.number for one in self.pupils)

    @property
    def names(self) -> dict[int, str]:
        """Names by seat number."""
        return {one.number: one.name for one in self.pupils}


def read(content: bytes) -> Roster:
    """A class list from the bytes of a CSV file; a Refusal when nobody is in it."""
    if len(content) > LARGEST_FILE:
        raise Refusal("This class list has {size} bytes. A list of one class is smaller than {most}.",
                      size=len(content), most=LARGEST_FILE)  # fmt: skip
    rows = _rows(_text(content))
    number, name, rows = _columns(rows)
    remarks, pupils = list[Refusal](), dict[int, str]()
    for line, row in rows:
        _enter(pupils, remarks, line, _cell(row, number) if number is not None else "", _cell(row, name))
    if not pupils:
        raise Refusal("Nobody is in this class list. Each line needs a name; a seat number may stand before it.")
    return Roster([Pupil(place, pupils[place]) for place in sorted(pupils)], remarks)


def keep(folder: Path, class_id: str, roster: Roster) -> Path:
    """Write the class's list where only the owner of the box reads it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{proper_id(class_id)}.csv"
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8-sig",
                   newline="") as file:  # fmt: skip
        writer = csv.writer(file)
        writer.writerow(["number", "name"])
        writer.writerows([one.number, one.name] for one in roster.pupils)
    part.replace(path)
    return path


def names_of(folder: Path, class_id: str) -> dict[int, str]:
    """The names of a class by seat number, as its file is now; none when there is no list."""
    try:
        return read((folder / f"{proper_id(class_id)}.csv").read_bytes()).names
    except (OSError, Refusal):
        return {}


def _text(content: bytes) -> str:
    """The text, in whichever of the usual encodings it is."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(content, "utf-16")
    zeros = content.count(0)
    if zeros <= len(content) // 4:
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("utf-8-sig")
    if not zeros:
        return _decoded(content, "gb18030")
    even = content[0::2].count(0) > content[1::2].count(0)  # UTF-16 without a mark: its line ends hold zeros
    return _decoded(content, "utf-16-be" if even else "utf-16-le")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        raise Refusal("This is no class list: its text cannot be read. Save it again as CSV (UTF-8).") from problem


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that say anything, with their numbers, cut at whichever separator the file uses."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    if separator in "，；":
        text, separator = text.replace(separator, ","), ","
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator)
    try:
        rows = [(reader.line_num, [_tidied(cell) for cell in row]) for row in reader]
    except csv.Error as problem:
        raise Refusal("This is no class list: its text cannot be read. Save it again as CSV (UTF-8).") from problem
    return [(line, row) for line, row in rows if any(row)]


def _tidied(cell: str) -> str:
    """A cell as text alone: no control characters, no invisible ones, no formula, no blanks at its ends."""
    kept = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in unicodedata.normalize("NFC", cell))
    return " ".join(kept.split()).lstrip(FORMULA + "'").strip()


def _columns(rows: list[tuple[int, list[str]]]) -> tuple[int | None, int, list[tuple[int, list[str]]]]:
    """Which column holds the numbers and which the names; the rows without their heading."""
    if not rows:
        return None, 0, rows
    heads = [cell.casefold() for cell in rows[0][1]]
    number = next((place for place, head in enumerate(heads) if head in NUMBER_HEADS), None)
    name = next((place for place, head in enumerate(heads) if head in NAME_HEADS), None)
    if name is not None:
        return number, name, rows[1:]
    rows = rows[1:] if number is not None else rows
    if number is None:
        widest = range(max(len(row) for _, row in rows))
        number = next((place for place in widest if all(_is_number(_cell(row, place)) for _, row in rows)), None)
    return number, 0 if number != 0 else 1, rows


def _is_number(text: str) -> bool:
    """A seat number; a school's long student number is none."""
    return bool(re.fullmatch(r"\d{1,2}", unicodedata.normalize("NFKC", text)))


def _cell(row: list[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _enter(pupils: dict[int, str], remarks: list[Refusal], line: int, number: str, name: str) -> None:
    """One line: at its number if it has one that is free, else at the next free one."""
    if not any(one.isalnum() for one in name):
        remarks.append(Refusal("Line {line} has no name; it was left out.", line=line))
        return
    if len(name) > LONGEST_NAME:
        remarks.append(Refusal("The name in line {line} was cut to {most} characters.", line=line, most=LONGEST_NAME))
        name = name[:LONGEST_NAME].rstrip()
    wanted = int(unicodedata.normalize("NFKC", number)) if _is_number(number) else 0
    if wanted and pupils.get(wanted) == name:
        remarks.append(Refusal("Line {line} repeats seat {number}; it was left out.", line=line, number=wanted))
        return
    free = next((place for place in range(1, LARGEST + 1) if place not in pupils), None)
    if free is None:
        remarks.append(Refusal("Line {line}: a class has at most {most} seats; it was left out.", line=line,
                               most=LARGEST))  # fmt: skip
        return
    place = wanted if 1 <= wanted <= LARGEST and wanted not in pupils else free
    if wanted and place != wanted:
        remarks.append(Refusal("Line {line}: seat {number} is taken; seat {other} was given.", line=line, number=wanted,
                               other=place))  # fmt: skip
    pupils[place] = name
