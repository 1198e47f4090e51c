"""Bodies are closed, of the right volume and lit from outside; scales are where they say they are."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from PIL import Image

from labs.bench import shapes, studio
from labs.bench.scales import graduations
from labs.bench.solids import Solid, aim, ball, bar, block, cone, cylinder, join, ring, rotate, slab

SOLIDS = {
    "ball": (ball(2.0, segments=96), 4.0 / 3.0 * np.pi * 8.0),
    "cylinder": (cylinder(1.5, 4.0, bevel=0.0, segments=128), np.pi * 1.5**2 * 4.0),
    "cone": (cone(1.0, 3.0, segments=128), np.pi),
    "ring": (ring(3.0, 0.5, segments=128), 2.0 * np.pi**2 * 3.0 * 0.5**2),
    "block": (block((1.0, 2.0, 3.0), bevel=1e-6), 6.0),
    "slab": (slab(6.0, 4.0, 0.5, corner=2.0), 0.5 * (2.0 * 4.0 + np.pi * 2.0**2)),
    "bar": (bar((1.0, 2.0, 3.0), (4.0, -2.0, 3.0), 0.25, bevel=0.0, segments=128), np.pi * 0.25**2 * 5.0),
}
finite = st.floats(-10.0, 10.0)


def volume(solid: Solid) -> float:
    """Gauss's theorem: the signed volumes of the cones from the origin to every triangle."""
    corners = solid.points[solid.faces]
    return float(np.einsum("ni,ni->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6.0)


@pytest.mark.parametrize("name", SOLIDS)
def test_a_solid_is_closed_and_has_its_volume(name: str) -> None:
    solid, expected = SOLIDS[name]
    assert volume(solid) == pytest.approx(expected, rel=0.03)  # polygons instead of rounds, bevelled rims


@pytest.mark.parametrize("name", SOLIDS)
def test_normals_are_units_and_point_out_of_the_triangles(name: str) -> None:
    solid, _ = SOLIDS[name]
    assert_allclose(np.linalg.norm(solid.normals, axis=1), 1.0, atol=1e-9)
    corners = solid.points[solid.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(facing, axis=1)
    mean = solid.normals[solid.faces].mean(axis=1)
    whole = area > 1e-9 * area.max()
    assert (np.einsum("ni,ni->n", facing, mean)[whole] > 0.0).all()


def test_a_bevel_takes_material_away_and_keeps_the_size() -> None:
    sharp, round_ = block((2.0, 2.0, 2.0), bevel=1e-6), block((2.0, 2.0, 2.0), bevel=0.4)
    assert volume(round_) < 0.98 * volume(sharp)
    assert_allclose(np.abs(round_.points).max(axis=0), 1.0)


@given(st.tuples(finite, finite, finite).filter(lambda v: np.linalg.norm(v) > 1e-3))
def test_aim_turns_the_y_axis_to_the_direction(direction: tuple[float, float, float]) -> None:
    turned = rotate(aim(direction), [0.0, 1.0, 0.0])[0]
    assert_allclose(turned, np.array(direction) / np.linalg.norm(direction), atol=1e-7)


def test_joined_solids_keep_their_volumes() -> None:
    pair = join([ball(1.0), ball(1.0).moved((5.0, 0.0, 0.0))])
    assert volume(pair) == pytest.approx(2.0 * volume(ball(1.0)))


def every_shape() -> list[shapes.Shape]:
    one = (1.0, 1.0)
    return [
        shapes.tabletop(2.0, 1.0), shapes.ball(0.1), shapes.bob(0.1), shapes.box((1, 1, 1)), shapes.cylinder(0.1, 1.0),
        shapes.rod(0.01), shapes.string(0.01), shapes.arrow(), shapes.stand(1.3), *shapes.cuvette(*one, 2.0, wall=0.05),
        shapes.piston(*one, thickness=0.2, travel=1.0), shapes.pointer(0.1), shapes.protractor(0.3, behind=0.01),
        shapes.ruler(1.0, width=0.05, minor=0.01, major=0.1, per_unit=0.01, unit="cm", foot=0.2),
        shapes.vessel_scale(1.0, at=(0, 0, 0), width=0.1, minor=0.1, major=0.5, per_unit=1.0, unit="m"),
        shapes.scale_bar(1.0, "1 m", at=(0, 0, 0)), shapes.photogate(0.1, post=0.2), shapes.beam(0.1, radius=0.01),
        shapes.label("A", at=(0, 0, 0)),
    ]


def test_every_shape_has_a_name_in_both_languages_and_only_known_finishes() -> None:
    for shape in every_shape():
        assert isinstance(shape.name, str) or set(shape.name) == {"en", "zh"}
        for piece in shape.pieces:
            assert piece.finish in studio.FINISHES
            assert np.isfinite(piece.solid.points).all()
            assert piece.tint in studio.TINTS or piece.tint.startswith("#")


@pytest.mark.parametrize(("down", "numbers"), [(False, ["0", "10", "20"]), (True, ["20", "10", "0"])])
def test_a_ruler_is_numbered_from_its_zero(down: bool, numbers: list[str]) -> None:
    drawn = graduations(0.2, minor=0.01, major=0.1, per_unit=0.01, width=0.05, down=down)
    texts = sorted((one for one in drawn if one[0] == "text"), key=lambda one: one[2])
    assert [one[3] for one in texts] == numbers
    assert_allclose([one[2] for one in texts], [0.0, 0.1, 0.2], atol=1e-12)
    assert sum(one[0] == "line" for one in drawn) == 21


def test_marks_of_a_ruler_lie_where_they_measure() -> None:
    """The picture may itself be measured: the zero of the printed scale is the point that was asked for."""
    ruler = shapes.ruler(1.0, at=(0.3, -0.2, 0.1), width=0.05, minor=0.1, major=0.5, per_unit=0.01, unit="cm")
    face = ruler.marks[0]
    lower_left = np.array(face.centre) - np.array(face.right) / 2.0 - np.array(face.up) / 2.0
    zero = next(one for one in face.operations if one[0] == "text" and one[3] == "0")
    assert_allclose((lower_left[0], lower_left[1] + zero[2]), (0.3, -0.2), atol=1e-12)


def test_a_protractor_puts_thirty_degrees_at_thirty_degrees() -> None:
    card = shapes.protractor(1.0, behind=0.1).marks[0]
    corner = np.array(card.centre) - np.array(card.right) / 2.0 - np.array(card.up) / 2.0
    numbers = [(one[3], corner[0] + one[1], corner[1] + one[2]) for one in card.operations if one[0] == "text"]
    angles = {round(float(np.degrees(np.arctan2(x, -y)))): text for text, x, y in numbers}
    assert angles[30] == angles[-30] == "30"
    assert angles[0] == "0"


def test_the_piston_fits_its_cuvette() -> None:
    head = shapes.piston(1.0, 1.0, thickness=0.2, travel=1.0)
    in_the_gas = [piece.solid.points for piece in head.pieces if piece.solid.points[:, 1].min() < 0.2]
    reach = np.concatenate(in_the_gas)[:, [0, 2]]
    assert 0.0 < reach.min() < reach.max() < 1.0
    assert min(piece.solid.points[:, 1].min() for piece in head.pieces) == pytest.approx(0.0)


def test_viridis_runs_from_dark_violet_to_yellow_and_grows_lighter() -> None:
    colours = studio.viridis(np.linspace(0.0, 1.0, 33))
    assert_allclose(colours[0], [0.267, 0.005, 0.329], atol=0.02)  # ends of matplotlib's table
    assert_allclose(colours[-1], [0.993, 0.906, 0.144], atol=0.02)
    lightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0.0).all()


def test_pictures_of_room_and_finishes_are_images_with_sides_of_two() -> None:
    room = Image.open(io.BytesIO(studio.png(studio.softboxes())))
    assert room.size == (256, 128)
    assert np.array_equal(np.asarray(room), studio.softboxes())
    across, _ = studio.finish_place("satin")
    cells = np.zeros((1, 4, 3), np.uint8)
    cells[0, list(studio.FINISHES).index("satin")] = 255
    assert np.asarray(Image.open(io.BytesIO(studio.png(cells))))[0, int(across * 4), 1] == 255
