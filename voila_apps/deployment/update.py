"""An update from a bundle: look, copy the record, install beside, try, switch; or leave everything as it is.

The server that runs meanwhile is not touched. It goes on with the version it was started from until it is restarted.
"""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from engine.errors import Refusal
from voila_apps.backups import check
from voila_apps.deployment.installation import Installation
from voila_apps.deployment.trial import copy_record, fit, reads, unused
from voila_apps.deployment.unpacking import Bundle, unpacked
from voila_apps.home import DataFolder
from voila_apps.restoring import restore
from voila_apps.speaking import _, ensure

COPIES = 3  # of the record before an update that are kept
Tell = Callable[..., None]


def update(installation: Installation, folder: DataFolder, path: Path, tell: Tell) -> str:
    """Bring the installation to the bundle's version; returns its name."""
    old = installation.pointed("current")
    with unpacked(path, installation.root) as bundle:
        name = bundle.name
        if name == old:
            tell(_("Wanxiang {name} is in use already."), name=name)
            return name
        folder.prepare()
        copy = _keep_copy(folder, tell)
        fresh = not installation.has(name)
        tell(_("Installing {name} beside {old} …"), name=name, old=old or "—")
        _install(bundle, installation)
    try:
        tell(_("Trying {name} on a copy of the record …"), name=name)
        fit(installation.program(name), folder)
    except Refusal as problem:
        if fresh:
            installation.remove(name)
        raise Refusal(
            "The new version {name} did not pass its trial ({problem}). The old one stays in use; nothing was changed.",
            name=name, problem=problem,
        ) from problem
    installation.switch(name, when=_now(), record=str(copy) if copy else None)
    installation.clear_out()
    return name


def roll_back(installation: Installation, folder: DataFolder, *, with_record: bool, tell: Tell) -> str:
    """Go back to the version before; with the record's copy of then, if the older one cannot read the newer form."""
    name = installation.pointed("previous")
    if name is None:
        raise Refusal("There is no earlier version on this box to go back to.")
    if folder.record.is_file() and not reads(installation.program(name), folder):
        copy = _copy_of(installation, name)
        ensure(
            with_record,
            _("The version {name} cannot read the record as it is now. `wanxiang update --rollback --with-record` "
              "puts back the copy made before the update ({copy}); what was recorded since is kept aside."),
            name=name, copy=copy,
        )
        kept = restore(copy, folder).replaced
        tell(_("The record of the newer version is kept in {file}."), file=kept)
    installation.switch(name, when=_now(), record=None)
    return name


def _keep_copy(folder: DataFolder, tell: Tell) -> Path | None:
    """The record as it was before this update, beside it, where erasing a seat finds it too; of older ones a few."""
    if not folder.record.is_file():
        return None
    copy = copy_record(folder.record, unused(folder.root / f"record-before-{datetime.now():%Y%m%d-%H%M%S}.sqlite"))
    check(copy)
    for old in sorted(folder.root.glob("record-before-*.sqlite"), key=lambda path: path.stat().st_mtime)[:-COPIES]:
        old.unlink()
    tell(_("The record was copied to {file}."), file=copy)
    return copy


def _install(bundle: Bundle, installation: Installation) -> None:
    """Let the bundle's own installer put its version beside the others."""
    words = ["sh", "install.sh", "--beside", "--to", str(installation.root), "--python", _outer_python()]
    if subprocess.run(words, cwd=bundle.folder, check=False).returncode:
        raise Refusal(
            "{name} could not be installed; the lines above tell why. The old version stays in use.", name=bundle.name
        )


def _outer_python() -> str:
    """The Python that this environment was made from: the environment itself may be removed one day."""
    return str(Path(sys._base_executable)) if hasattr(sys, "_base_executable") else sys.executable


def _copy_of(installation: Installation, name: str) -> Path:
    """The copy of the record that was made when this version was last left by an update."""
    left = [one for one in installation.switches() if one["from"] == name and one.get("record")]
    copy = Path(left[-1]["record"]) if left else None
    if copy is None or not copy.is_file():
        raise Refusal(
            "The version {name} cannot read the record as it is now, and no copy of then was found. "
            "Stay with the version in use.", name=name,
        )
    return copy


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
