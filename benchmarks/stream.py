"""Our stream of frames beside plain assignment to `BufferAttribute.array`, in the same headless browser under Voilà.

    python -m benchmarks.stream [--json] [--seconds 6]

Both show the same drifting points in a picture of 640 × 480 pixels and send as fast as the browser acknowledges, so
that neither floods the other's queue. *frames* are data that arrived per second, *pictures* different pictures drawn:
one per frame by plain assignment, those between two frames too by ours.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pages import CHROMIUM, chromium, plain_voila, write_notebook

NUMBERS = (4096, 16384)
GOAL = 2.0  # times as many pictures as by plain assignment

COMMON = """
import time
import numpy as np, pythreejs as three
from IPython.display import display
from labs.bench.scene import Scene
from labs.bench.stream import FrameStream

N = {number}

class Drift:
    steps, time = 0, 0.0
    def __init__(self):
        chance = np.random.default_rng(1)
        self.x, self.v = chance.random((N, 3)).astype("f4"), chance.normal(size=(N, 3)).astype("f4") * 0.01
        self.speed = np.linalg.norm(self.v, axis=1)
    def advance(self):
        self.x = (self.x + self.v) % np.float32(1.0)
        self.steps += 1

drift = Drift()
"""

OURS = """
scene = Scene("stream")
scene.cloud(N, 0.01, low=(0, 0, 0), high=(1, 1, 1), speed_range=(0, 0.04), positions=lambda d: d.x,
            speeds=lambda d: d.speed)
renderer = scene.build(drift)
renderer.width, renderer.height = 640, 480
stream = FrameStream(scene.plan())

def send(credit):
    drift.advance()
    header, buffers = scene.frame(drift)
    stream.send_frame({**header, "live": {"bytes": sum(map(len, buffers)), "cpu": time.process_time()}}, buffers)
"""

PLAIN = """
from labs.bench import shading
places = three.BufferAttribute(drift.x, normalized=False)
still = {"before": np.zeros((N, 3), "f4"), "speed": (drift.speed / 0.04).astype("f4")}
ball = three.ShaderMaterial(
    vertexShader=shading.MOLECULE_VERTEX, fragmentShader=shading.MOLECULE_FRAGMENT, transparent=True,
    uniforms={"low": {"type": "v3", "value": [-1, -1, -1]}, "extent": {"type": "v3", "value": [2, 2, 2]},
              "radius": {"value": 0.02}, "lines": {"value": 480.0}, "mixing": {"value": 1.0}})
points = three.Points(three.BufferGeometry(attributes={
    "position": places, **{name: three.BufferAttribute(values, normalized=False) for name, values in still.items()}}),
    ball, frustumCulled=False)
camera = three.PerspectiveCamera(position=[3.0, 2.2, 8.0], fov=24, aspect=4 / 3)
picture = three.Scene(children=[points, camera, three.AmbientLight()])
renderer = three.Renderer(picture, camera, controls=[three.OrbitControls(controlling=camera)], width=640, height=480)
empty = Scene("acknowledgements only")
empty.build(drift)
stream = FrameStream({**empty.plan(), "renderer": renderer.model_id, "scene": picture.model_id,
                      "camera": camera.model_id})

def send(credit):
    drift.advance()
    places.array = drift.x
    stream.send_frame({"live": {"bytes": drift.x.nbytes, "cpu": time.process_time()}}, [b""])
"""

TAIL = """
stream.on_credit(send)
display(renderer, stream)
"""

COUNT = """async (seconds) => {
  const view = wanxiangBench.view, draw = view.renderScene;
  const told = {pictures: 0, frames: 0, bytes: 0, cpu: []};
  view.renderScene = (...given) => { told.pictures += 1; return draw.apply(view, given); };
  const count = ({detail}) => { told.frames += 1; told.bytes = detail.live.bytes; told.cpu.push(detail.live.cpu); };
  document.addEventListener("wanxiang:frame", count);
  const began = performance.now();
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  const wall = (performance.now() - began) / 1000;
  document.removeEventListener("wanxiang:frame", count);
  view.renderScene = draw;
  return {...told, wall};
}"""


def measure(browser: Any, address: str, name: str, seconds: float) -> dict[str, float]:
    """Rates of one page, once it has warmed up."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    try:
        page.goto(f"{address}/{name}.ipynb")
        page.wait_for_function("globalThis.wanxiangBench && wanxiangBench.run !== null", timeout=60_000)
        page.wait_for_timeout(1000)
        told = page.evaluate(COUNT, seconds)
    finally:
        page.close()
    cpu = told["cpu"][-1] - told["cpu"][0] if len(told["cpu"]) > 1 else float("nan")
    return {
        "pictures_per_second": told["pictures" if name.startswith("ours") else "frames"] / told["wall"],
        "frames_per_second": told["frames"] / told["wall"],
        "bytes_per_frame": told["bytes"],
        "kernel_ms_per_frame": 1e3 * cpu / max(1, told["frames"] - 1),
    }


def compare(seconds: float) -> list[dict[str, Any]]:
    """Both ways at every number of molecules."""
    ways = {"ours": OURS, "plain": PLAIN}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number in NUMBERS:
            for way, body in ways.items():
                write_notebook(folder, f"{way}_{number}", COMMON.replace("{number}", str(number)) + body + TAIL)
        rows = []
        with plain_voila(folder) as address, chromium() as browser:
            for number in NUMBERS:
                told = {way: measure(browser, address, f"{way}_{number}", seconds) for way in ways}
                times = told["ours"]["pictures_per_second"] / max(0.1, told["plain"]["pictures_per_second"])
                rows.append({"molecules": number, **told, "times": times, "met": times >= GOAL})
        return rows


def main() -> None:
    """Print the rates of both ways."""
    parser = argparse.ArgumentParser(description="Frames to the browser beside plain assignment")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=6.0)
    given = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("No Chromium here: nothing was measured.")
    rows = compare(given.seconds)
    if given.json:
        print(json.dumps({"goal": GOAL, "rows": rows}))
        return
    for row in rows:
        for way in ("ours", "plain"):
            told = row[way]
            print(
                f"{row['molecules']:6d} {way:6s} {told['pictures_per_second']:6.1f} pictures/s "
                f"{told['frames_per_second']:6.1f} frames/s {told['bytes_per_frame'] / 1e3:7.1f} kB "
                f"{told['kernel_ms_per_frame']:6.2f} ms of kernel"
            )
        print(f"       {row['times']:.1f} times as many pictures (goal {GOAL:g}): {'met' if row['met'] else 'MISSED'}")


if __name__ == "__main__":
    main()
