"""Make build/wanxiang-VERSION-bundle.tar.gz, which installs Wanxiang with the network unplugged. Run by `make bundle`.

It holds the locked section `run` as wheels for this machine's platform and Python, Wanxiang's own wheel, pip, an
installer and checksums. Packages come from whatever index this machine is configured with, are held against the hashes
of the lock, and are locked anew in the bundle: a wheel that had to be built here has a hash of its own.
"""

import gzip
import hashlib
import io
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).resolve().parent.parent
BUILD = HOUSE / "build"
DAY = 1_600_000_000  # the date of every file inside: the same wheels make the same bundle, byte for byte
GROWTH = 1.6  # an installed folder beside its unpacked wheels: byte code, compiled kernels, some air
OLD_LIBC = 28  # GNU C library 2.28, of 2018: what school systems in long service still have
READ_ME = """\
Wanxiang {version}, to be installed without a network ({system}, {machine}, Python {python}).
    sh install.sh              installs into the folder wanxiang in your home
    sh install.sh --to FOLDER  installs elsewhere
A box that runs Wanxiang already: wanxiang update {name}.tar.gz

万象实验室 {version}，无需联网即可安装（{system}、{machine}、Python {python}）。
    sh install.sh              安装到您主目录下的 wanxiang 文件夹
    sh install.sh --to FOLDER  安装到别处
已经装有万象的机器：wanxiang update {name}.tar.gz
"""


def section(name: str) -> str:
    """One section of the lock."""
    text = (HOUSE / "requirements.lock").read_text("utf-8")
    return text.split(f"# section {name}\n")[1].split("\n# section ")[0] + "\n"


def wanted() -> list[tuple[str, str, str]]:
    """Entries of the lock that this Python needs in any of its patch versions: requirement, marker, hashes.

    The marker is kept where it asks for the patch version, which a school's box need not share with this machine.
    """
    found = []
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    for need, marker, hashes in re.findall(r"(?m)^([^\s#;]+)(?: ; (.*?))? \\\n((?:    --hash=.*\n)+)", section("run")):
        patches = [Marker(marker).evaluate({"python_full_version": f"{minor}.{patch}"}) for patch in (0, 99)] \
            if marker else [True]
        if any(patches):
            found.append((need, marker if not all(patches) else "", hashes))
    return found


def pip(*words: str) -> bool:
    """Run pip; its own words tell what went wrong."""
    return subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *words],
                          check=False).returncode == 0


