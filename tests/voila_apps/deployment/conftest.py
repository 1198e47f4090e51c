"""Light bundles: Wanxiang's own wheel, and a wheel that points to the packages installed here instead of carrying them.

Everything else is real: the bundle maker's texts and packing, the installer, the environments it makes.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HOUSE = Path(__file__).resolve().parents[3]
POINTER = "dependencies-1.0"


def bundle_maker() -> ModuleType:
    """The script behind `make bundle`."""
    spec = importlib.util.spec_from_file_location("bundle", HOUSE / ".ci" / "bundle.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pointer(folder: Path) -> None:
    """A wheel whose only content says where the packages are."""
    about = f"{POINTER}.dist-info"
    files = {
        "dependencies.pth": sysconfig.get_path("purelib") + "\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: dependencies\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = {f"{about}/RECORD": "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])}
    with zipfile.ZipFile(folder / f"{POINTER}-py3-none-any.whl", "w") as wheel:
        for name, text in (files | record).items():
            wheel.writestr(name, text)


@pytest.fixture(scope="module")
def make_bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a light bundle of this checkout, with files of it changed: ``make_bundle("0.1.1", {"labs/…": "text"})``."""
    maker = bundle_maker()

    def make(version: str, changed: dict[str, str] | None = None) -> Path:
        place = tmp_path_factory.mktemp("bundle")
        source, name = place / "source", f"wanxiang-{version}-bundle"
        for part in ("engine", "labs", "scenarios", "voila_apps"):
            shutil.copytree(HOUSE / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("LICENSE", "README.md"):
            shutil.copy(HOUSE / part, source)
        project = (HOUSE / "pyproject.toml").read_text("utf-8")
        project = re.sub(r'(?m)^version = ".*"', f'version = "{version}"', project)
        (source / "pyproject.toml").write_text(project, "utf-8")
        for file, text in (changed or {}).items():
            (source / file).write_text(text, "utf-8")
        wheels = place / name / "wheels"
        wheels.mkdir(parents=True)
        pointer(wheels)
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)], cwd=source,
                       check=True, capture_output=True)
        maker.pack_pip(place / name / "pip.zip")
        maker.write_texts(place / name, name, version)
        maker.pack(place / name, place / f"{name}.tar.gz")
        return place / f"{name}.tar.gz"

    return make
