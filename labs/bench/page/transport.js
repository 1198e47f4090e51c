// Time on the bench: run, pause, step, speed, run ahead; and the way back.
import {h, icon, iconButton, write} from "./dom.js";
import {t} from "./i18n.js";
import {ask} from "./dialogs.js";
import {brief, figure} from "./figures.js";

export function createTransport(lab) {
  return h("div.transport", {role: "toolbar", "aria-label": () => t("Time")},
    runButton(lab), stepButton(lab), speedChoice(lab), shownTime(lab), aheadControl(lab), h("div.space"), ...wayBack(lab));
}

function runButton(lab) {
  const word = h("span");
  const sign = h("span.glyph");
  const button = h("button.run", {type: "button", "data-key": "run", onclick: () => {
    const on = !lab.state.running;
    lab.change({running: on});
    lab.send("play", {on});
  }}, sign, word);
  lab.on(["running", "stopped"], (state) => {
    sign.replaceChildren(icon(state.running ? "pause" : "run"));
    write(word, state.running ? t("Pause") : t("Run"));
    button.classList.toggle("going", state.running);
    button.disabled = Boolean(state.stopped);
  });
  return button;
}

function stepButton(lab) {
  const button = iconButton("step", () => t("One step of time"), () => lab.send("step"), {"data-key": "step"});
  lab.on(["running", "stopped"], (state) => { button.disabled = state.running || Boolean(state.stopped); });
  return button;
}

function speedChoice(lab) {
  const speeds = lab.given.speeds ?? [0.25, 0.5, 1, 2, 4];
  const choice = h("select", {"aria-label": () => t("Speed"), onchange: () => lab.send("speed", {value: Number(choice.value)})},
    ...speeds.map((speed) => h("option", {value: String(speed)}, `${brief(speed)}×`)));
  lab.on(["speed"], (state) => { choice.value = String(state.speed); });
  return h("label.speed", {}, h("span.wide", {}, () => t("speed")), choice);
}

function shownTime(lab) {
  const {unit = "s", scale = 1, decimals = 2} = lab.given.time ?? {};
  const digits = h("span.digits");
  const show = () => write(digits, figure(lab.clock.now() * scale, decimals));
  const glide = () => {
    show();
    if (lab.state.running && !lab.state.lost) requestAnimationFrame(glide);
  };
  lab.on(["time", "running"], () => (lab.state.running ? requestAnimationFrame(glide) : setTimeout(show, 0)));
  return h("div.time", {role: "timer", "aria-label": () => t("Time on the bench"), "aria-live": "off"}, h("i.symbol", {}, "t"), " = ", digits, h("span.unit", {}, unit));
}

function aheadControl(lab) {
  const {unit = "s", scale = 1} = lab.given.time ?? {};
  const box = h("input", {type: "number", min: 0, step: "any", value: lab.given.ahead != null ? String(lab.given.ahead * scale) : "10", inputmode: "decimal", "aria-label": () => t("How far to run ahead, in {unit}", {unit})});
  const bar = h("progress", {max: 1, value: 0, "aria-label": () => t("Running ahead")});
  const go = h("button.quiet", {type: "button", onclick: () => {
    const seconds = lab.state.ahead ? 0 : Number(box.value) / scale;  // 0 ends a run ahead
    if (seconds > 0 || lab.state.ahead) lab.send("ahead", {seconds});
    else box.focus();
  }});
  const element = h("div.ahead", {role: "group"}, go, h("label", {}, box, h("span.unit", {}, unit)), bar);
  lab.on(["ahead", "stopped"], (state) => {
    element.classList.toggle("busy", Boolean(state.ahead));
    bar.hidden = !state.ahead;
    bar.value = state.ahead?.done ?? 0;
    const word = state.ahead ? t("Stop running ahead") : t("Run ahead without pictures");
    go.title = word;
    go.setAttribute("aria-label", word);
    go.replaceChildren(icon(state.ahead ? "pause" : "ahead"), h("span.wide", {}, state.ahead ? t("Stop") : t("Run ahead")));
    go.disabled = Boolean(state.stopped);
  });
  return element;
}

function wayBack(lab) {
  const undo = iconButton("undo", () => t("Undo the last change"), () => lab.send("undo"), {"data-key": "undo"});
  const redo = iconButton("redo", () => t("Redo"), () => lab.send("redo"), {"data-key": "redo"});
  const reset = iconButton("reset", () => t("Start the run again"), async () => {
    const sure = await ask(lab, {title: t("Start the run again?"), text: t("The apparatus goes back to its beginning. Your table stays."), yes: t("Start again")});
    if (sure) lab.send("reset");
  });
  lab.on(["can_undo", "can_redo"], (state) => {
    undo.disabled = !state.can_undo;
    redo.disabled = !state.can_redo;
  });
  return [undo, redo, reset];
}
