"""Run every benchmark, or the named ones: `python -m benchmarks`, `python -m benchmarks lennard_jones`."""

import pkgutil
import runpy
import sys
from pathlib import Path


def main() -> None:
    """One after the other, so that they do not disturb each other."""
    there = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])
             if not module.name.startswith("_")]
    chosen = sys.argv[1:] or there
    for name in chosen:
        if name not in there:
            raise SystemExit(f"There is no benchmark {name!r}. There are: {', '.join(there)}.")
    sys.argv[1:] = []
    for name in chosen:
        print(f"— {name}", flush=True)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
