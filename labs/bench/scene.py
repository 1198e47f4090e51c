"""A bench as a picture: shapes become three.js objects once, and every frame tells them where they are now.

The picture is sized so that the apparatus, be it nanometres or metres, spans `SPAN` units around the origin.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, overload

import numpy as np
import pythreejs as three
from ipywidgets import widget_serialization
from numpy.typing import NDArray
from pythreejs.renderers.webgl.WebGLShadowMap_autogen import WebGLShadowMap
from traitlets import CInt, Instance

from labs.bench import shading, studio
from labs.bench.poses import Cloud, Frame, Part, Reader
from labs.bench.shapes import Mark, Piece, Shape, Tag, Text
from labs.bench.solids import join
from labs.bench.words import both, say

SPAN = 4.0  # diagonal of the apparatus in the picture's units
LENS = 24.0  # degrees: the narrow lens of a product photograph
DESIGNED = 4.0 / 3.0  # the picture's shape that the camera is placed for
MARGIN = 1.12  # empty room around the apparatus
TABLE = 0.72  # part of the table that has to be in the picture
FULL = 32767  # a normal's component 1 as a 16-bit integer

class Lit(three.MeshStandardMaterial):
    """A standard material that reflects a panorama (the widget library only foresees cubes)."""

    envMap = Instance(three.Texture, allow_none=True).tag(sync=True, **widget_serialization)


class Numbers(three.BufferAttribute):
    """Numbers of every corner; the browser's count of their versions is nobody else's business."""

    version = CInt(-1).tag(sync=True, echo_update=False)


class Scene:
    """What a student sees of a lab.

    Parameters
    ----------
    title
        Name of the lab, in both languages.
    up
        Which of the solver's axes points upwards on the bench.

    """

    def __init__(self, title: Text, *, up: str = "y") -> None:
        self.title = title
        self.up = up
        self.azimuth, self.elevation = 24.0, 13.0
        self.parts: list[Part] = []
        self.clouds: list[Cloud] = []
        self._frame = Frame(up)
        self._plan: dict[str, Any] | None = None
        self._renderer: three.Renderer | None = None

    @overload
    def add(self, shape: Shape) -> Part: ...
    @overload
    def add(self, shape: Iterable[Shape]) -> list[Part]: ...
    def add(self, shape: Shape | Iterable[Shape]) -> Part | list[Part]:
        """Set a shape, or several, on the bench."""
        if isinstance(shape, Shape):
            self.parts.append(Part(shape))
            return self.parts[-1]
        return [self.add(one) for one in shape]

    def follow(
        self,
        part: Part,
        *,
        position: Reader | None = None,
        quaternion: Reader | None = None,
        scale: Reader | None = None,
        ends: Reader | None = None,
        glow: Reader | None = None,
    ) -> None:
        """Bind a part to the solver: where its origin is, how it is turned and stretched, between which two ends it
        spans, how strongly it glows (0 to 1). Readers take the solver and answer in its own frame and unit.
        """
        given = {"position": position, "quaternion": quaternion, "scale": scale, "ends": ends, "glow": glow}
        for name, reader in given.items():
            if reader is not None:
                setattr(part, name, reader)

    def cloud(self, count: int, radius: float, **how: Any) -> Cloud:
        """Show `count` molecules of that radius; see `Cloud` for what else it needs."""
        self.clouds.append(Cloud(count, radius, **how))
        return self.clouds[-1]

    def view(self, *, azimuth: float, elevation: float) -> None:
        """Look from these angles in degrees: round from the front (+z) to the right (+x), and up."""
        self.azimuth, self.elevation = azimuth, elevation

    @property
    def renderer(self) -> three.Renderer:
        """The view of the bench; `build` has made it."""
        if self._renderer is None:
            raise RuntimeError("Scene.build(solver) comes before Scene.renderer")
        return self._renderer

    def plan(self) -> dict[str, Any]:
        """What the browser needs to know to move the picture: ids of objects, labels, printed marks, camera."""
        if self._plan is None:
            raise RuntimeError("Scene.build(solver) comes before Scene.plan()")
        return self._plan

    def frame(self, solver: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Where everything is now: a header with step and time, then positions and speeds of each cloud, then poses."""
        buffers = []
        for cloud in self.clouds:
            buffers += [cloud.places(solver, self.up).tobytes(), cloud.paces(solver).tobytes()]
        poses = [part.pose(solver, self._frame) for part in self.moving()]
        buffers.append(np.concatenate(poses).tobytes() if poses else b"")
        header = {"step": int(solver.steps), "time": float(solver.time), "clouds": [one.count for one in self.clouds]}
        return header, buffers

    def moving(self) -> list[Part]:
        """The parts that follow the solver, in the order of a frame's poses."""
        return [part for part in self.parts if part.moves]

    def description(self, solver: Any, lang: str) -> str:
        """The bench in words, for those who do not see it."""
        names = [both(part.shape.name)[lang] for part in self.parts]
        between, stop = (", ", ".") if lang == "en" else ("、", "。")
        things = between.join(dict.fromkeys(names))
        told = f"{both(self.title)[lang]}{stop} " + say("On the bench: {things}.", lang, things=things)
        for cloud in self.clouds:
            name = both(cloud.name)[lang]
            told += " " + say("{count} {name}, coloured by speed.", lang, count=cloud.count, name=name)
        return told

    def legend(self) -> list[dict[str, Any]]:
        """Colour scales in the picture: what, from where to where, in which unit, nine colours."""
        return [
            {
                "name": both(cloud.name), "quantity": {"en": "speed", "zh": "速率"}, "unit": cloud.unit,
                "low": cloud.speed_range[0], "high": cloud.speed_range[1], "colours": studio.hexes(9),
            }
            for cloud in self.clouds
        ]

    def build(self, solver: Any) -> three.Renderer:
        """Make the picture, once, as things stand now."""
        if self._renderer is None:
            hull = self._hull(solver)
            self._frame = _framed(self.up, hull)
            self._renderer, self._plan = _Builder(self, solver).finish(self._frame.place(hull))
        return self._renderer

    def _hull(self, solver: Any) -> NDArray[np.floating]:
        """Points of the bench, shape (n, 3), around which the camera is placed."""
        points, plain = [], Frame(self.up)
        for part in self.parts:
            if part.ends is not None:
                points.append(plain.turn(part.ends(solver)))
                continue
            pose = part.pose(solver, plain)
            for piece in part.shape.pieces:
                ends = np.array([piece.solid.points.min(0), piece.solid.points.max(0)])
                middle, part_seen = ends.mean(0), TABLE if part.shape.kind == "table" else 1.0
                points.append((middle + (ends - middle) * part_seen) * pose[7:10] + pose[:3])
        points += [plain.turn([cloud.low, cloud.high]) for cloud in self.clouds]
        return np.concatenate(points) if points else np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]])


