"""The picture in a real browser: drawn before it is asked for, fed by credits, still when nothing moves, honest when it
cannot draw."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.pages import CHROMIUM, chromium, plain_voila, write_notebook

pytest.importorskip("playwright.sync_api", reason="no Playwright: the picture was not looked at")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("server"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: the picture was not looked at"),
]

CELL = """
import numpy as np
from IPython.display import display
from labs.bench import shapes
from labs.bench.scene import Scene
from labs.bench.stream import FrameStream

class Gas:
    steps, time, length = 0, 0.0, 1.5
    def __init__(self):
        self.x = np.random.default_rng(1).random((200, 3)) * [1.0, 1.5, 1.0]
        self.speed = np.linspace(0.0, 1.0, 200)
    def advance(self):
        self.steps += 1
        self.time += 0.1
        self.length = 1.5 + 0.3 * (self.steps % 2)

gas, scene = Gas(), Scene({"en": "Gas piston", "zh": "气体活塞"})
scene.add(shapes.cuvette(1.0, 1.0, 2.0, wall=0.05))
scene.add(shapes.tabletop(4.0, 3.0, at=(0.5, -0.2, 0.5)))
piston = scene.add(shapes.piston(1.0, 1.0, thickness=0.2, travel=1.0, label={"en": "piston", "zh": "活塞"}))
scene.follow(piston, position=lambda gas: (0.0, gas.length, 0.0))
scene.cloud(200, 0.03, low=(0, 0, 0), high=(1, 2, 1), speed_range=(0, 1), positions=lambda gas: gas.x,
            speeds=lambda gas: gas.speed)
renderer = scene.build(gas)
stream = FrameStream(scene.plan(), {"This browser cannot draw the bench in three dimensions.": "不能"})
heard = []

def send():
    header, buffers = scene.frame(gas)
    stream.send_frame({**header, "live": {"pressure": {"text": f"{gas.steps} kPa"}}}, buffers)

def order(_, content, __):
    if content.get("do") == "step":
        gas.advance()
        send()
    if content.get("do") == "renew":
        stream.renew()
        gas.length = 0.6
        send()
    if content.get("do") in ("stale", "strange"):
        gas.advance()
        header, buffers = scene.frame(gas)
        stamp = {"run": 0, "tab": stream.tab} if content["do"] == "stale" else {"run": 1, "tab": "somebody else"}
        stream.send({"say": "frame", "frame": 99, **header, **stamp}, buffers=buffers)
    if content.get("do") == "lose":
        stream.credits = 0
    if content.get("do") == "tell":
        stream.send({"say": "told", "heard": heard, "credits": stream.credits, "tab": stream.tab})

stream.on_credit(lambda credit: heard.append(credit["frame"]))
stream.on_msg(order)
send()
display(renderer, stream)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Voilà with one notebook: a small gas behind a piston."""
    folder = tmp_path_factory.mktemp("picture")
    write_notebook(folder, "gas", CELL)
    with plain_voila(folder) as served:
        yield f"{served}/gas.ipynb"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def view(browser: Any, address: str) -> Iterator["Watched"]:
    """A page that has drawn and got its first frame."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    watched = Watched(page)
    page.goto(address)
    watched.wait("globalThis.wanxiangBench?.run === 0 && wanxiangBench.draws > 0")
    watched.rest()
    yield watched
    page.close()
    assert watched.complaints == []


