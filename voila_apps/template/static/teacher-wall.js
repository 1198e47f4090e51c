// The wall of a lesson: a tile for each seat, those who need somebody first; the class's readings beside them.
import {askNames, h, onLanguage, word, write} from "./teacher.js";
import {createCharts} from "./teacher-charts.js";
import {createClass, follow, numberOf, showLine} from "./teacher-live.js";
import {createOrders} from "./teacher-orders.js";
import {arrange, createTile, drawTile} from "./teacher-tile.js";

const SETTLE = 2500;  // ms between two arrangements, so that nothing jumps under a finger
const lesson = createClass();
const list = document.querySelector(".tiles");
const view = {order: "need", names: null, tiles: new Map(), arranged: 0, held: false};

function start() {
  const orders = createOrders(lesson, () => view.names);
  const charts = createCharts(lesson, {point: (seat) => mark(seat), names: () => view.names});
  lesson.on((changed) => {
    if (changed.has("everything")) rebuild(orders, charts);
    else for (const name of changed) if (lesson.seats.has(name)) draw(name, orders, charts);
    if (changed.has("clock")) for (const name of view.tiles.keys()) draw(name, orders, charts);
    if (changed.has("lesson") || changed.has("everything")) showLesson();
    if (changed.size) settle();
  });
  onLanguage(() => { rebuild(orders, charts); showLesson(); });
  listen();
  rebuild(orders, charts);
  showLesson();
  showLine(lesson);
  follow(lesson);
}

function rebuild(orders, charts) {
  for (const name of lesson.seats.keys()) draw(name, orders, charts);
  settle(true);
}

function draw(name, orders, charts) {
  let tile = view.tiles.get(name);
  if (!tile) {
    tile = createTile(lesson, name, {
      more: () => orders.openSeat(name),
      enter: () => { charts.highlight(name); },
      leave: () => { charts.highlight(null); },
    });
    view.tiles.set(name, tile);
    list.append(tile.element);
  }
  drawTile(lesson, tile, lesson.seats.get(name), view.names?.[numberOf(name)]);
}

function mark(name) {
  for (const [seat, tile] of view.tiles) tile.element.classList.toggle("pointed", seat === name);
}

function settle(now = false) {
  count();
  const wait = view.arranged + SETTLE - performance.now();
  if (!now && (view.held || wait > 0)) {
    view.due ??= setTimeout(() => { view.due = null; settle(); }, Math.max(wait, 300));
    return;
  }
  view.arranged = performance.now();
  arrange(list, [...view.tiles.values()], lesson, view.order);
}

function count() {
  const seats = [...lesson.seats.values()];
  const here = seats.filter((one) => one.connected).length;
  const need = seats.filter((one) => one.need >= 2).length;
  const counts = document.querySelector(".counts");
  const told = `${word("present", {here, all: seats.length})} · ${need ? word("need_help", {n: need}) : word("all_well")}`;
  if (counts.dataset.told === told) return;
  counts.dataset.told = told;
  counts.replaceChildren(h("b", {}, word("present", {here, all: seats.length})), need ? h("span.need", {}, word("need_help", {n: need})) : here ? h("span.well", {}, word("all_well")) : "");
}

function showLesson() {
  const {paused, ended, uid} = lesson.lesson;
  if (ended) { location.href = `/teacher/summary/${uid}`; return; }
  const button = document.querySelector("[data-do=pause]");
  write(button, word(paused ? "go_on" : "pause_all"));
  button.setAttribute("aria-pressed", String(paused));
  button.classList.toggle("on", paused);
  document.querySelector(".paused-strip").hidden = !paused;
}

function listen() {
  for (const button of document.querySelectorAll("[data-order]")) {
    button.addEventListener("click", () => {
      view.order = button.dataset.order;
      for (const one of document.querySelectorAll("[data-order]")) one.setAttribute("aria-pressed", String(one === button));
      settle(true);
    });
  }
  list.addEventListener("pointerenter", () => { view.held = true; });
  list.addEventListener("pointerleave", () => { view.held = false; settle(); });
  list.addEventListener("keydown", walk);
  const names = document.querySelector("[data-do=names]");
  names.addEventListener("click", async () => {
    view.names = view.names ? null : await askNames(lesson.lesson.class_id).catch(() => ({}));
    names.setAttribute("aria-pressed", String(Boolean(view.names)));
    if (view.names && !Object.keys(view.names).length) tell(word("no_names"));
    for (const [name, tile] of view.tiles) drawTile(lesson, tile, lesson.seats.get(name), view.names?.[numberOf(name)]);
  });
}

function tell(text) {
  const notice = document.querySelector(".notice");
  write(notice, text);
  notice.hidden = false;
  setTimeout(() => { notice.hidden = true; }, 5000);
}

// Arrow keys go from tile to tile, as they lie on the screen.
function walk(event) {
  const links = [...list.querySelectorAll("a.bench")];
  const at = links.indexOf(document.activeElement);
  if (at < 0) return;
  const top = links[at].getBoundingClientRect().top;
  const wide = links.filter((one) => Math.abs(one.getBoundingClientRect().top - top) < 4).length;
  const to = {ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + wide, ArrowUp: at - wide, Home: 0, End: links.length - 1}[event.key];
  if (to === undefined || !links[to]) return;
  event.preventDefault();
  links[to].focus();
}

start();