def _framed(up: str, hull: NDArray[np.floating]) -> Frame:
    low, high = hull.min(0), hull.max(0)
    return Frame(up, (low + high) / 2.0, SPAN / float(np.linalg.norm(high - low)))


class _Builder:
    """Turns the shapes of a scene into widgets: few, because every one costs a student's kernel and page."""

    def __init__(self, scene: Scene, solver: Any) -> None:
        self.scene, self.solver, self.place = scene, solver, scene._frame
        self.room = three.ImageTexture(
            imageUri=studio.room_picture(), mapping="EquirectangularReflectionMapping", wrapS="RepeatWrapping"
        )
        finishes = three.ImageTexture(
            imageUri=studio.finish_picture(), magFilter="NearestFilter", minFilter="NearestFilter"
        )
        self.surface = Lit(
            vertexColors="VertexColors", metalness=1.0, roughness=1.0, metalnessMap=finishes, roughnessMap=finishes,
            envMap=self.room, envMapIntensity=1.2,
        )
        self.beams: dict[str, three.Material] = {}
        self.marks: list[dict[str, Any]] = []
        self.tags: list[dict[str, Any]] = []
        self.followers: list[dict[str, Any]] = []

    def finish(self, hull: NDArray[np.floating]) -> tuple[three.Renderer, dict[str, Any]]:
        children = [*self._still(), *[self._mover(part) for part in self.scene.moving()]]
        clouds = [self._cloud(cloud) for cloud in self.scene.clouds]
        plate, sprite = self._seeds()
        camera, needs = _camera(hull, self.scene.azimuth, self.scene.elevation)
        picture = three.Scene(
            children=[*children, *[cloud for cloud, _ in clouds], plate, sprite, *_lights(plate), camera],
            background=None,
        )
        controls = three.OrbitControls(
            controlling=camera, enablePan=True, minDistance=0.6 * SPAN, maxDistance=6.0 * SPAN,
            maxPolarAngle=1.54, rotateSpeed=0.7, zoomSpeed=0.7,
        )
        renderer = three.Renderer(
            scene=picture, camera=camera, controls=[controls], width=800, height=600, antialias=True, alpha=True,
            clearOpacity=0.0, gammaOutput=True, gammaFactor=studio.GAMMA,
            shadowMap=WebGLShadowMap(enabled=True, type="PCFShadowMap"),
        )
        return renderer, {
            "renderer": renderer.model_id, "scene": picture.model_id, "camera": camera.model_id,
            "controls": controls.model_id, "plate": plate.model_id, "sprite": sprite.model_id,
            "clouds": [told for _, told in clouds], "parts": self.followers, "marks": self.marks, "tags": self.tags,
            "needs": needs, "title": both(self.scene.title),
            "description": {lang: self.scene.description(self.solver, lang) for lang in ("en", "zh")},
        }

    def _still(self) -> list[three.Mesh]:
        """Everything that never moves, as one body; lights of beams and glass apart."""
        still = [part.shape for part in self.scene.parts if not part.moves]
        meshes: list[three.Mesh] = []
        for kinds in (("solid", "table"), ("beam",), ("glass",)):
            shapes = [shape for shape in still if shape.kind in kinds]
            pieces = [_placed(piece, self.place) for shape in shapes for piece in shape.pieces]
            meshes += self._meshes(pieces, kinds[0]) if pieces else []
            for shape in shapes:
                self._print(shape, -1, self.place)
        self.marks = [*self._contacts(still), *self.marks]
        return meshes

    def _contacts(self, still: list[Shape]) -> list[dict[str, Any]]:
        """Dark seams where things stand on the table: no light reaches there, and shadow maps are too coarse."""
        tops = [piece.solid.points for shape in still if shape.kind == "table" for piece in shape.pieces]
        if not tops:
            return []
        level, near = tops[0][:, 1].max(), 0.01 * SPAN / self.place.scale
        feet = [piece.solid.points for shape in still if shape.kind == "solid" for piece in shape.pieces]
        marks = [_contact(foot, level, near) for foot in feet if abs(foot[:, 1].min() - level) < 0.3 * near]
        return [_marked(mark, -1, self.place) for mark in marks]

    def _mover(self, part: Part) -> three.Mesh | three.Group:
        """One part that follows the solver, in its own coordinates."""
        own = Frame(scale=1.0 if part.ends else self.place.scale)
        pose, shape = part.pose(self.solver, self.place), part.shape
        places = {"position": pose[:3], "quaternion": pose[3:7], "scale": pose[7:10]}
        now = {name: tuple(map(float, numbers)) for name, numbers in places.items()}
        pieces = [_placed(piece, own) for piece in shape.pieces]
        if shape.kind == "glass":
            body = three.Group(children=self._meshes(pieces, "glass"), **now)
        else:
            body = self._meshes(pieces, shape.kind, shape.colour, **now)[0]
        self._print(shape, len(self.followers), own)
        glowing = self.beams[shape.colour].model_id if shape.kind == "beam" else ""
        self.followers.append({"id": body.model_id, "glow": glowing})
        return body

    def _meshes(self, pieces: list[Piece], kind: str, colour: str = "", **now: Any) -> list[three.Mesh]:
        """The pieces of one body as one mesh; glass is drawn from behind and from the front."""
        if kind == "glass":
            shape = _geometry(pieces, plain=True)
            orders = (("BackSide", 1), ("FrontSide", 3))
            return [three.Mesh(shape, self._glass(side), renderOrder=order) for side, order in orders]
        if kind == "beam":
            return [three.Mesh(_geometry(pieces, plain=True), self._beam(colour), **now)]
        return [three.Mesh(_geometry(pieces), self.surface, castShadow=True, receiveShadow=True, **now)]

    def _beam(self, colour: str) -> three.Material:
        """Every beam has a material of its own, because it lights up alone."""
        made = three.MeshBasicMaterial(color=colour, transparent=True, opacity=0.25, depthWrite=False)
        self.beams[colour] = made
        return made

    def _glass(self, side: str) -> three.Material:
        return three.ShaderMaterial(
            vertexShader=shading.GLASS_VERTEX, fragmentShader=shading.GLASS_FRAGMENT, transparent=True, side=side,
            depthWrite=False,
        )

    def _cloud(self, cloud: Cloud) -> tuple[three.Points, dict[str, Any]]:
        low, high = (self.place.place(self.place.turn(corner)) for corner in (cloud.low, cloud.high))
        places, paces = cloud.places(self.solver, self.scene.up), cloud.paces(self.solver)
        position, before = Numbers(places), Numbers(places.copy())
        speed = Numbers(paces)
        material = three.ShaderMaterial(
            vertexShader=shading.MOLECULE_VERTEX, fragmentShader=shading.MOLECULE_FRAGMENT, transparent=True,
            uniforms={
                "low": {"type": "v3", "value": low.tolist()}, "extent": {"type": "v3", "value": (high - low).tolist()},
                "radius": {"value": cloud.radius * self.place.scale}, "lines": {"value": 600.0},
                "mixing": {"value": 1.0},
            },
        )
        geometry = three.BufferGeometry(attributes={"position": position, "before": before, "speed": speed})
        points = three.Points(geometry, material, frustumCulled=False, renderOrder=2)
        told = {"position": position.model_id, "before": before.model_id, "speed": speed.model_id}
        return points, {**told, "material": material.model_id, "count": cloud.count}

    def _seeds(self) -> tuple[three.Mesh, three.Sprite]:
        """A hidden plate and a hidden sprite that the browser clones for every printed mark and every name."""
        blank = three.TextTexture(string=" ", size=8, minFilter="LinearFilter")
        ink = three.MeshBasicMaterial(map=blank, transparent=True, depthWrite=False, side="DoubleSide", visible=False)
        name = three.SpriteMaterial(map=blank, transparent=True, depthTest=False, sizeAttenuation=False, visible=False)
        return three.Mesh(three.PlaneBufferGeometry(1, 1), ink), three.Sprite(name)

    def _print(self, shape: Shape, part: int, frame: Frame) -> None:
        self.marks += [_marked(mark, part, frame) for mark in shape.marks]
        self.tags += [_tagged(tag, part, frame) for tag in shape.tags]


