"""A pendulum on a stand: lengths and periods, and the g that they betray."""

from typing import Any

from engine.mechanics.pendulum import Pendulum
from labs.bench.instrument import Instrument
from labs.bench.instruments.photogate import Photogate
from labs.bench.instruments.ruler import Ruler
from labs.bench.instruments.stopwatch import Stopwatch
from labs.bench.lab import Lab
from labs.bench.scene import Scene
from labs.bench.shapes import beam, bob, photogate, protractor, ruler, stand, string, tabletop

HEIGHT = 1.70  # m, of the pivot above the bench
GAP = 0.06  # m, between the two arms of the photogate
STRING = 1e-3  # m, half the thickness at which the string is drawn


class PendulumLab(Lab):
    """What the student has: a stand, a brass bob on a string, a ruler, a stopwatch and a photogate."""

    solver = Pendulum
    title = {"en": "Pendulum", "zh": "单摆"}
    tick = 10
    pace = 1.0
    clock = "s"
    presses = ("release", "hold")

    def __init__(self, **parameters: Any) -> None:
        """A pendulum as schools have it, unless told otherwise: a brass ball in air, held until it is released."""
        usual = {"start": "held", "suspension": "string", "bob_radius": 0.025, "bob_mass": 0.556,
                 "rod_diameter": 0.4e-3, "air_density": 1.204, "pivot_height": HEIGHT}
        super().__init__(**{**usual, **parameters})

    def instruments(self) -> list[Instrument]:
        """A ruler read by eye, a stopwatch in the hand, a photogate with a crystal clock."""
        return [Ruler("ruler"), Stopwatch("stopwatch"), Photogate("photogate")]

    def furnish(self, scene: Scene) -> None:
        """A stand with its pendulum, a protractor behind the pivot, a ruler beside the string, a photogate below."""
        pivot = (0.0, HEIGHT, 0.0)
        scene.view(azimuth=20.0, elevation=8.0)
        scene.add(tabletop(1.5, 0.8))
        scene.add(stand(HEIGHT, pivot=pivot))
        scene.add(protractor(0.30, pivot=pivot, behind=0.05))
        scene.add(ruler(1.6, at=(0.30, HEIGHT - 1.6, -0.10), width=0.05, minor=0.01, major=0.1, per_unit=0.01,
                        unit="cm", down=True))
        thread, ball = scene.add(string(STRING)), scene.add(bob(self.parameters["bob_radius"]))
        scene.follow(thread, ends=lambda p: (p.pivot(), p.bob_position()))
        scene.follow(ball, position=lambda p: p.bob_position())
        gate, light = scene.add(photogate(GAP)), scene.add(beam(GAP, radius=0.0015))
        for part in (gate, light):
            scene.follow(part, position=_lowest)


def _lowest(pendulum: Pendulum) -> tuple[float, float, float]:
    """Where the bob passes fastest: the photogate stands there, whatever the length."""
    return 0.0, HEIGHT - pendulum.length, 0.0
