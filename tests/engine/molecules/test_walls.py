"""Walls: what bounces, what is warmed, what the piston does."""

import math

import numpy as np
import pytest

from engine.molecules.lennard_jones import LennardJones
from engine.molecules.walls import fly_between_walls

EDGE = 10.0


def flight(number: int, seed: int = 1, **changes: float) -> dict[str, np.ndarray]:
    """One long flight of molecules that do not meet, and how it was before."""
    generator = np.random.default_rng(seed)
    place, velocity = generator.uniform(0.0, EDGE, (3, number)), generator.normal(size=(3, number))
    before = {"place0": place.copy(), "velocity0": velocity.copy()}
    moved, struck, zero = np.zeros(number), np.zeros((2, number)), np.zeros((3, number))
    given = {"dt": 1.0, "piston": EDGE, "speed": 0.0, "hot": 0.0, "step": 1} | changes
    identity = np.arange(number, dtype=np.int32)
    fly_between_walls(place, velocity, zero, zero, moved, identity, struck, 0.0, given["dt"], EDGE, given["piston"],
                      given["speed"], given["hot"], given["step"], 3, 4)  # fmt: skip
    return {**before, "place": place, "velocity": velocity, "struck": struck}


def test_smooth_walls_turn_velocities_and_count_the_impulse() -> None:
    after = flight(5000)
    assert np.abs(after["velocity"]) == pytest.approx(np.abs(after["velocity0"]))
    unfolded = after["place0"] + after["velocity0"]  # the mirror images of a straight flight
    assert after["place"] == pytest.approx(EDGE - np.abs((unfolded % (2 * EDGE)) - EDGE), abs=1e-9)
    hits = np.abs(after["velocity"] - after["velocity0"]) > 1e-9
    assert hits.sum() > 500
    assert after["struck"].sum() == pytest.approx(2 * np.abs(after["velocity0"][hits]).sum())


def test_a_piston_at_speed_gives_twice_its_speed() -> None:
    after = flight(5000, speed=-0.3)
    hit = (after["velocity0"][0] > 0) & (after["velocity"][0] < 0)
    assert hit.sum() > 100
    assert after["velocity"][0, hit] == pytest.approx(2 * -0.3 - after["velocity0"][0, hit])
    assert (after["place"][0] <= EDGE - 0.3).all()


def test_a_thermal_wall_sends_back_what_flows_from_a_hole() -> None:
    """⟨v²⟩ is 2 T along the normal and T along the wall; the normal speed is Rayleigh's, not half of a normal."""
    after = flight(400_000, hot=math.sqrt(3.0), dt=0.3)
    hit = (after["struck"][0] > 0) & (after["struck"][1] == 0)
    normal, along = -after["velocity"][0, hit], after["velocity"][1, hit]
    number = hit.sum()
    assert number > 4000
    assert np.mean(normal**2) == pytest.approx(2 * 3.0, rel=4 / math.sqrt(number))
    assert np.mean(normal) == pytest.approx(math.sqrt(3.0 * math.pi / 2), rel=4 / math.sqrt(number))
    assert np.mean(along**2) == pytest.approx(3.0, rel=8 / math.sqrt(number))
    assert abs(np.mean(along)) < 4 * math.sqrt(3.0 / number)


def test_nobody_gets_out_however_long_the_step() -> None:
    for hot in (0.0, 5.0):
        after = flight(5000, dt=20.0, hot=hot, speed=-0.2)
        assert (after["place"] >= 0.0).all()
        assert (after["place"][0] <= EDGE - 4.0).all() and (after["place"][1:] <= EDGE).all()


def gas(**choices: object) -> LennardJones:
    given: dict[str, object] = {"number": 400, "density": 0.02, "temperature": 2.0, "truncation": "shifted",
                                "cutoff": 2.5, "container": "piston", "walls": "smooth", "dt": 0.01}  # fmt: skip
    return LennardJones(**(given | choices))  # type: ignore[arg-type]


def test_compression_without_heat_makes_hot() -> None:
    """T V^(2/3) stays for a dilute gas (here virial terms leave 2 %), and all new energy is the piston's work."""
    cold = gas(precision="f64", piston_speed=0.08, dt=0.005, truncation="force_shifted")
    cold.advance(3000)
    temperature, volume, energy = (cold.observe(name) for name in ("mean_temperature", "volume", "total_energy"))
    cold.change("piston", 0.7 * cold.observe("piston_position"))
    while cold.observe("piston_position") > cold.piston:
        cold.advance(500)
    cold.act("average_anew")
    cold.advance(3000)
    assert cold.observe("volume") == pytest.approx(0.7 * volume)
    assert cold.observe("mean_temperature") / temperature == pytest.approx(0.7 ** (-2 / 3), rel=0.03)
    assert cold.observe("total_energy") - energy == pytest.approx(cold.observe("piston_work"), rel=2e-3)


def test_pressure_of_walls_is_pressure_of_the_virial() -> None:
    """And both are p = N k T / V but for the attraction, here some per cent."""
    warm = gas(walls="thermal", seed=2)
    warm.advance(12_000)
    wall, virial = warm.observe("pressure_wall"), warm.observe("pressure_virial")
    error = math.hypot(warm.uncertainty("pressure_wall") or 0, warm.uncertainty("pressure_virial") or 0)
    assert 0.0 < error < 0.03 * virial
    assert abs(wall - virial) < 4 * error
    ideal = warm.number * 2.0 / warm.observe("volume")
    assert virial == pytest.approx(ideal, rel=0.06)


def test_impulses_on_all_walls_are_those_on_piston_and_others() -> None:
    warm = gas(walls="thermal")
    warm.change("piston", 0.9 * warm.piston)
    warm.advance(100)  # the piston moves, areas change
    begun, edge = {name: warm.observe(name) for name in ("wall_impulse", "piston_impulse", "walls_impulse")}, warm.box
    warm.change("piston", warm.observe("piston_position"))
    warm.advance(1000)
    face, others = edge**2, edge**2 + 4 * edge * warm.observe("piston_position")
    new = {name: warm.observe(name) - value for name, value in begun.items()}
    assert new["wall_impulse"] * (face + others) == pytest.approx(
        new["piston_impulse"] * face + new["walls_impulse"] * others, rel=1e-5
    )
    assert new["piston_impulse"] > 0.0


def test_walls_warm_the_gas() -> None:
    warm = gas(walls="thermal", temperature=1.5)
    warm.change("wall_temperature", 3.0)
    warm.advance(15_000)
    assert warm.observe("mean_temperature") == pytest.approx(3.0, rel=0.1)


@pytest.mark.slow
def test_temperature_fluctuates_as_that_of_a_canonical_gas() -> None:
    """σ_T/T = √(2/3N) where walls exchange heat: N = 64, sampled every 0.5 over 15 000 units of time."""
    warm = gas(number=64, density=0.05, walls="thermal", sampling=0, seed=5)
    warm.advance(5000)
    found = []
    for _ in range(30_000):
        warm.advance(50)
        found.append(warm.observe("kinetic_temperature"))
    assert np.mean(found) == pytest.approx(2.0, rel=0.02)
    assert np.std(found) / np.mean(found) == pytest.approx(math.sqrt(2 / (3 * 64)), rel=0.05)
