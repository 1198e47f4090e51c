"""The bench shows where things are: exactly enough, in the right order, with few widgets, and says when it cannot."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from engine.errors import Refusal
from labs.bench import shapes
from labs.bench.poses import POSE, TAGGED, UP, Cloud, Frame, Part
from labs.bench.scene import Scene
from labs.bench.solids import aim, rotate

SIDE = 6e-9  # metres
COUNT = 300


class Gas:
    """A box of molecules that stand still, with a piston on the z axis."""

    def __init__(self) -> None:
        chance = np.random.default_rng(5)
        self.places = chance.random((COUNT, 3)) * [SIDE, SIDE, 2.0 * SIDE]
        self.speeds = chance.random(COUNT) * 1000.0
        self.length, self.steps, self.time = 1.5 * SIDE, 40, 8e-13


class Swing:
    """A bob on a string, held aside."""

    pivot, steps, time = np.zeros(3), 0, 0.0
    bob = np.array([0.6, -0.8, 0.0])


def cloud(**changes: Any) -> Cloud:
    given_: dict[str, Any] = {
        "low": (0, 0, 0), "high": (SIDE, SIDE, 2.0 * SIDE), "speed_range": (0.0, 1000.0),
        "positions": lambda gas: gas.places, "speeds": lambda gas: gas.speeds,
    }
    return Cloud(COUNT, 1.7e-10, **(given_ | changes))


def gas_scene() -> tuple[Scene, Part]:
    scene = Scene({"en": "Gas piston", "zh": "气体活塞"}, up="z")
    scene.add(shapes.cuvette(SIDE, SIDE, 2.0 * SIDE, wall=0.05 * SIDE))
    name = {"en": "piston", "zh": "活塞"}
    piston = scene.add(shapes.piston(SIDE, SIDE, thickness=0.2 * SIDE, travel=SIDE, label=name))
    scene.follow(piston, position=lambda gas: (0.0, 0.0, gas.length))
    rider = scene.add(shapes.pointer(0.2 * SIDE))
    scene.follow(rider, position=lambda gas: (SIDE, -0.2 * SIDE, gas.length))
    scene.add(shapes.tabletop(4.0 * SIDE, 3.0 * SIDE, at=(SIDE / 2, -0.2 * SIDE, SIDE / 2)))
    scene.clouds.append(cloud())
    return scene, piston


def pendulum_scene() -> tuple[Scene, Part, Part]:
    scene = Scene({"en": "Pendulum", "zh": "单摆"})
    scene.add(shapes.stand(1.3))
    scene.add(shapes.tabletop(1.3, 0.7, at=(0, -1.3, 0)))
    string, bob = scene.add(shapes.string(2e-3)), scene.add(shapes.bob(0.03))
    scene.follow(string, ends=lambda swing: (swing.pivot, swing.bob))
    scene.follow(bob, position=lambda swing: swing.bob, quaternion=lambda swing: aim(swing.pivot - swing.bob))
    scene.add(shapes.photogate(0.1, at=(0, -1, 0), post=0.2))
    beam = scene.add(shapes.beam(0.1, at=(0, -1, 0), radius=3e-3))
    scene.follow(beam, glow=lambda swing: float(abs(swing.bob[0]) < 0.03))
    scene.add(shapes.protractor(0.25, behind=0.03))
    marks: Any = {"minor": 0.01, "major": 0.1, "per_unit": 0.01, "unit": "cm"}
    scene.add(shapes.ruler(1.0, at=(-0.4, -1.1, 0), width=0.05, foot=0.2, **marks))
    return scene, string, bob


@pytest.fixture(autouse=True)
def _close_widgets() -> Iterator[None]:
    yield
    Widget.close_all()


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_positions_on_the_wire_are_right_to_half_a_grain_and_in_the_order_of_identity(up: str) -> None:
    gas, molecules = Gas(), cloud()
    wire = molecules.places(gas, up).astype(float) / 65535.0
    back = np.empty_like(gas.places)
    back[:, list(UP[up])] = wire
    back *= np.array(molecules.high)
    grain = np.array(molecules.high) / 65535.0
    assert (np.abs(back - gas.places) <= 0.5001 * grain).all()


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_turning_an_axis_upwards_keeps_right_hands_right(up: str) -> None:
    turned = Frame(up).turn(np.eye(3))
    assert np.linalg.det(turned) == pytest.approx(1.0)
    assert_allclose(turned["xyz".index(up)], [0.0, 1.0, 0.0])


def test_speeds_travel_as_bytes_and_the_tagged_molecule_is_marked() -> None:
    gas = Gas()
    gas.speeds[:3] = [0.0, 1000.0, 2000.0]
    paces = cloud(tagged=7).paces(gas)
    assert paces.dtype == np.uint8
    assert paces[:3].tolist() == [0, 254, 254]
    assert paces[7] == TAGGED
    assert (np.delete(paces, 7) < TAGGED).all()


def test_places_that_are_not_numbers_are_refused_before_they_travel() -> None:
    gas = Gas()
    gas.places[4, 1] = np.nan
    with pytest.raises(Refusal, match="not a number"):
        cloud().places(gas, "y")
    part = Part(shapes.ball(1.0), position=lambda _: (0.0, np.inf, 0.0))
    with pytest.raises(Refusal, match="place is not a number"):
        part.pose(None, Frame())


def test_a_cloud_of_another_size_is_refused() -> None:
    gas = Gas()
    gas.places = gas.places[:-1]
    with pytest.raises(Refusal, match="300 molecules"):
        cloud().places(gas, "y")


def test_a_string_spans_its_two_ends() -> None:
    scene, string, _ = pendulum_scene()
    scene.build(Swing())
    pose = string.pose(Swing(), scene._frame)
    tip = rotate(pose[3:7], [[0.0, 1.0, 0.0]])[0] * pose[8] + pose[:3]
    assert_allclose(pose[:3], scene._frame.place(Swing.pivot), atol=1e-5)
    assert_allclose(tip, scene._frame.place(Swing.bob), atol=1e-5)


def test_an_arrow_grows_as_a_whole() -> None:
    pose = Part(shapes.arrow(), ends=lambda _: ((0, 0, 0), (0, 0, 3.0))).pose(None, Frame())
    assert_allclose(pose[7:10], 3.0)


def test_a_frame_tells_step_time_and_everything_that_moves() -> None:
    scene, piston = gas_scene()
    gas = Gas()
    scene.build(gas)
    header, (places, paces, poses) = scene.frame(gas)
    assert header == {"step": 40, "time": 8e-13, "clouds": [COUNT]}
    assert (len(places), len(paces), len(poses)) == (6 * COUNT, COUNT, 2 * 4 * POSE)
    before = np.frombuffer(poses, np.float32)[:3]
    gas.length += 0.1 * SIDE
    after = np.frombuffer(scene.frame(gas)[1][2], np.float32)[:3]
    assert_allclose(after - before, [0.0, 0.1 * SIDE * scene._frame.scale, 0.0], atol=1e-6)
    assert scene.moving()[0] is piston


def test_a_class_of_molecules_stays_within_its_share_of_the_network() -> None:
    """150 kB/s at ten frames a second for 2 048 molecules."""
    many = cloud()
    many.count = 2048
    crowd = Gas()
    crowd.places, crowd.speeds = np.zeros((2048, 3)), np.zeros(2048)
    assert 10 * (many.places(crowd, "y").nbytes + many.paces(crowd).nbytes) <= 150_000


def made_by(build: Any) -> list[Any]:
    known = set(_instances)
    build()
    return [widget for name, widget in _instances.items() if name not in known]


@pytest.mark.parametrize("make", [lambda: (gas_scene()[0], Gas()), lambda: (pendulum_scene()[0], Swing())])
def test_a_bench_costs_fewer_than_sixty_widgets_and_is_built_once(make: Any) -> None:
    scene, solver = make()
    assert len(made_by(lambda: scene.build(solver))) < 60
    assert made_by(lambda: scene.build(solver)) == []
    assert scene.build(solver) is scene.renderer


def test_the_first_picture_needs_no_frame() -> None:
    """The buffers that the widgets carry already hold the solver's beginning."""
    scene, piston = gas_scene()
    gas = Gas()
    scene.build(gas)
    widgets = {widget.model_id: widget for widget in _instances.values()}
    told = scene.plan()["clouds"][0]
    assert_allclose(widgets[told["position"]].array, cloud().places(gas, "z"))
    body = widgets[scene.plan()["parts"][0]["id"]]
    assert_allclose(body.position, piston.pose(gas, scene._frame)[:3], rtol=1e-6)


