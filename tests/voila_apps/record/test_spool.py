"""A server that comes back finds what was written while it was away, and takes nothing that it did not expect."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labs.bench.spool import Spool, token_print
from tests.voila_apps.record.test_store import SECRET, document
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore, Sitting


@dataclass
class Class:
    """A record, a spool folder, and one kernel's place at them."""

    store: RecordStore
    folder: SpoolFolder
    sitting: Sitting

    def leave(self, *lines: Any, token: str = "token", ticket: Any = None, closed: bool = True) -> Path:
        """A spool with these lines in it, of a kernel that is dead unless told otherwise."""
        spool = Spool(self.folder.path, token, ticket or self.folder.ticket(self.sitting))
        with spool.path.open("ab") as file:
            for line in lines:
                file.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        if closed:
            spool.close()
        return spool.path

    def kept(self) -> list[int]:
        return [one["seq"] for one in self.store.documents("run-000001")]

    def left(self) -> list[str]:
        return sorted(path.suffix for path in self.folder.path.iterdir())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Class]:
    store = RecordStore(tmp_path / "record.sqlite", SECRET)
    yield Class(store, SpoolFolder(tmp_path / "spool", SECRET), store.sit("3-2/17", "swing", "h", token_print("token")))
    store.close()


def test_a_run_that_the_server_never_saw_is_in_the_record_afterwards(here: Class) -> None:
    here.leave(document(0, kind="start"), document(1), document(2))
    assert here.folder.take_up(here.store) == 3
    assert here.kept() == [0, 1, 2] and here.left() == []
    row = here.store.find("run-000001")
    assert (row.seat, row.scenario, row.attempt) == ("3-2/17", "swing", 1)
    assert row.draw_key == here.sitting.draw_key.hex()  # the values that were drawn for this student


def test_what_is_known_already_is_not_entered_twice(here: Class) -> None:
    here.store.append(here.sitting, [document(0, kind="start"), document(1)])
    here.leave(document(1), document(2), document(3))
    heard: list[int] = []
    here.store.on_append(lambda run, seat, lesson, fresh: heard.extend(one["seq"] for one in fresh))
    here.folder.take_up(here.store)
    assert here.kept() == [0, 1, 2, 3] and here.left() == [] and heard == [2, 3]


def test_many_documents_are_few_commits(here: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    here.store.on_append(lambda run, seat, lesson, fresh: commits.append(len(fresh)))
    here.leave(document(0, kind="start"), *[document(n) for n in range(1, 500)])
    here.folder.take_up(here.store)
    assert commits == [200, 200, 100] and len(here.kept()) == 500


def test_a_living_kernel_keeps_its_spool(here: Class) -> None:
    here.leave(document(0, kind="start"), closed=False)
    assert here.folder.take_up(here.store) == 0 and here.left() == [".jsonl"]
    assert [living for _, living in here.folder.of_seat("3-2/17")] == [True]


def test_a_half_written_last_line_is_the_end_and_no_fault(here: Class) -> None:
    here.leave(document(0, kind="start"), document(1), b'{"kind": "event", "uid": "run-0000')
    here.folder.take_up(here.store)
    assert here.kept() == [0, 1] and here.left() == []


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
        b"null\n",
        b'"start"\n',
        b"x" * 400_000 + b"\n",
        b'{"kind": "spell"}\n',
        json.dumps(document(1, "run-another")).encode() + b"\n",
        json.dumps({**document(0), "uid": "another-uid-1"}).encode() + b"\n",
        json.dumps(document(-1)).encode() + b"\n",
        b'{"kind": "event", "uid": "run-000001-1", "run": "run-000001", "seq": 1, "value": NaN}\n',
    ],
)
def test_a_hostile_line_is_passed_over_and_the_file_is_kept_for_a_person(here: Class, line: bytes) -> None:
    here.leave(document(0, kind="start"), line, document(1), document(2))
    here.folder.take_up(here.store)
    assert here.kept() == [0, 1, 2] and here.left() == [".refused"] and here.folder.aside() == 1
    assert here.folder.take_up(here.store) == 0  # and not looked at for ever


