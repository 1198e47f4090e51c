"""The address a server listens on: taken before anything slow is loaded, so that a taken port is told at once."""

import contextlib
import errno
import socket

from tornado.netutil import bind_sockets

from engine.errors import Refusal


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


def _outward_address() -> str:
    """The address that others in the local network can use; no packet is sent to find it."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation: only the route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