def older_systems() -> list[str]:
    """Ask pip for wheels that run on systems with an older C library than this one, where there is such a choice."""
    if sys.platform != "linux":
        return []
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(OLD_LIBC, 4, -1)]
    tags += [f"{name}_{machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    return ["--only-binary=:all:", *(word for tag in tags for word in ("--platform", tag))]


def download(entries: list[tuple[str, str, str]], folder: Path) -> None:
    """These packages, each with one of its locked hashes."""
    listed = folder.with_suffix(".txt")
    listed.write_text("".join(f"{need} \\\n{hashes}" for need, _, hashes in entries), "utf-8")
    words = ["download", "--quiet", "--require-hashes", "--no-deps", "-r", str(listed), "-d", str(folder)]
    if not (pip(*words, "--ignore-requires-python", *older_systems()) or pip(*words)):
        sys.exit("The locked packages could not be fetched; the lines above tell why.")


def fetch(wheels: Path) -> None:
    """Every locked package as a wheel; what is published as source alone is built here."""
    with tempfile.TemporaryDirectory() as place:
        entries = wanted()
        here = {need.split("==")[0]: need for need, marker, _ in entries if not marker or Marker(marker).evaluate()}
        now = [entry for entry in entries if here.get(entry[0].split("==")[0]) == entry[0]]
        download(now, Path(place, "now"))
        for number, entry in enumerate(entry for entry in entries if entry not in now):
            download([entry], Path(place, f"other-{number}"))
        for path in sorted(Path(place).glob("*/*")):
            if path.suffix == ".whl":
                shutil.move(path, wheels)
            elif not pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(path)):
                sys.exit(f"{path.name} could not be built; the lines above tell why.")
    ours = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(ours, cwd=HOUSE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lock(wheels: Path) -> str:
    """Name, version and hash of every wheel in the bundle."""
    markers = {canonicalize_name(need.split("==")[0]) + need.split("==")[1]: marker for need, marker, _ in wanted()}
    lines = []
    for path in sorted(wheels.iterdir(), key=lambda path: path.name.lower()):
        name, version = canonicalize_name(path.name.split("-")[0]), path.name.split("-")[1]
        marker = markers.get(name + version, "")
        lines.append(f"{name}=={version}{' ; ' if marker else ''}{marker} \\\n    --hash=sha256:{digest(path)}\n")
    return "".join(lines)


def pack_pip(path: Path) -> None:
    """Pip as it is installed here, in one file: a box may have Python without it."""
    import pip as installed

    root = Path(installed.__file__).parent
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(f"pip/{file.relative_to(root).as_posix()}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, file.read_bytes())


def oldest_libc(wheels: Path) -> str:
    """The oldest GNU C library on which every wheel runs; empty where that is not asked."""
    needed = [(2, 17)]
    for path in wheels.glob("*manylinux*"):
        tags = [(int(a), int(b)) for a, b in re.findall(r"manylinux_(\d+)_(\d+)_", path.name)]
        needed += [min(tags)] if tags else []
    return ".".join(map(str, max(needed))) if sys.platform == "linux" else ""


def declared_version() -> str:
    """What pyproject.toml says."""
    return str(tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def about(wheels: Path, locked: str, version: str) -> dict[str, str]:
    """What the installer must know before it begins."""
    unpacked = sum(entry.file_size for path in wheels.glob("*.whl") for entry in zipfile.ZipFile(path).infolist())
    return {
        "VERSION": version,
        "BUILD": hashlib.sha256(locked.encode()).hexdigest()[:8],
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "SYSTEM": platform.system(),
        "MACHINE": platform.machine(),
        "LIBC": oldest_libc(wheels),
        "MEGABYTES": str(round(GROWTH * unpacked / 1e6)),
    }


def entries(folder: Path) -> Iterator[Path]:
    """Every file of the bundle, always in the same order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def write_texts(folder: Path, name: str, version: str) -> None:
    """The lock, the installer, and what they are for; checksums last."""
    locked = lock(folder / "wheels")
    known = about(folder / "wheels", locked, version)
    spoken = {key.lower(): value for key, value in known.items()}
    (folder / "requirements.lock").write_text(locked, "utf-8")
    (folder / "about.env").write_text("".join(f"{key}={value}\n" for key, value in known.items()), "utf-8")
    (folder / "READ-ME.txt").write_text(READ_ME.format(name=name, **spoken), "utf-8")
    shutil.copy(HOUSE / ".ci" / "install.sh", folder)
    sums = [f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in entries(folder)]
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")


def pack(folder: Path, target: Path) -> None:
    """One file of it all. Wheels are compressed already, so the packing is light."""
    partial = target.with_suffix(".partial")
    with partial.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, DAY) as squeezed, \
            tarfile.open(mode="w", fileobj=squeezed, format=tarfile.PAX_FORMAT) as packed:
        for path in entries(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            content = path.read_bytes()
            entry.size, entry.mtime, entry.mode = len(content), DAY, 0o755 if path.suffix == ".sh" else 0o644
            packed.addfile(entry, io.BytesIO(content))
    partial.replace(target)


def main() -> None:
    """Fetch, write, pack; say how large it came out, and its checksum."""
    version = declared_version()
    name = f"wanxiang-{version}-bundle"
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place, name)
        (folder / "wheels").mkdir(parents=True)
        fetch(folder / "wheels")
        pack_pip(folder / "pip.zip")
        write_texts(folder, name, version)
        target = BUILD / f"{name}.tar.gz"
        pack(folder, target)
    print(f"{target.relative_to(HOUSE)}  {target.stat().st_size / 1e6:.0f} MB  sha256 {digest(target)}")


if __name__ == "__main__":
    main()
