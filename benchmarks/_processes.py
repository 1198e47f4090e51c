"""The processes of a server that is measured: which of them is whose, and what they have used."""

import psutil

from voila_apps.nursery.newborn import WAITING, WORKING

FORKER = "wanxiang-nurser"  # as much of the forker's name as the system keeps


def kernels(server: psutil.Process) -> list[psutil.Process]:
    """Kernels at work: forked ones say so by their name, plain ones by their command."""
    family = server.children(recursive=True)
    return [one for one in family if name(one) == WORKING or (name(one) != FORKER and _launched(one))]


def prepares(process: psutil.Process) -> bool:
    """Whether it is the forker or a kernel that waits."""
    return name(process) in (FORKER, WAITING)


def name(process: psutil.Process) -> str:
    """What it calls itself; nothing when it has gone."""
    try:
        return process.name()[: len(FORKER)]
    except psutil.NoSuchProcess:
        return ""


def cpu(process: psutil.Process) -> float:
    """Seconds of processor time so far."""
    used = process.cpu_times()
    return float(used.user + used.system)


def _launched(process: psutil.Process) -> bool:
    try:
        return "ipykernel_launcher" in process.cmdline()
    except psutil.NoSuchProcess:
        return False
