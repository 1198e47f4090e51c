"""How Jupyter's kernel manager gets its kernels from the nursery (`kernel_provisioner` of a kernelspec's metadata)."""

import asyncio
import contextlib
import os
import select
import signal
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory, LocalProvisioner
from traitlets import Any as AnyTrait

from voila_apps.nursery.nursery import Closed, Nursery

NAME = "wanxiang-nursery"
GLANCE = 0.05  # seconds between two looks while waiting for the end
GROUP = 4  # PIDFD_SIGNAL_PROCESS_GROUP, since Linux 6.9


class NurseryProvisioner(LocalProvisioner):
    """A forked kernel, held by its pidfd. Without a nursery, or when that is closed, a plain one."""

    nursery = AnyTrait(None, allow_none=True)
    pidfd: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to look after."""
        return self.pidfd is not None or super().has_process

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Nothing is written down for a kernel from the nursery: it has its connection already."""
        if self.nursery is None or not self.nursery.usable:
            return await super().pre_launch(**kwargs)
        for name in ("transport_encryption", "extra_arguments"):
            kwargs.pop(name, None)
        return await KernelProvisionerBase.pre_launch(self, cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """A child of the nursery, else a plain process."""
        nursery: Nursery | None = self.nursery
        if nursery is not None and not cmd:
            try:
                child = await nursery.launch(kwargs["env"], str(kwargs.get("cwd") or nursery.folder))
            except Closed:
                kwargs = await super().pre_launch(**kwargs)
                cmd = kwargs.pop("cmd")
            else:
                self.pid, self.pidfd = child.pid, child.pidfd
                self.connection_info = {**child.where} | {"key": child.where["key"].encode()}  # type: ignore[assignment]
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    async def poll(self) -> int | None:
        """None while it lives. It is buried here if its forker did not live to do it."""
        if self.pidfd is None:
            return await super().poll()
        watch = select.poll()
        watch.register(self.pidfd, select.POLLIN)
        if not watch.poll(0):
            return None
        self._let_go()
        return 0

    async def wait(self) -> int | None:
        """Until it has ended."""
        if self.pidfd is None:
            return await super().wait()
        while await self.poll() is None:
            await asyncio.sleep(GLANCE)
        return 0

    async def send_signal(self, signum: int) -> None:
        """To the kernel and what it started; before Linux 6.9 to the kernel alone."""
        if self.pidfd is None:
            await super().send_signal(signum)
            return
        with contextlib.suppress(ProcessLookupError):
            try:
                signal.pidfd_send_signal(self.pidfd, signum, None, GROUP)
            except OSError:
                signal.pidfd_send_signal(self.pidfd, signum)

    async def kill(self, restart: bool = False) -> None:
        """At once."""
        if self.pidfd is None:
            await super().kill(restart)
        else:
            await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """By SIGTERM."""
        if self.pidfd is None:
            await super().terminate(restart)
        else:
            await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of what is left of it."""
        if self.pidfd is not None:
            self._let_go()
        await super().cleanup(restart)

    def _let_go(self) -> None:
        assert self.pidfd is not None
        with contextlib.suppress(ChildProcessError):  # the forker's: it buries its own
            os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOHANG)
        os.close(self.pidfd)
        self.pidfd = None


def register() -> None:
    """Make the provisioner known also where the installed distribution's entry points are older than this file."""
    entry = EntryPoint(NAME, f"{__name__}:{NurseryProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.provisioners[NAME] = entry
