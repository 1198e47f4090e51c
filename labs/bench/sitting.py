"""Sitting down: how a page comes to its desk, with a run that is new, resumed, or only looked at in a notebook."""

import logging
import os
import secrets
from pathlib import Path
from typing import Any

from engine.kernel import kernels
from labs.bench.desk import Desk
from labs.bench.intercom import Intercom
from labs.bench.logbook import ServerLogbook, fetch_run
from labs.bench.page import Page
from labs.bench.run import Run
from labs.bench.scenario import Scenario
from labs.bench.spool import Spool

log = logging.getLogger("wanxiang")


def open_desk(scenario: Scenario) -> Page:
    """The page of one student: on a class server the run that it hands out, elsewhere a new one that is not kept."""
    scenario.id = scenario.id or os.environ.get("WANXIANG_SCENARIO", "")
    url, token = os.environ.get("WANXIANG_SERVER", ""), os.environ.get("WANXIANG_TOKEN", "")
    if not url:
        return Desk(scenario, Run(scenario, secrets.token_bytes(32))).page
    given = fetch_run(url, token)
    logbook = ServerLogbook(url, token, spool=_spool(token, given.ticket))
    if given.documents:
        run = Run.resume(scenario, given.draw_key, given.documents, logbook, snapshot=given.snapshot)
    else:
        run = Run(scenario, given.draw_key, logbook, seat=given.seat)
        _guide(run, given.mode)
    _warm(run)
    return Desk(scenario, run, exam=given.mode == "exam", line=lambda hear: Intercom(url, token, hear)).page


def _guide(run: Run, mode: str) -> None:
    """A lesson begins with the guide in sight, or without it where students find their own way."""
    wanted = run.record.guide if mode not in ("guided", "free", "exam") else mode != "free"
    if wanted != run.record.guide:
        run.act("guide", on=wanted)


def _spool(token: str, ticket: Any) -> Spool | None:
    """Where what was written waits on the disk for the server; without one it waits in memory alone."""
    folder = os.environ.get("WANXIANG_SPOOL", "")
    if not folder or not ticket:
        return None
    try:
        return Spool(Path(folder), token, ticket)
    except OSError as problem:
        log.warning("There is no spool in %s: %s", folder, problem)
        return None


def _warm(run: Run) -> None:
    """Have every kernel ready before the page is: compiling in mid-lesson would look like a lost connection."""
    for one in kernels():
        one.numba(run.solver.precision)
