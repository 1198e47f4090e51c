"""A gas behind a piston: pressure, volume and temperature of molecules that can be counted."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from engine.chance import Chance
from engine.molecules.lennard_jones import LennardJones
from labs.bench.instrument import Instrument
from labs.bench.instruments.pressure_gauge import PressureGauge
from labs.bench.instruments.scale import Scale
from labs.bench.instruments.speed_histogram import SpeedHistogram
from labs.bench.instruments.thermometer import Thermometer
from labs.bench.lab import Follows, Lab
from labs.bench.scene import Scene
from labs.bench.shapes import cuvette, piston, scale_bar, tabletop, vessel_scale

NM = 1e-9
PS = 1e-12
TRAVEL = 40 * NM  # the farthest that the piston goes
DRAWN_RADIUS = 0.45 * NM  # molecules are drawn somewhat larger than they are, to be seen
FASTEST_DRAWN = 1000.0  # m/s at the upper end of the colours
SHOWN = 512  # molecules in the picture where their number is hidden
MOLECULES = {"en": "molecules", "zh": "分子"}
SOME_MOLECULES = {"en": "of the molecules", "zh": "个分子（仅画出一部分）"}
REFERENCE = 40_000  # steps over which a reference run is averaged
SETTLING = 6_000  # steps before it


class GasPistonLab(Lab):
    """What the student has: a glass cylinder with a piston, a gauge, a scale, a thermometer, and eyes for speeds."""

    solver = LennardJones
    title = {"en": "Gas piston", "zh": "气体活塞"}
    tick = 20
    pace = 15 * PS
    clock = "ps"

    def __init__(self, **parameters: Any) -> None:
        """Nitrogen at 300 K in a cylinder of 12 nm square, unless told otherwise."""
        usual = {"units": "SI", "container": "piston", "species": "nitrogen", "number": 800, "box": 12 * NM,
                 "piston": 30 * NM, "temperature": 300.0, "piston_speed": 100.0,
                 "cutoff": 2.5, "truncation": "shifted", "sampling": 0}
        super().__init__(**{**usual, **parameters})

    def instruments(self) -> list[Instrument]:
        """The gauge counts blows on all walls for 100 ps; scale and thermometer have their errors too."""
        return [
            PressureGauge(unit="MPa", window=100 * PS, update=2 * PS, high=400.0, resolution=0.001, noise=0.002,
                          zero_error=0.002, gain_error=0.002),
            Scale("volume", observable="volume", unit="nm³", resolution=5.0, low=0.0, high=2e4, misprint=0.001,
                  update=2 * PS, label={"en": "volume", "zh": "体积"}, symbol="V"),
            Thermometer("temperature", observable="kinetic_temperature", window=100 * PS, lag=5 * PS,
                        update=2 * PS, noise=0.1, zero_error=0.3, label={"en": "temperature", "zh": "温度"}),
            SpeedHistogram("mean_speed", window=50 * PS, update=2 * PS, high=2000.0),
            SpeedHistogram("rms_speed", shows="rms", window=50 * PS, update=2 * PS, high=2000.0),
        ]

    def truths(self) -> dict[str, Callable[[dict[str, Any]], float]]:
        """pV/(NkT) where the piston stands at the beginning, from a run of its own; and NkT."""
        return {"compressibility": Follows(compressibility, ""), "thermal_energy": Follows(thermal_energy, "J")}

    def furnish(self, scene: Scene) -> None:
        """A glass cylinder that stands upright, its piston, molecules, a scale on the glass, a bar of known length."""
        edge = float(self.parameters["box"])
        wall = 0.06 * edge
        radius = min(DRAWN_RADIUS, 0.05 * edge)
        scene.up = "x"
        scene.view(azimuth=26.0, elevation=10.0)
        scene.add(tabletop(4.2 * edge, 3.2 * edge, at=(edge / 2, -5 * wall, edge / 2)))
        scene.add(cuvette(edge, edge, TRAVEL + 2 * NM, wall=wall))
        scene.add(vessel_scale(TRAVEL, at=(edge, 0.0, edge + wall), width=0.3 * edge, minor=2 * NM, major=10 * NM,
                               per_unit=NM, unit="nm"))
        moving = scene.add(piston(edge, edge, thickness=0.16 * edge, travel=0.5 * TRAVEL))
        scene.follow(moving, position=lambda gas: (gas.piston_position(), 0.0, 0.0))
        scene.add(scale_bar(5 * NM, "5 nm", at=(1.5 * edge, -5 * wall, 1.4 * edge)))
        self._show_molecules(scene, radius, edge)

    def _show_molecules(self, scene: Scene, radius: float, edge: float) -> None:
        """All of them; but where their number is to be found out, a fixed count, because a picture can be counted."""
        number = self.parameters["number"]
        shown = number if isinstance(number, int) else SHOWN
        name = MOLECULES if isinstance(number, int) else SOME_MOLECULES
        scene.cloud(shown, radius, low=(0, 0, 0), high=(TRAVEL, edge, edge), speed_range=(0.0, FASTEST_DRAWN),
                    name=name, positions=lambda gas: gas.positions()[picked(gas.seed, gas.number, shown)],
                    speeds=lambda gas: gas.speeds()[picked(gas.seed, gas.number, shown)])


@lru_cache(maxsize=4)
def picked(seed: int, number: int, shown: int) -> NDArray[np.intp]:
    """Which molecules are drawn. By lot: the first ones begin side by side, and their room would tell the rest."""
    lots = Chance(seed).child("drawn in the picture").uniforms(number)
    return np.sort(np.argsort(lots)[:shown])


def thermal_energy(parameters: dict[str, Any]) -> float:
    """NkT [J]."""
    return float(parameters["number"] * Boltzmann * parameters["temperature"])


def compressibility(parameters: dict[str, Any]) -> float:
    """pV/(NkT) of the same apparatus, from the impulses on its walls over a long run."""
    return _reference(tuple(sorted(parameters.items())))


@lru_cache(maxsize=8)
def _reference(parameters: tuple[tuple[str, Any], ...]) -> float:
    given = dict(parameters)
    gas = LennardJones(seed=1, **given)
    gas.advance(SETTLING)
    before, began = gas.wall_impulse(), gas.time
    gas.advance(REFERENCE)
    pressure = (gas.wall_impulse() - before) / (gas.time - began)
    return pressure * gas.volume() / thermal_energy(given)
