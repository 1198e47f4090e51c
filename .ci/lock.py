"""Write requirements.lock and environment.yml from pyproject.toml. Run by `make lock`; needs `uv`.

The lock holds every version with its hashes, for every platform, in sections. A section holds only what the ones before
it lack, so that plain pip installs `run` alone or any others with it. No address of a package index enters the file.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
LOCK = HOUSE / "requirements.lock"
CONDA = HOUSE / "environment.yml"
SECTIONS = ("run", "test", "author", "bench")
HEADING = """\
# Every package that Wanxiang installs, with version and hashes, for Linux, macOS and Windows and Python 3.11-3.13.
# Made from pyproject.toml by `make lock`; edit that file, not this one. `make run` installs the section `run`,
# `make test` also `test`, `make author` also `author`, `make bench` all of them.
"""
CONDA_HEADING = """\
# Wanxiang for conda: conda env create -f environment.yml && conda activate wanxiang && wanxiang serve
# Made from pyproject.toml by `make lock`; edit that file, not this one.
"""
PIP_ONLY = ("taichi",)  # no current build on conda-forge


def declared() -> dict:
    """What pyproject.toml says."""
    return tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))


def environment() -> str:
    """The conda environment with the same packages and the same floors."""
    project = declared()["project"]
    needs = project["dependencies"]
    by_conda = [need for need in needs if not need.startswith(PIP_ONLY)]
    lines = [f"python {project['requires-python']}", "pip", "c-compiler", "make", *by_conda]
    text = "name: wanxiang\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:\n"
    text += "".join(f"  - {line}\n" for line in lines) + "  - pip:\n"
    by_pip = "".join(f'      - "{need}"\n' for need in needs if need not in by_conda)
    return CONDA_HEADING + text + by_pip + "      - -e .\n"


def compiled(extras: tuple[str, ...], earlier: Path) -> dict[str, str]:
    """Every requirement of these extras, name to its whole entry, in agreement with what is locked already."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes", "--python-version", "3.11"]
    command += ["--no-header", "--no-annotate", "--quiet", "--constraint", str(earlier)]
    command += [word for extra in extras for word in ("--extra", extra)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as builder:
        builder.write("\n".join(declared()["build-system"]["requires"]))
        builder.flush()
        text = subprocess.run([*command, builder.name], cwd=HOUSE, check=True, capture_output=True, text=True).stdout
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    return {entry.split(" \\")[0].split(" ;")[0].strip(): entry for entry in entries if entry.strip()}


def main() -> None:
    """Lock section after section; keep the versions of the present lock unless asked for newer ones (--upgrade)."""
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier.txt"
        keep = LOCK.exists() and "--upgrade" not in sys.argv
        pins = re.findall(r"(?m)^[A-Za-z0-9].*?(?= \\$)", LOCK.read_text("utf-8")) if keep else []
        earlier.write_text("\n".join(pins), "utf-8")
        text, known = HEADING, dict[str, str]()
        for count, section in enumerate(SECTIONS):
            found = compiled(SECTIONS[1 : count + 1], earlier)
            text += f"\n# section {section}\n" + "".join(found[name] for name in found if name not in known)
            known |= found
            earlier.write_text("\n".join([*pins, *(entry.split(" \\")[0] for entry in known.values())]), "utf-8")
    LOCK.write_text(text, "utf-8")
    CONDA.write_text(environment(), "utf-8")


if __name__ == "__main__":
    main()