def seen(scene: Scene, points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Where points of the picture fall on the screen, from -1 to 1 across and up."""
    camera = scene.renderer.camera
    local = rotate([*(-np.array(camera.quaternion[:3])), camera.quaternion[3]], points - np.array(camera.position))
    half = np.tan(np.radians(camera.fov / 2.0))
    return local[:, :2] / (-local[:, 2:] * half * [camera.aspect, 1.0])


@pytest.mark.parametrize("make", [lambda: (gas_scene()[0], Gas()), lambda: (pendulum_scene()[0], Swing())])
def test_the_camera_sees_all_of_the_apparatus_and_wastes_little(make: Any) -> None:
    scene, solver = make()
    scene.build(solver)
    hull = scene._frame.place(scene._hull(solver))
    low, high = hull.min(0), hull.max(0)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    farthest = np.abs(seen(scene, corners)).max()
    assert 0.7 < farthest < 1.0


def test_the_bench_is_described_in_both_languages_without_numbers_that_are_measured() -> None:
    scene, _ = gas_scene()
    scene.build(Gas())
    english, chinese = (scene.description(Gas(), lang) for lang in ("en", "zh"))
    assert "piston" in english
    assert "300" in english
    assert "活塞" in chinese
    assert "On the bench" not in chinese
    assert str(Gas().length) not in english


def test_the_legend_tells_quantity_unit_and_ends() -> None:
    scene, _ = gas_scene()
    legend = scene.legend()[0]
    assert (legend["low"], legend["high"], legend["unit"]) == (0.0, 1000.0, "m/s")
    assert len(legend["colours"]) == 9


def test_a_beam_glows_only_when_it_is_broken() -> None:
    scene, _, _ = pendulum_scene()
    scene.build(Swing())
    gate = scene.moving()[-1]
    assert gate.pose(Swing(), scene._frame)[10] == 0.0
    broken = Swing()
    broken.bob = np.array([0.01, -1.0, 0.0])
    assert gate.pose(broken, scene._frame)[10] == 1.0


@given(st.floats(1e-10, 1e6))
def test_any_unit_of_length_gives_the_same_picture(metre: float) -> None:
    ends = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]]) * metre
    scene = Scene("size")
    scene.add(shapes.box((metre, metre, metre)))
    scene.follow(scene.add(shapes.rod(0.01 * metre)), ends=lambda _: ends)
    from labs.bench.scene import SPAN, _framed

    frame = _framed("y", scene._hull(None))
    assert np.linalg.norm(np.ptp(frame.place(scene._hull(None)), axis=0)) == pytest.approx(SPAN)
