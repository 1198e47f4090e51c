"""Class lists as offices write them, and as nobody should."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import Refusal
from tests.voila_apps.classroom.conftest import Room, open_room
from voila_apps.classroom.roster import Pupil, keep, names_of, read

LIST = "座号{0}姓名{0}备注\r\n1{0}王小明{0}\r\n2{0}李雷{0}组长\r\n10{0}韩梅梅{0}\r\n"
WANTED = [Pupil(1, "王小明"), Pupil(2, "李雷"), Pupil(10, "韩梅梅")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_form_is_read(encoding: str, separator: str) -> None:
    roster = read(LIST.format(separator).encode(encoding))
    assert roster.pupils == WANTED and roster.size == 10 and not roster.remarks


@pytest.mark.parametrize(
    "text",
    [
        "王小明\n李雷\n", "姓名\n王小明\n李雷", "1,王小明\n2,李雷", "王小明,1\n李雷,2", "name,no\n王小明,1\n李雷,2",
        "\n\n王小明\n\n李雷\n\n", "０１,王小明\n０２,李雷", "学号,姓名\n20250101,王小明\n20250102,李雷",
    ],
)  # fmt: skip
def test_with_and_without_heading_and_numbers(text: str) -> None:
    assert read(text.encode()).names == {1: "王小明", 2: "李雷"}


def test_duplicates_are_told_and_lose_nobody() -> None:
    roster = read("1,王小明\n1,王小明\n1,李雷\n2,韩梅梅\n3,\n".encode())
    assert roster.names == {1: "王小明", 2: "李雷", 3: "韩梅梅"}
    told = [str(one) for one in roster.remarks]
    assert told == ["Line 2 repeats seat 1; it was left out.", "Line 3: seat 1 is taken; seat 2 was given.",
                    "Line 4: seat 2 is taken; seat 3 was given.", "Line 5 has no name; it was left out."]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=HYPERLINK(1)", "HYPERLINK(1)"), ("+1+1", "1+1"), ("@SUM(1)", "SUM(1)"), ("-王", "王"), ("'=x", "x"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"), ("王\x07小\x1b[31m明", "王 小 [31m明"),
        ("王\u202e小明", "王 小明"), ("  王   小明 ", "王 小明"), ("O'Brien", "O'Brien"), ("王\u0000明", "王明"),
    ],
)  # fmt: skip
def test_hostile_names_are_text(cell: str, kept: str) -> None:
    assert read(f"1,{cell}\n2,李雷".encode()).names[1] == kept


def test_long_lists_and_long_names_end_somewhere() -> None:
    roster = read("\n".join(["王" * 5000, *(f"学生{n}" for n in range(150))]).encode())
    assert len(roster.names[1]) == 40 and roster.size == 99 and len(roster.remarks) == 1 + 52
    with pytest.raises(Refusal, match="smaller than"):
        read(b"x\n" * 200_000)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", b",,,\n;;", b"\xef\xbb\xbf", "姓名\n".encode(), b"\x00\x01\x02\xff\xff", b"\xff\xfe\x00",
        b'"' + b"x" * 140_000,
    ],
)  # fmt: skip
def test_what_is_no_class_list_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal, match="class list"):
        read(content)


def test_names_lie_in_a_file_for_the_owner_alone(tmp_path: Path) -> None:
    path = keep(tmp_path / "classes", "3-2", read(LIST.format(",").encode()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names_of(path.parent, "3-2") == {1: "王小明", 2: "李雷", 10: "韩梅梅"}
    assert names_of(path.parent, "9-9") == {} == names_of(path.parent, "../3-2")
    with pytest.raises(Refusal):
        keep(tmp_path / "classes", "../evil", read(b"x"))


def test_the_command_makes_a_class_and_no_name_leaves_its_file(tmp_path: Path) -> None:
    """A list is imported, a pupil works, and the name stands in no page, log or record."""
    list_file = tmp_path / "3-2.csv"
    list_file.write_bytes("1;王小明\n2;李雷\n".encode("gb18030"))
    data = tmp_path / "data"
    command = [sys.executable, "-m", "voila_apps.cli", "classes"]
    told = subprocess.run([*command, "import", str(list_file), "--class", "4-4", "--data", str(data)], text=True,
                          capture_output=True, check=True, env={"WANXIANG_LANG": "en", "PATH": ""})
    assert "2 names at 2 seats" in told.stdout and "王小明" not in told.stdout
    bad = subprocess.run([*command, "import", str(tmp_path / "none"), "--class", "4-4", "--data", str(data)], text=True,
                         capture_output=True, check=False, env={"WANXIANG_LANG": "en", "PATH": ""})
    assert bad.returncode == 2 and "Cannot read" in bad.stderr and "Traceback" not in bad.stderr
    room: Room = open_room(data, guided="4-4")
    who = room.sit("4-4", 1)
    pages = [who.ask(path).text for path in ("/", "/seat", "/lab/swing", "/health")]
    assert room.house.close() == 0
    kept = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    assert not any("王小明" in page for page in pages) and "王小明".encode() not in kept and b"4-4/1" in kept
