// What all pages of the teacher's share: elements in one line, words in two languages, requests that may be refused.
const WORDS = JSON.parse(document.getElementById("words").textContent);
const SVG = "http://www.w3.org/2000/svg";

export const data = JSON.parse(document.getElementById("data").textContent || "{}");

export function language() {
  return document.documentElement.lang.startsWith("zh") ? "zh" : "en";
}

// A word in the reader's language: its name among the page's words, or {"en", "zh"}.
export function word(what, fields = {}) {
  const text = typeof what === "string" ? WORDS[what] ?? {en: what, zh: what} : what ?? {en: "", zh: ""};
  return filled(text[language()] ?? text.en, fields);
}

function filled(text, fields) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const field = fields[name];
    return field === undefined ? whole : typeof field === "object" ? field[language()] : String(field);
  });
}

export function onLanguage(act) {
  addEventListener("wanxiang:language", act);
}

export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  give(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  give(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

function give(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
}

// Writes only what differs: screen readers and selections are not disturbed.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export async function post(address, body = {}) {
  const answer = await fetch(address, {method: "POST", credentials: "same-origin", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error("refused"), {told: told.error ?? null});
  return told;
}

export async function ask(address) {
  const answer = await fetch(address, {credentials: "same-origin", cache: "no-store"});
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// Names stand in the school's own file; they are asked for when the teacher wants to see them, and kept nowhere.
export async function askNames(classId) {
  return (await ask(`/teacher/names/${encodeURIComponent(classId)}`)).names;
}

const RAISED = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"};

export function figure(value, figures = 4) {
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(figures - 1).split("e");
    return `${Number(mantissa)}×10${String(Number(exponent)).replace(/./g, (digit) => RAISED[digit])}`.replace(/^-/, "−");
  }
  return String(Number(value.toPrecision(figures))).replace(/^-/, "−");
}
