"""The address a server listens on: taken before anything slow is loaded, so that a taken port is told at once."""

import contextlib
import errno
import socket
import struct
import sys

from tornado.netutil import bind_sockets

from engine.errors import Refusal

INTERFACE_ADDRESS = 0x8915  # SIOCGIFADDR of linux/sockios.h


def bind(host: str, port: int) -> list[socket.socket]:
    """Take the port before anything else is done; refuse in words when it cannot be had."""
    try:
        return bind_sockets(port, host)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Refusal(
                "Port {port} is already in use on {host}. Stop the program that uses it, "
                "or choose another with --port.",
                port=port,
                host=host,
            ) from problem
        if problem.errno == errno.EACCES:
            raise Refusal(
                "Port {port} may not be used without special rights. Choose one above 1023 with --port.", port=port
            ) from problem
        raise Refusal(
            "Cannot listen on {host}, port {port} ({problem}). Name an address of this computer with --host.",
            host=host,
            port=port,
            problem=problem.strerror or type(problem).__name__,
        ) from problem
    except OverflowError as problem:
        raise Refusal("{port} is not a port. Choose one between 1024 and 65535 with --port.", port=port) from problem


def reachable(host: str) -> str:
    """The address under which kernels of this machine reach the server."""
    if host in ("", "0.0.0.0"):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return shown(host)


def shown(host: str) -> str:
    """The address to open in a browser."""
    if host in ("", "0.0.0.0", "::"):
        return _outward_address()
    return f"[{host}]" if ":" in host else host


def own_addresses() -> list[str]:
    """The IPv4 addresses under which others reach this computer, the best first. No packet is sent to find them."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        found = []
        with contextlib.suppress(OSError):  # a school's box may have no way out
            probe.connect(("192.0.2.1", 9))  # reserved for documentation: only the route is looked up
            found.append(str(probe.getsockname()[0]))
        found += _of_interfaces(probe) if sys.platform == "linux" else _of_name()
    return [one for one in dict.fromkeys(found) if not one.startswith("127.")]


def _of_interfaces(probe: socket.socket) -> list[str]:
    import fcntl  # not on Windows

    found, names = [], list[str]()
    with contextlib.suppress(OSError):  # where even asking is not allowed
        names = [name for _, name in socket.if_nameindex()]
    for name in names:
        with contextlib.suppress(OSError):  # an interface without an address
            answer = fcntl.ioctl(probe, INTERFACE_ADDRESS, struct.pack("256s", name.encode()[:15]))
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


def _of_name() -> list[str]:
    try:
        return socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return []


def _outward_address() -> str:
    """The address that others in the local network can use."""
    return next(iter(own_addresses()), "127.0.0.1")