class Watched:
    """A page with a bench on it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(90_000)
        page.add_init_script(
            "window.frames_ = []; document.addEventListener('wanxiang:frame', (e) => window.frames_.push(e.detail));"
        )
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(condition)

    def value(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def order(self, deed: str) -> None:
        self.page.evaluate("(deed) => wanxiangBench.model.send({do: deed})", deed)

    def step(self) -> None:
        count = self.value("frames_.length")
        self.order("step")
        self.wait(f"frames_.length > {count}")

    def rest(self) -> None:
        self.wait("wanxiangBench.mixing >= 1 && !wanxiangBench.awake")

    def told(self) -> dict[str, Any]:
        return self.value(
            """() => new Promise((done) => {
              const hear = (told) => {
                if (told.say !== "told") return;
                wanxiangBench.model.off("msg:custom", hear);
                done(told);
              };
              wanxiangBench.model.on("msg:custom", hear);
              wanxiangBench.model.send({do: "tell"});
            })"""
        )

    def picture(self) -> bytes:
        return bytes(self.page.locator(".jupyter-threejs canvas").screenshot())

    def piston(self) -> float:
        return float(self.value("wanxiangBench.parts[0].obj.position.y"))


def test_the_beginning_is_drawn_and_looks_like_something(view: Watched) -> None:
    colours = view.value(
        """() => new Promise((done) => {
          const image = new Image();
          image.onload = () => {
            const pen = new OffscreenCanvas(64, 48).getContext("2d");
            pen.drawImage(image, 0, 0, 64, 48);
            const data = pen.getImageData(0, 0, 64, 48).data, seen = new Set();
            for (let i = 0; i < data.length; i += 4) seen.add([0, 1, 2].map((c) => data[i + c] >> 4).join());
            done(seen.size);
          };
          image.src = wanxiangBench.renderer.bench.picture("#ffffff");
        })"""
    )
    assert colours > 40  # a blank canvas has one
    assert view.value("frames_[0].live.pressure.text") == "0 kPa"


def test_a_frame_moves_the_piston_and_is_acknowledged_once(view: Watched) -> None:
    before, shown = view.piston(), view.picture()
    view.step()
    view.rest()
    assert view.piston() > before
    assert view.picture() != shown
    assert view.value("frames_.at(-1).time") == pytest.approx(0.1)
    told = view.told()
    assert told["heard"] == [None, 1, 2]
    assert told["credits"] == 2


def test_between_two_frames_the_picture_glides(view: Watched) -> None:
    """The clock of the glide is held at its beginning, half way and let go, so that a slow machine sees it too."""
    start = view.piston()
    view.value("document.addEventListener('wanxiang:frame', () => { wanxiangBench.period = 1e9; }, {once: true})")
    view.step()
    view.wait("wanxiangBench.owed.length === 0")
    assert view.piston() == pytest.approx(start, abs=1e-5)
    view.value("wanxiangBench.begun = performance.now() - 0.5e9")
    view.wait("Math.abs(wanxiangBench.mixing - 0.5) < 0.01")
    half = view.piston()
    assert view.value("wanxiangBench.clouds[0].uniforms.mixing.value") == pytest.approx(0.5, abs=0.01)
    view.value("wanxiangBench.period = 1")
    view.rest()
    assert half == pytest.approx((start + view.piston()) / 2.0, abs=0.01 * (view.piston() - start))


def test_nothing_is_drawn_between_two_runs(view: Watched) -> None:
    view.step()
    view.rest()
    view.order("renew")
    view.wait("wanxiangBench.run === 1")
    # at once, before any picture: both ends of the interpolation are the new run's beginning
    assert view.value("wanxiangBench.from[1] === wanxiangBench.to[1]")
    same = "({before, position}) => before.array.every((value, i) => value === position.array[i])"
    assert view.value(f"wanxiangBench.clouds.every({same})")


def test_a_frame_of_a_former_run_or_for_another_tab_is_dropped(view: Watched) -> None:
    view.order("renew")
    view.wait("wanxiangBench.run === 1")
    count, place = view.value("frames_.length"), view.piston()
    view.order("stale")
    view.order("strange")
    view.told()
    assert view.value("frames_.length") == count
    assert view.piston() == place


def test_a_bench_at_rest_draws_nothing(view: Watched) -> None:
    before = view.value("wanxiangBench.draws")
    view.page.wait_for_timeout(700)
    assert view.value("wanxiangBench.draws") == before


def test_a_hidden_page_gives_no_credit_and_wakes_with_the_newest_frame(view: Watched) -> None:
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    view.page.evaluate(hide, True)
    assert view.told()["credits"] == 0
    view.order("step")
    view.order("step")
    assert view.told()["credits"] == 0
    view.page.evaluate(hide, False)
    view.wait("frames_.at(-1).step === 2")
    view.rest()
    assert view.told()["credits"] == 2


def test_frames_that_died_with_their_socket_are_made_up_for(view: Watched) -> None:
    view.order("lose")  # both credits were on their way when the line was cut
    assert view.told()["credits"] == 0
    view.page.evaluate("wanxiangBench.model.widget_manager.kernel.reconnect()")
    view.wait("wanxiangBench.model.widget_manager.kernel.connectionStatus === 'connected'")
    view.step()
    view.rest()
    assert view.told()["credits"] == 2


def test_names_are_written_again_in_the_other_language(view: Watched) -> None:
    before = view.picture()
    view.value("document.documentElement.lang = 'zh-CN'")
    view.rest()
    view.page.wait_for_timeout(200)
    assert view.picture() != before
    assert "气体活塞" in view.page.locator(".jupyter-threejs").get_attribute("aria-label")


def test_the_view_can_be_turned_with_keys_and_set_back(view: Watched) -> None:
    place = "wanxiangBench.camera.position.toArray()"
    home = view.value(place)
    view.page.locator(".jupyter-threejs").focus()
    view.page.keyboard.press("ArrowRight")
    turned = view.value(place)
    assert turned != pytest.approx(home)
    assert sum(x * x for x in turned) == pytest.approx(sum(x * x for x in home))
    view.page.keyboard.press("+")
    assert sum(x * x for x in view.value(place)) < sum(x * x for x in turned)
    view.page.keyboard.press("Home")
    assert view.value(place) == pytest.approx(home)


def test_a_narrow_slot_still_shows_all_of_the_apparatus(view: Watched) -> None:
    wide = view.value("wanxiangBench.camera.fov")
    view.value(
        """() => {
          const bench = wanxiangBench;
          bench.camera.aspect = 0.6;
          bench.camera.updateProjectionMatrix();
          bench.renderer.set("_width", 240);
          bench.renderer.set("_height", 400);
          bench.renderer.trigger("rerender", bench.renderer, {});
        }"""
    )
    view.wait(f"wanxiangBench.camera.fov > {wide}")


def test_the_scene_can_be_carried_to_another_three(view: Watched) -> None:
    """`toJSON` is the way out of the frozen library: it has to carry shapes, molecules, marks and names."""
    told = json.loads(view.value("JSON.stringify(wanxiangBench.renderer.bench.toJSON())"))
    kinds: dict[str, int] = {}

    def count(thing: dict[str, Any]) -> None:
        kinds[thing["type"]] = kinds.get(thing["type"], 0) + 1
        for child in thing.get("children", []):
            count(child)

    count(told["object"])
    assert kinds["Points"] == 1
    assert kinds["Mesh"] >= 5
    assert kinds["Sprite"] >= 2
    assert any(material["type"] == "ShaderMaterial" for material in told["materials"])
    assert all(image["url"].startswith("data:") for image in told["images"])


def test_a_lost_picture_says_what_to_do_and_numbers_go_on(view: Watched) -> None:
    view.value("wanxiangBench.view.renderer.context.getExtension('WEBGL_lose_context').loseContext()")
    note = view.page.locator(".wanxiang-apology")
    note.wait_for()
    assert "Load the page again" in note.inner_text()
    view.step()
    view.step()
    view.wait("frames_.at(-1).live.pressure.text === '2 kPa'")
    view.page.wait_for_timeout(300)
    assert view.told()["credits"] == 2


BLIND = """
const ask = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return String(kind).includes("webgl") ? null : ask.call(this, kind, ...more);
};
"""


def test_without_webgl_the_page_says_so_in_both_languages_and_numbers_go_on(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.add_init_script(BLIND)
    watched = Watched(page)
    page.goto(address)
    note = page.locator(".wanxiang-apology")
    note.wait_for()
    assert "cannot draw" in note.inner_text()
    watched.value("document.documentElement.lang = 'zh-CN'")
    watched.wait("document.querySelector('.wanxiang-apology').innerText.includes('不能')")
    watched.wait("frames_.length > 0")
    watched.step()
    watched.step()
    assert watched.told()["credits"] >= 1
    page.close()


def test_a_second_tab_takes_over_and_the_first_is_no_longer_fed(view: Watched, browser: Any) -> None:
    """Both tabs of one kernel hear every frame; only the one whose name it carries draws it."""
    told = view.told()
    assert told["tab"] == view.value("wanxiangBench.tab")
    view.value("wanxiangBench.model.send({do: 'ready', tab: 'another'})")
    view.page.wait_for_timeout(300)
    count = view.value("frames_.length")
    view.order("step")
    assert view.told()["tab"] == "another"
    assert view.value("frames_.length") == count