def _placed(piece: Piece, frame: Frame) -> Piece:
    """A piece in the picture's own units."""
    return replace(piece, solid=replace(piece.solid, points=frame.place(piece.solid.points)))


def _marked(mark: Mark, part: int, frame: Frame) -> dict[str, Any]:
    """A printed mark for the browser: drawing lengths stay in the bench's unit, `size` tells how large it is there."""
    right, up = np.asarray(mark.right, float), np.asarray(mark.up, float)
    return {
        "part": part, "centre": frame.place(mark.centre).tolist(),
        "right": (right * frame.scale).tolist(), "up": (up * frame.scale).tolist(),
        "size": [float(np.linalg.norm(right)), float(np.linalg.norm(up))],
        "operations": mark.operations, "ink": mark.ink, "glow": mark.glow,
    }


def _contact(foot: NDArray[np.floating], level: float, blur: float) -> Mark:
    """The dark seam around one foot: softened by `blur` around its outline."""
    low, high = foot.min(0), foot.max(0)
    wide, deep = high[0] - low[0] + 4.0 * blur, high[2] - low[2] + 4.0 * blur
    middle = ((low[0] + high[0]) / 2.0, level + 0.04 * blur, (low[2] + high[2]) / 2.0)
    return Mark(middle, (wide, 0.0, 0.0), (0.0, 0.0, -deep), [["soft", 0.0, 0.0, wide, deep, 1.5 * blur, 0.55]])


