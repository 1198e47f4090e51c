"""What one kernel may take of the machine.

Where the server was given a control group of its own (systemd: `Delegate=yes`), each kernel gets a group below it with
its share of memory, of processes and of the processor. Elsewhere a kernel is nicer than the server and its address
space is bounded; the number of processes is not, for that limit would count all of a user's.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

MEMORY = 512 * 2**20  # bytes, of one kernel's own; a bench uses a tenth of it
ADDRESSES = 1024 * 2**20  # bytes of address space beyond what a newborn kernel has mapped
PROCESSES = 64  # and threads, of one kernel
NICE = 5  # less than the server's
WEIGHT = 50  # of the processor, where 100 is usual
HIERARCHY = Path("/sys/fs/cgroup")
NEEDED = ("memory", "pids")


@dataclass(frozen=True)
class Limits:
    """Where the kernels' groups lie, if there are such."""

    groups: str = ""

    @property
    def kind(self) -> str:
        """In a word or two, for the doctor and for whoever watches the server."""
        return "cgroup" if self.groups else "nice and address space"

    def impose(self) -> None:
        """Limit the process that calls this, and all that it will start."""
        import resource  # not on Windows, where there is no nursery

        if self.groups:
            self._enter(Path(self.groups) / f"kernel-{os.getpid()}")
        else:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + ADDRESSES
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.nice(NICE)

    def _enter(self, group: Path) -> None:
        group.mkdir(exist_ok=True)
        for name, value in (("memory.max", MEMORY), ("pids.max", PROCESSES), ("cpu.weight", WEIGHT)):
            with contextlib.suppress(OSError):  # the processor's share is not always delegated
                (group / name).write_text(str(value))
        (group / "cgroup.procs").write_text(str(os.getpid()))

    def lift(self, pid: int) -> None:
        """Take away the group of a kernel that has ended."""
        if self.groups:
            with contextlib.suppress(OSError):
                (Path(self.groups) / f"kernel-{pid}").rmdir()


def found(hierarchy: Path = HIERARCHY, own: Path = Path("/proc/self/cgroup")) -> Limits:
    """The limits that this system offers; changes nothing."""
    group = _own_group(hierarchy, own)
    return Limits(str(group / "benches")) if group else Limits()


def prepared(hierarchy: Path = HIERARCHY, own: Path = Path("/proc/self/cgroup")) -> Limits:
    """The same, made ready: the server moves into a group beside those of its kernels, as control groups demand."""
    group = _own_group(hierarchy, own)
    if group is None:
        return Limits()
    try:
        server, benches = group / "server", group / "benches"
        for folder in (server, benches):
            folder.mkdir(exist_ok=True)
        (server / "cgroup.procs").write_text(str(os.getpid()))
        offered = (group / "cgroup.controllers").read_text().split()
        shared = " ".join(f"+{name}" for name in (*NEEDED, "cpu") if name in offered)
        for folder in (group, benches):
            (folder / "cgroup.subtree_control").write_text(shared)
    except OSError:
        return Limits()
    return Limits(str(benches))


def _own_group(hierarchy: Path, own: Path) -> Path | None:
    """The group that was delegated to this process, with the controllers that are needed."""
    try:
        path = next(line for line in own.read_text().splitlines() if line.startswith("0::"))[len("0::/") :]
        group = hierarchy / path.removesuffix("/server")
        offered = (group / "cgroup.controllers").read_text().split()
    except (OSError, StopIteration):
        return None
    delegated = path and all(os.access(one, os.W_OK) for one in (group, group / "cgroup.subtree_control"))
    return group if delegated and set(NEEDED) <= set(offered) else None
