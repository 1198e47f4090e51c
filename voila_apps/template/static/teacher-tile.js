// One seat on the wall: number, what it does, how far it is, and why somebody should look.
import {figure, h, language, word, write} from "./teacher.js";
import {ago, numberOf} from "./teacher-live.js";

const SIGNS = {failed: "!", consent: "?", flaw: "!", stuck: "⌛", wrong: "✗", setting: "=", idle: "…", left: "→"};
const GLIDE = 260;  // ms of a tile on its way to another place

export function createTile(lesson, name, {more, enter, leave}) {
  const part = (what) => h(what);
  const parts = {
    number: part("b.number"), name: part("span.who"), right: part("span.right"), wrong: part("span.wrong"), idle: part("span.idle"),
    sign: part("span.sign"), text: part("span.text"), steps: part("span.steps"), far: part("span.far"), readings: part("span.readings"),
  };
  parts.sign.setAttribute("aria-hidden", "true");
  parts.steps.setAttribute("aria-hidden", "true");
  const link = h("a.bench", {href: `/teacher/bench/${lesson.lesson.uid}/${name}`},
    h("span.top", {}, parts.number, parts.name, parts.idle),
    h("span.now", {}, parts.sign, parts.text, h("span.marks", {}, parts.right, parts.wrong)),
    h("span.foot", {}, parts.steps, parts.far, parts.readings));
  const button = h("button.more", {type: "button", onclick: more}, "⋯");
  const element = h("li.tile", {"data-seat": name}, link, button);
  for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, enter);
  for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, leave);
  return {element, link, button, parts, name};
}

export function drawTile(lesson, {element, link, button, parts, name}, seat, who) {
  const worst = [...(seat.alerts ?? [])].sort((a, b) => b.level - a.level)[0] ?? null;
  const worked = Boolean(seat.run);
  element.dataset.need = String(seat.need ?? 0);
  element.dataset.kind = worst?.kind ?? "";
  element.classList.toggle("absent", !worked && !seat.connected);
  element.classList.toggle("away", worked && !seat.connected);
  element.classList.toggle("finished", Boolean(seat.finished));
  write(parts.number, numberOf(name));
  write(parts.name, who ?? "");
  write(parts.right, seat.right ? `✓${seat.right}` : "");
  write(parts.wrong, seat.wrong ? `✗${seat.wrong}` : "");
  write(parts.idle, worked && !seat.finished ? minutes(lesson, seat) : "");
  write(parts.sign, worst ? SIGNS[worst.kind] ?? "!" : seat.finished ? "✓" : "");
  write(parts.text, worst ? worst.text[language()] : seat.finished ? word("done") : worked ? seat.last?.[language()] ?? "" : seat.connected ? word("now") : word("not_here"));
  drawSteps(parts.steps, seat);
  write(parts.far, worked && seat.steps ? `${count(seat.done)}/${seat.steps}` : "");
  write(parts.readings, worked && seat.readings ? `◦ ${figure(seat.readings)}` : "");
  parts.readings.title = worked ? word("readings", {n: seat.readings}) : "";
  link.setAttribute("aria-label", inWords(lesson, seat, name, who));
  const label = word("more", {seat: numberOf(name)});
  button.setAttribute("aria-label", label);
  button.title = label;
}

function drawSteps(box, seat) {
  const now = `${seat.done ?? ""}:${seat.step}`;
  if (box.dataset.told === now) return;
  box.dataset.told = now;
  box.replaceChildren(...[...(seat.done ?? "")].map((done, i) => h(done === "1" ? "i.done" : i === seat.step ? "i.now" : "i")));
}

function count(done) {
  return [...done].filter((one) => one === "1").length;
}

function minutes(lesson, seat) {
  const idle = Math.floor(ago(lesson, seat.at) / 60);
  return idle < 1 ? "" : `${idle}′`;
}

function inWords(lesson, seat, name, who) {
  const told = [`${word("seat")} ${numberOf(name)}`, who, ...(seat.alerts ?? []).map((one) => one.text[language()])];
  if (seat.run) {
    told.push(seat.last?.[language()], word("steps_done", {n: count(seat.done), all: seat.steps}), word("readings", {n: seat.readings}),
      seat.right ? `${word("right")} ${seat.right}` : "", seat.wrong ? `${word("wrong")} ${seat.wrong}` : "", word("idle", {n: Math.max(0, Math.floor(ago(lesson, seat.at) / 60))}));
  } else told.push(word("not_here"));
  told.push(word("open_bench"));
  return told.filter(Boolean).join(", ");
}

function place(tile, lesson, order) {
  const seat = lesson.seats.get(tile.name);
  const number = Number(numberOf(tile.name)) || 0;
  if (order === "seat") return [number];
  const there = seat.need > 0 ? 0 : seat.finished ? 2 : seat.connected ? 1 : seat.run ? 3 : 4;
  const oldest = seat.need > 0 ? seat.since ?? 0 : 0;
  return [-(seat.need ?? 0), there, oldest, number];
}

// Puts the tiles in order; each glides to its new place, so that the eye can follow it.
export function arrange(list, tiles, lesson, order) {
  const places = new Map(tiles.map((tile) => [tile, place(tile, lesson, order)]));
  const compare = (one, other) => { const [a, b] = [places.get(one), places.get(other)]; const i = a.findIndex((value, k) => value !== b[k]); return i < 0 ? 0 : a[i] - b[i]; };
  const sorted = [...tiles].sort(compare);
  if (sorted.every((tile, i) => list.children[i] === tile.element)) return;
  const before = new Map(tiles.map(({element}) => [element, element.getBoundingClientRect()]));
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  list.append(...sorted.map(({element}) => element));
  held?.focus({preventScroll: true});
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const {element} of tiles) {
    const [from, to] = [before.get(element), element.getBoundingClientRect()];
    if (!from.width || (from.left === to.left && from.top === to.top)) continue;
    element.animate([{transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)`}, {transform: "none"}], {duration: GLIDE, easing: "ease-out"});
  }
}