def _tagged(tag: Tag, part: int, frame: Frame) -> dict[str, Any]:
    return {"part": part, "text": both(tag.text), "at": frame.place(tag.at).tolist(), "side": tag.side}


def _geometry(pieces: list[Piece], *, plain: bool = False) -> three.BufferGeometry:
    """One buffer of triangles with 16-bit normals and tints."""
    solid = join(piece.solid for piece in pieces)
    kind = np.uint16 if len(solid.points) <= 65535 else np.uint32
    attributes = {
        "position": Numbers(solid.points.astype(np.float32), normalized=False),
        "normal": Numbers(np.rint(solid.normals * FULL).astype(np.int16)),
        "index": Numbers(solid.faces.astype(kind).ravel(), normalized=False),
    }
    if not plain:
        tints = [np.tile(studio.tint(piece.tint), (len(piece.solid.points), 1)) for piece in pieces]
        places = [np.tile(studio.finish_place(piece.finish), (len(piece.solid.points), 1)) for piece in pieces]
        attributes["uv"] = Numbers(np.rint(np.concatenate(places) * 65535.0).astype(np.uint16))
        attributes["color"] = Numbers(np.rint(np.concatenate(tints) * 65535.0).astype(np.uint16))
    return three.BufferGeometry(attributes=attributes)


