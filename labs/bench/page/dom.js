// Elements in one line: h("button.primary", {onclick}, "Read"). A function given as a child or attribute is a live text:
// it is asked again whenever the language changes.
import {bind} from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";

export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) give(element, name, value);
  fill(element, children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  fill(element, children);
  return element;
}

function give(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (typeof value === "function") bind(() => setAttribute(element, name, value()));
  else setAttribute(element, name, value);
}

function setAttribute(element, name, value) {
  if (value === false || value == null) element.removeAttribute(name);
  else if (name === "value") element.value = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false) continue;
    if (typeof child === "function") {
      const text = document.createTextNode("");
      bind(() => { text.data = child(); });
      element.append(text);
    } else element.append(child);
  }
}

// Writes only what differs, so that screen readers and text selections are not disturbed.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Exchanges the children, and gives the focus back to the element that carries the same data-focus.
export function replace(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  element.replaceChildren();
  fill(element, children);
  if (held) element.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus({preventScroll: true});
}

const PATHS = {
  run: "M6.5 4.2v11.6c0 .6.7 1 1.2.7l9-5.8c.5-.3.5-1.1 0-1.4l-9-5.8c-.5-.3-1.2.1-1.2.7z",
  pause: "M5.5 4h3v12h-3zM11.5 4h3v12h-3z",
  step: "M4.5 4.4v11.2c0 .5.6.8 1 .5l8-5.6c.4-.3.4-.8 0-1.1l-8-5.6c-.4-.2-1 .1-1 .6zM14.5 4h2v12h-2z",
  undo: "M8 4 3.5 8.5 8 13M4 8.5h7.5a4 4 0 0 1 0 8H9",
  redo: "M12 4l4.5 4.5L12 13M16 8.5H8.5a4 4 0 0 0 0 8H11",
  reset: "M4.2 10a5.8 5.8 0 1 0 1.8-4.2L4 7.7M4 3.5v4.2h4.2",
  ahead: "M3.5 5v10l6.5-5zM10.5 5v10l6.5-5z",
  download: "M10 3v9M6.5 8.8 10 12.3l3.5-3.5M4 16h12",
  report: "M5 2.8h7l3.5 3.5v11H5zM12 2.8v3.5h3.5M7.5 10h5.5M7.5 13h5.5",
  formula: "M12.5 3.5c-2-.8-3 .3-3.3 2l-1.5 9c-.3 1.7-1.3 2.7-3 2M6 8.5h6M12 11.5l4 4.5M16 11.5l-4 4.5",
  bin: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5",
  note: "M4 4h12v8.5H10L6.5 16v-3.5H4z",
  full: "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
  left: "M7 13.3c-2.4-.5-4-1.6-4-3C3 8.3 6.1 6.8 10 6.8s7 1.5 7 3.5-3.1 3.5-7 3.5h-.5M11.8 11.2 9.2 13.8l2.6 2.6",
  right: "M13 13.3c2.4-.5 4-1.6 4-3 0-2-3.1-3.5-7-3.5s-7 1.5-7 3.5 3.1 3.5 7 3.5h.5M8.2 11.2l2.6 2.6-2.6 2.6",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  home: "M3.5 9.5 10 4l6.5 5.5M5.5 8.5V16h9V8.5",
  tick: "M4 10.5 8.2 14.7 16 6",
  bulb: "M7.5 13c-1.7-1-2.7-2.6-2.7-4.4a5.2 5.2 0 0 1 10.4 0c0 1.8-1 3.4-2.7 4.4v1.5h-5zM8 17h4",
  info: "M10 9v5.5M10 5.8v.2M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15z",
  close: "M5 5l10 10M15 5 5 15",
  grow: "M11.5 3.5h5v5M8.5 16.5h-5v-5M16.5 3.5l-5.5 5.5M3.5 16.5 9 11",
  link: "M3 7.5h12.5M12.5 4.5l3 3-3 3M17 12.5H4.5M7.5 9.5l-3 3 3 3",
};
const SOLID = new Set(["run", "pause", "step", "ahead"]);

export function icon(name) {
  const solid = SOLID.has(name);
  return svg("svg", {viewBox: "0 0 20 20", class: solid ? "icon solid" : "icon", "aria-hidden": "true", focusable: "false"},
    svg("path", {d: PATHS[name]}));
}

// A button that shows an icon and says its name to everybody else.
export function iconButton(name, label, onclick, extra = {}) {
  return h("button.quiet.round", {type: "button", "aria-label": label, title: label, onclick, ...extra}, icon(name));
}
