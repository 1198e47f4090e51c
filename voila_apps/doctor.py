"""The doctor: looks at everything a laboratory needs on this machine and says what to do about what is missing."""

import importlib.util
import os
import platform
import shutil
import socket
import stat
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine.errors import Refusal
from voila_apps.home import DataFolder

PYTHON = ((3, 11), (3, 14))
FREE_DISK = 500e6  # bytes: a term of one class
PACKAGES = (
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "pint",
    "lmfit",
    "taichi",
    "jupyter_server",
    "jupyter_client",
    "voila",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "pythreejs",
    "sqlalchemy",
    "tornado",
)
OPTIONAL = ("taichi",)
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "microsoft-edge", "msedge", "firefox", "safari")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` says what to do when it is not well."""

    name: str
    ok: bool
    found: str
    advice: Refusal | None = None
    details: dict[str, Any] = field(default_factory=dict)


def examine(folder: DataFolder, host: str, port: int) -> Iterator[Finding]:
    """Every finding, in the order in which a server would meet them."""
    looks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", python),
        ("packages", packages),
        ("processor", processor),
        ("back end", back_end),
        ("data folder", lambda: data_writable(folder)),
        ("secret", lambda: secret(folder)),
        ("record", lambda: record(folder)),
        ("backups", lambda: backups(folder)),
        ("certificate", lambda: certificate(folder)),
        ("port", lambda: port_free(host, port)),
        ("kernels", kernels),
        ("page", page),
        ("browser", browser),
    ]
    for name, look in looks:
        try:
            yield look()
        except Refusal as refusal:
            yield Finding(name, False, str(refusal), refusal)
        except Exception as problem:
            words = f"{type(problem).__name__}: {problem}"
            yield Finding(
                name,
                False,
                words,
                Refusal("This could not be examined ({problem}). Install Wanxiang again.", problem=words),
            )


def python() -> Finding:
    """The Python that runs this."""
    low, high = PYTHON
    ok = low <= sys.version_info[:2] < high
    return Finding(
        "python",
        ok,
        f"{platform.python_version()} ({sys.executable})",
        None if ok else Refusal("Wanxiang needs Python 3.11, 3.12 or 3.13. Install one of them."),
    )


def packages() -> Finding:
    """Versions of what we stand on."""
    found: dict[str, Any] = {"wanxiang": _version("wanxiang"), **{name: _version(name) for name in PACKAGES}}
    missing = [name for name, known in found.items() if known is None and name not in OPTIONAL]
    return Finding(
        "packages",
        not missing,
        ", ".join(f"{name} {known}" for name, known in found.items() if known),
        Refusal("Packages are missing: {names}. Install Wanxiang again.", names=", ".join(missing))
        if missing
        else None,
        found,
    )


def processor() -> Finding:
    """Cores, and whether kernels compile for the same target as everywhere else."""
    import llvmlite.binding as llvm

    from engine.target import choose

    features = dict(llvm.get_host_cpu_features())
    target, _ = choose(platform.machine().lower(), features)
    full = target != "x86-64"
    return Finding(
        "processor",
        True,
        f"{os.cpu_count()} cores, {platform.machine()}, {llvm.get_host_cpu_name()} → {target}",
        None
        if full
        else Refusal(
            "This processor lacks AVX2: results agree with other machines within their "
            "uncertainties, not to the last bit."
        ),
        {"cores": os.cpu_count(), "target": target, "features": sorted(name for name, has in features.items() if has)},
    )


def back_end() -> Finding:
    """What really computes: started, asked, and tried on one solver."""
    from engine.mechanics.pendulum import Pendulum
    from engine.runtime import start

    running = start()
    Pendulum().advance(10)
    return Finding(
        "back end",
        True,
        f"{running.backend} ({running.arch}), {running.threads} thread(s)",
        None,
        {"backend": running.backend, "arch": running.arch, **running.numeric_class()},
    )


def data_writable(folder: DataFolder) -> Finding:
    """Whether the record can be written, and for how long there is room."""
    folder.prepare()
    free = shutil.disk_usage(folder.root).free
    ok = free > FREE_DISK
    return Finding(
        "data folder",
        ok,
        f"{folder.root}, {free / 1e9:.1f} GB free",
        None
        if ok
        else Refusal(
            "The disk of {folder} is almost full. Make room, or name another folder with --data.", folder=folder.root
        ),
        {"folder": str(folder.root), "free_bytes": free},
    )


def secret(folder: DataFolder) -> Finding:
    """Whether the server's secret is its owner's alone."""
    if not folder.secret_file.exists():
        return Finding("secret", True, "not made yet")
    folder.secret()
    mode = stat.S_IMODE(folder.secret_file.stat().st_mode)
    ok = os.name == "nt" or mode & 0o077 == 0
    return Finding(
        "secret",
        ok,
        oct(mode),
        None
        if ok
        else Refusal("Others on this computer can read {file}. Run `chmod 600` on it.", file=folder.secret_file),
    )


def record(folder: DataFolder) -> Finding:
    """Whether the whole record can be read."""
    if not folder.record.exists():
        return Finding("record", True, "empty")
    from voila_apps.store import RecordStore

    store = RecordStore(folder.record)
    try:
        verdict, count = store.check(), len(store.runs())
    finally:
        store.close()
    ok = verdict == "ok"
    return Finding(
        "record",
        ok,
        f"{count} runs" if ok else verdict,
        None
        if ok
        else Refusal(
            "The record {file} cannot be read ({problem}). Put back your newest copy of it, "
            "or move the file away to begin an empty record.",
            file=folder.record,
            problem=verdict,
        ),
        {"runs": count},
    )


def backups(folder: DataFolder) -> Finding:
    """Whether there is a backup that can be read, and how old it is."""
    from voila_apps.backups import Backups, look

    kept = Backups(folder).kept()
    if not kept:
        return Finding("backups", True, "none yet")
    newest = look(kept[0])
    return Finding("backups", True, f"{len(kept)}, the newest of {newest.made}", None, {"newest": newest.made})


def certificate(folder: DataFolder) -> Finding:
    """Whether the certificate that tablets know is good for long enough to be thought of in time."""
    from voila_apps.deployment.certificates import RENEW_DAYS, Certificates, days_left, load, names_in

    kept = Certificates(folder.tls)
    if not kept.there:
        return Finding("certificate", True, "none")
    made = load(kept.certificate)
    days = days_left(made)
    return Finding(
        "certificate",
        days > 0,
        f"{', '.join(names_in(made))}; {days} d",
        None
        if days >= RENEW_DAYS
        else Refusal("The certificate is good for {days} more days. Renew it with `wanxiang tls`.", days=max(days, 0)),
        {"days": days, "names": names_in(made)},
    )


def port_free(host: str, port: int) -> Finding:
    """Whether a server could listen."""
    with socket.socket() as trial:
        trial.settimeout(1.0)
        taken = trial.connect_ex((host if host != "0.0.0.0" else "127.0.0.1", port)) == 0
    return Finding(
        "port",
        not taken,
        f"{host}:{port}",
        Refusal(
            "Port {port} is already in use on {host}. Stop the program that uses it, or choose another with --port.",
            port=port,
            host=host,
        )
        if taken
        else None,
    )


def kernels() -> Finding:
    """How students' kernels are started, and what bounds them."""
    from voila_apps.nursery.lifeline import supported
    from voila_apps.nursery.limits import Limits, found

    device = (os.environ.get("WANXIANG_BACKEND") or "cpu") != "cpu"
    forked = supported() and not device
    limits = found() if forked else Limits()
    bounds = limits.kind if forked else "none"
    return Finding(
        "kernels",
        True,
        f"{'forked' if forked else 'started one by one'}, limits: {bounds}",
        None
        if forked
        else Refusal(
            "Students' kernels are started one by one here, each several times as slow and as large. "
            "For a whole class take a computer with Linux, without WANXIANG_BACKEND."
        ),
        {"forked": forked, "limits": bounds},
    )


def page() -> Finding:
    """Whether every script of the student's page is installed."""
    from voila.utils import get_voila_labextensions_path

    from voila_apps.server import EXTENSIONS

    folders = get_voila_labextensions_path()
    missing = [name for name in EXTENSIONS if not any(Path(folder, name).is_dir() for folder in folders)]
    if importlib.util.find_spec("ipykernel") is None:
        missing.append("ipykernel")
    return Finding(
        "page",
        not missing,
        ", ".join(EXTENSIONS),
        Refusal("A part of the student's page is missing: {parts}. Install Wanxiang again.", parts=", ".join(missing))
        if missing
        else None,
    )


def browser() -> Finding:
    """A browser on this machine; students may well use others."""
    found = [name for name in BROWSERS if shutil.which(name)]
    if not found:
        try:
            found = [webbrowser.get().name]
        except (webbrowser.Error, AttributeError):
            found = []
    return Finding(
        "browser",
        True,
        ", ".join(found) or "none here",
        None
        if found
        else Refusal(
            "No browser was found on this computer. Open the address on another one, "
            "with Chrome, Edge, Firefox or Safari."
        ),
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
