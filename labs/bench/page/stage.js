// The bench itself: the 3-D scene with what is written over it, and the transport below.
import {h, icon, iconButton, write} from "./dom.js";
import {both, t} from "./i18n.js";
import {createTransport} from "./transport.js";
import {createStrip} from "./instruments.js";
import {brief} from "./figures.js";

const TURN = Math.PI / 12;  // of the view, for one press
const CLOSER = 0.87;

export function createStage(lab) {
  const holder = h("div.holder", {"data-bench": ""});
  const place = h("div.scene", {role: "group", "aria-label": () => t("The bench"), "aria-describedby": "wx-scene-text"}, holder);
  // the stream gives the renderer's model a hand on the camera, `bench`, once it has found everything
  const scene = {holder, renderer: null, hold(renderer) { this.renderer = renderer; tools.hidden = false; }};
  lab.picture = () => scene.renderer?.bench?.picture?.() ?? "";
  const tools = cameraTools(scene);
  const element = h("section.stage", {"aria-label": () => t("The bench")}, h("div.bench", {}, place, description(lab),
    legend(lab), tools, createStrip(lab), fullButton(() => element), loading(lab), ...messages(lab)), createTransport(lab));
  tools.hidden = true;
  return {element, scene};
}

function description(lab) {
  return h("p.unseen", {id: "wx-scene-text"}, () => both(lab.given.scene) || both(lab.given.summary));
}

function legend(lab) {
  const entries = (lab.given.legend ?? []).map((entry) => h("figure.legend", {},
    h("figcaption", {}, () => `${both(entry.label)}${entry.unit ? ` (${entry.unit})` : ""}`),
    h("div.ramp", {style: `background: linear-gradient(to right, ${(entry.colors ?? ["#440154", "#21918c", "#fde725"]).join(", ")})`}),
    h("div.ends", {}, h("span", {}, brief(entry.low)), h("span", {}, brief(entry.high)))));
  return h("div.legends", {}, ...entries);
}

function cameraTools(scene) {
  const tool = (name, label, act) => iconButton(name, label, () => scene.renderer?.bench && act(scene.renderer.bench));
  return h("div.camera", {role: "group", "aria-label": () => t("View")},
    tool("left", () => t("Turn the view left"), (camera) => camera.turn(-TURN)),
    tool("right", () => t("Turn the view right"), (camera) => camera.turn(TURN)),
    tool("plus", () => t("Closer"), (camera) => camera.approach(CLOSER)),
    tool("minus", () => t("Farther"), (camera) => camera.approach(1 / CLOSER)),
    tool("home", () => t("First view"), (camera) => camera.home()));
}

// Where the browser cannot give an element the screen (older tablets), the stage covers the page instead.
function fullButton(stage) {
  const toggle = async () => {
    const element = stage();
    if (element.classList.contains("filled")) return leave(element);
    element.classList.add("filled");
    await element.requestFullscreen?.().catch(() => {});
  };
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) stage()?.classList.remove("filled");
  });
  return iconButton("full", () => t("Fill the screen with the bench"), toggle, {"data-key": "f", class: "quiet round fill"});
}

async function leave(element) {
  element.classList.remove("filled");
  if (document.fullscreenElement) await document.exitFullscreen();
}

function loading(lab) {
  const text = h("p");
  const bar = h("progress", {max: 1, "aria-label": () => t("Preparing")});
  const box = h("div.loading", {}, h("div.orbit", {"aria-hidden": "true"}, h("i"), h("i"), h("i")), text, bar);
  lab.on(["ready", "preparing", "scene"], (state) => {
    const preparing = state.preparing;
    box.hidden = state.ready && !preparing;
    write(text, preparing ? both(preparing.text) : t("Setting up your bench…"));
    if (preparing?.done != null) bar.value = preparing.done;
    else bar.removeAttribute("value");
  });
  return box;
}

function messages(lab) {
  const why = h("b");
  const what = h("span");
  const lost = h("div.sheet.lost", {role: "alert"}, h("i.pulse"), why, what);
  const paused = h("div.sheet.paused", {role: "status"}, icon("pause"), h("span", {}, () => t("Paused while the page was hidden; going on.")));
  const still = h("div.sheet.still", {role: "status"});
  lab.on(["lost", "gone", "slow"], (state) => {
    lost.hidden = !state.lost || state.gone;
    write(why, state.slow ? t("The bench is slow to answer, your data are saved.") : t("Connection lost, your data are saved."));
    write(what, state.slow ? t("Waiting…") : t("Reconnecting…"));
  });
  let wasRunning = false;
  paused.hidden = true;
  lab.on(["hidden"], (state) => {
    if (state.hidden) wasRunning = state.running;
    else if (wasRunning) {
      paused.hidden = false;
      wasRunning = false;
      setTimeout(() => { paused.hidden = true; }, 4000);
    }
  });
  lab.on(["stopped"], (state) => {
    still.hidden = !state.stopped;
    if (state.stopped) {
      still.replaceChildren(h("span", {}, both(state.stopped.text ?? state.stopped)),
        state.stopped.back ? h("button", {type: "button", onclick: () => lab.send("back")}, t("Go back")) : "");
    }
  });
  return [lost, paused, still];
}