def _camera(
    hull: NDArray[np.floating], azimuth: float, elevation: float
) -> tuple[three.PerspectiveCamera, list[float]]:
    """A camera that sees all of the apparatus, and the tangents of the half angles it needs across and upwards."""
    turn, rise = np.radians(azimuth), np.radians(elevation)
    towards = np.array([np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn)])
    right = np.array([np.cos(turn), 0.0, -np.sin(turn)])
    above = np.cross(towards, right)
    low, high = hull.min(0), hull.max(0)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    across, upwards, nearer = np.abs(corners @ right), np.abs(corners @ above), corners @ towards
    half = np.tan(np.radians(LENS / 2.0))
    distance = float(np.max(nearer + MARGIN * np.maximum(upwards, across / DESIGNED) / half))
    needs = [float(np.max(MARGIN * side / (distance - nearer))) for side in (across, upwards)]
    camera = three.PerspectiveCamera(
        position=tuple(map(float, towards * distance)), quaternion=_looking(turn, rise), aspect=DESIGNED, fov=LENS,
        near=0.1, far=80.0,
    )
    return camera, needs


def _looking(turn: float, rise: float) -> tuple[float, float, float, float]:
    """Quaternion of a camera that was first tilted down by `rise`, then led round by `turn` (radians)."""
    (sin_y, cos_y), (sin_x, cos_x) = ((np.sin(half), np.cos(half)) for half in (turn / 2.0, -rise / 2.0))
    return float(cos_y * sin_x), float(sin_y * cos_x), float(-sin_y * sin_x), float(cos_y * cos_x)


def _lights(target: three.Object3D) -> list[three.Light]:
    """A key light from the upper left that casts the shadow, and a soft room.

    A light without a `shadow` and a `target` would make the browser invent them and announce them to the kernel.
    """
    box = three.OrthographicCamera(left=-3.2, right=3.2, top=3.2, bottom=-3.2, near=1.0, far=20.0)
    shadow = three.DirectionalLightShadow(camera=box, mapSize=(1024, 1024), bias=-0.0006, radius=3.0)
    key = three.DirectionalLight(
        "#fff6e8", 0.72, position=(-3.6, 7.0, 4.6), castShadow=True, shadow=shadow, target=target
    )
    return [key, three.HemisphereLight("#f4f8ff", "#8f8a84", 0.56)]