def test_nothing_is_taken_from_behind_a_gap(here: Class) -> None:
    here.leave(document(0, kind="start"), document(1), document(3), document(4))
    here.folder.take_up(here.store)
    assert here.kept() == [0, 1] and here.left() == [".refused"]


def test_a_ticket_that_is_not_ours_opens_nothing(here: Class, tmp_path: Path) -> None:
    ticket = here.folder.ticket(here.sitting)
    others = SpoolFolder(tmp_path / "others", bytes(32)).ticket(here.sitting)
    better = {**ticket, "ticket": {**ticket["ticket"], "seat": "3-2/18"}}
    for number, forged in enumerate((others, better, {}, {"ticket": None, "seal": ""}, [1], "x")):
        here.leave(document(0, kind="start"), token=f"token-{number}", ticket=forged)
    here.leave(document(0, kind="start"), token="a token that the ticket was not given for", ticket=ticket)
    assert here.folder.take_up(here.store) == 0
    assert here.store.runs() == [] and here.left() == [".refused"] * 7


def test_another_attempts_run_is_not_added_to(here: Class) -> None:
    here.leave(document(0, "run-000002", kind="start"), document(1, "run-000002"))
    here.store.append(here.store.sit("3-2/17", "swing", "h"), [document(0, kind="start")])
    here.folder.take_up(here.store)
    assert here.kept() == [0] and len(here.store.runs()) == 1 and here.left() == [".refused"]


@pytest.mark.skipif(os.name == "nt", reason="no such links there")
def test_links_and_pipes_are_not_followed(here: Class, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    here.leave(document(0, kind="start")).replace(elsewhere)
    (here.folder.path / f"{token_print('token')}.jsonl").symlink_to(elsewhere)
    os.mkfifo(here.folder.path / f"{token_print('pipe')}.jsonl")
    assert here.folder.take_up(here.store) == 0 and here.store.runs() == []
    assert elsewhere.exists()


@pytest.mark.skipif(os.name == "nt", reason="no such modes there")
def test_a_folder_that_others_can_enter_is_closed_and_what_was_put_in_meanwhile_stays(here: Class) -> None:
    here.leave(document(0, kind="start"))
    here.folder.path.chmod(0o777)
    assert here.folder.take_up(here.store) == 0 and here.store.runs() == []
    SpoolFolder(here.folder.path, SECRET)
    assert here.folder.path.stat().st_mode & 0o077 == 0


def test_a_record_that_cannot_be_written_leaves_the_spool_for_later(here: Class) -> None:
    here.leave(document(0, kind="start"), document(1))
    with here.store.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    assert here.folder.take_up(here.store) == 0 and here.left() == [".jsonl"]
    with here.store.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    assert here.folder.take_up(here.store) == 2 and here.left() == []


KERNEL = """
import os, signal, sys, json
from pathlib import Path
from labs.bench.logbook import ServerLogbook
from labs.bench.spool import Spool
folder, token, ticket = sys.argv[1:]
book = ServerLogbook("http://127.0.0.1:9", token, spool=Spool(Path(folder), token, json.loads(ticket)))
for number in range(50):
    uid = "run-000001" if not number else f"document-{number:06d}"
    book.append({"kind": "event" if number else "start", "uid": uid, "run": "run-000001", "seq": number})
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not a signal there")
def test_a_kernel_killed_while_the_server_is_away_loses_nothing(here: Class) -> None:
    ticket = json.dumps(here.folder.ticket(here.sitting))
    ended = subprocess.run([sys.executable, "-c", KERNEL, str(here.folder.path), "token", ticket], check=False)
    assert ended.returncode == -9
    assert here.folder.take_up(here.store) == 50 and here.kept() == list(range(50))
