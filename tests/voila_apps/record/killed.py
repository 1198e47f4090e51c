"""A program that writes to a record, is killed in the middle of it, and begins again; so many times.

    python killed.py RECORD KILLS SEED

It forks a writer and kills it after a moment drawn by lot: while it opens the record, recovers what the last one left,
writes, or folds the log into the file. What a writer acknowledged it has said through a pipe before it died. At the
end everything that was acknowledged is printed as JSON.
"""

import itertools
import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from voila_apps.store import RecordStore

LONGEST = 0.05  # s that a writer lives, counted from its birth or
WRITING = 0.8  # in this share of lives, from the first document that it acknowledged
RUN = "run-000001"


def document(seq: int, text: str) -> dict[str, Any]:
    """The next one of the run; the first is its start."""
    kind = "event" if seq else "start"
    return {"kind": kind, "uid": f"document-{seq:06d}" if seq else RUN, "run": RUN, "seq": seq, "text": text}


def write_for_ever(path: Path, lot: random.Random, acknowledge: int) -> None:
    """Go on where the record is; say each document through the pipe once it is saved."""
    store = RecordStore(path, bytes(32))
    sitting = store.sit("3-2/17", "swing", "hash-1")
    for place in itertools.count(store.place(sitting)[1]):
        batch = [document(store.place(sitting)[1] + n, "x" * lot.randrange(2000)) for n in range(lot.randrange(1, 5))]
        store.append(sitting, batch)
        os.write(acknowledge, b"".join(f"{one['seq']}\n".encode() for one in batch))
        if place % 10 == 0:
            store.keep_snapshot(RUN, batch[-1]["seq"], lot.randbytes(60_000))


def one_life(path: Path, seed: str) -> list[int]:
    """What one writer acknowledged before it was killed."""
    lot = random.Random(seed)
    hear, say = os.pipe()
    writer = os.fork()
    if writer == 0:
        try:
            write_for_ever(path, lot, say)
        finally:
            os._exit(1)
    os.close(say)
    if lot.random() < WRITING:
        select.select([hear], [], [], 10.0)
    time.sleep(lot.uniform(0.0, LONGEST))
    os.kill(writer, signal.SIGKILL)
    _, status = os.waitpid(writer, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    with os.fdopen(hear) as heard:
        return [int(line) for line in heard.read().splitlines()]


def main() -> None:
    """As many lives as asked for."""
    path, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    acknowledged = [seq for number in range(kills) for seq in one_life(path, f"{seed}-{number}")]
    json.dump({"kills": kills, "acknowledged": acknowledged}, sys.stdout)


if __name__ == "__main__":
    main()
