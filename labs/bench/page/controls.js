// What a hand can change: a slider and a number box that say the same, and buttons that do something once.
import {h, iconButton} from "./dom.js";
import {both, t} from "./i18n.js";
import {brief, decimals, symbol} from "./figures.js";
import {titleLine} from "./panel.js";

const PACE = 100;  // ms between two orders of one drag

export function createControls(lab) {
  const controls = (lab.given.controls ?? []).map((control) => (control.options ? choice(lab, control) : row(lab, control)));
  const presses = (lab.given.presses ?? []).map((press) => h("button.press", {
    type: "button", "data-key": press.key || null, onclick: () => lab.send("press", {name: press.name}),
  }, () => capital(both(press.label)), press.key ? h("kbd", {"aria-hidden": "true"}, press.key.toUpperCase()) : null));
  if (!controls.length && !presses.length) return [];
  return [titleLine(() => t("Controls")), h("div.body", {}, ...controls, presses.length ? h("div.presses", {}, ...presses) : null)];
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// Sends at most one value per PACE, and always the last one.
export function paced(send, wait = PACE) {
  let timer = null;
  let next = null;
  const flush = () => {
    timer = null;
    if (!next) return;
    const {value} = next;
    next = null;
    send(value);
    timer = setTimeout(flush, wait);
  };
  return (value) => {
    next = {value};
    if (!timer) flush();
  };
}

function row(lab, control) {
  const step = control.step || (control.whole ? 1 : niceStep(control.low, control.high));
  const places = decimals(step);
  const name = `wx-control-${control.name}`;
  const slider = h("input", {type: "range", id: name, min: control.low, max: control.high, step, "data-key": control.key || null, "aria-describedby": `${name}-range`});
  const box = h("input.number", {type: "number", min: control.low, max: control.high, step: "any", inputmode: "decimal", "aria-label": () => `${both(control.label)} (${control.unit || "1"})`});
  const range = h("span.range", {id: `${name}-range`}, `${brief(control.low)} … ${brief(control.high)}`);
  const reset = iconButton("reset", () => t("Back to the first value: {value}", {value: `${brief(control.value)} ${control.unit ?? ""}`}), () => change(control.value), {class: "quiet round small"});
  let order = null;
  let dragged = false;  // one drag is one change to undo: its later values say that they go on
  let going = false;
  const send = paced((value) => { order = lab.send("set", {name: control.name, value, ...(going ? {drag: true} : {})}); going = dragged; });
  const show = (value, except) => {
    if (except !== slider) slider.value = value;
    if (except !== box) box.value = Number(value).toFixed(places);
    slider.setAttribute("aria-valuetext", `${Number(value).toFixed(places)} ${control.unit ?? ""}`);
    slider.style.setProperty("--share", `${(100 * (value - control.low)) / (control.high - control.low)}%`);
    reset.style.visibility = Math.abs(value - control.value) > step / 1000 ? "visible" : "hidden";
  };
  const change = (value, from) => { show(value, from); send(value); };
  slider.addEventListener("pointerdown", () => { dragged = true; going = false; });
  slider.addEventListener("change", () => { dragged = going = false; });
  slider.addEventListener("input", () => change(Number(slider.value), slider));
  box.addEventListener("change", () => typed(control, box, range, (value) => change(value)));
  lab.on(["controls"], (state) => {
    const value = state.controls[control.name] ?? control.value;
    if (order === null || !lab.waiting(order)) show(value, document.activeElement === box ? box : null);
  });
  return h("div.control", {"data-control": control.name}, h("div.name", {}, h("label", {for: name}, symbol(control), h("span", {}, () => both(control.label))), reset),
    h("div.set", {}, slider, h("span.boxed", {}, box, h("span.unit", {}, control.unit ?? ""))), h("div.under", {}, range, control.key ? h("kbd", {"aria-hidden": "true"}, control.key.toUpperCase()) : null));
}

function choice(lab, control) {
  const name = `wx-control-${control.name}`;
  const list = h("select", {id: name, "data-key": control.key || null, onchange: () => lab.send("set", {name: control.name, value: list.value})},
    ...control.options.map((option) => h("option", {value: option}, option)));
  lab.on(["controls"], (state) => { list.value = state.controls[control.name] ?? control.value; });
  return h("div.control", {"data-control": control.name}, h("div.name", {}, h("label", {for: name}, symbol(control), h("span", {}, () => both(control.label)))), list);
}

function typed(control, box, range, change) {
  const value = Number(box.value);
  const inside = box.value !== "" && Number.isFinite(value) && value >= control.low && value <= control.high;
  range.classList.toggle("beyond", !inside);
  if (inside) return change(value);
  if (box.value !== "" && Number.isFinite(value)) change(Math.min(control.high, Math.max(control.low, value)));
}

function niceStep(low, high) {
  const rough = (high - low) / 200;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}
