// The class's readings, all seats pooled: one growing scatter and one distribution, drawn anew when something came.
import {figure, h, language, onLanguage, word, write} from "./teacher.js";
import {numberOf} from "./teacher-live.js";
import {bars, histogram, scatter} from "./teacher-plot.js";

const REACH = 22;  // px around a point at which the pointer means it
const REDRAW = 150;  // ms between two drawings at most

// `point(seat)` is told which seat's reading the pointer is on; the projector gives none.
export function createCharts(lesson, {point = null, names = () => null} = {}) {
  const find = (name) => document.querySelector(`[data-chart=${name}]`);
  const [cloud, spread] = [find("scatter"), find("spread")];
  const columns = lesson.scenario.columns;
  const view = {chosen: null, placed: [], due: null, x: lesson.scenario.chart[0], y: lesson.scenario.chart[1], of: firstOf(lesson)};
  const choose = choosers(lesson, view, cloud, spread, () => draw());
  const draw = () => {
    view.due = null;
    drawCloud(lesson, view, cloud, columns);
    drawSpread(lesson, view, spread, columns);
  };
  const soon = () => { view.due ??= setTimeout(draw, REDRAW); };
  new ResizeObserver(soon).observe(cloud);
  new ResizeObserver(soon).observe(spread);
  onLanguage(() => { choose(); soon(); });
  lesson.on((changed) => { if (!changed.has("clock") && !changed.has("line")) soon(); });
  if (point) listen(cloud, view, point, names);
  choose();
  draw();
  return {highlight(seat) { if (view.chosen !== seat) { view.chosen = seat; clearTimeout(view.due); draw(); } }};
}

// The first question with a number shows what the class found; before that, the column that is plotted upwards.
function firstOf(lesson) {
  const question = lesson.scenario.questions.find((one) => !one.open && !Object.keys(one.choices).length);
  const answered = question && [...lesson.seats.values()].some((seat) => seat.answers?.[question.id]);
  return answered ? `question:${question.id}` : `column:${lesson.scenario.chart[1] ?? lesson.scenario.columns[0]?.name}`;
}

export function nameOf(column, long = false) {
  const label = column.label[language()];
  const sign = (column.symbol ?? "").replace("_", "");
  const name = long && sign && sign !== label ? `${label} ${sign}` : label;
  return column.unit ? `${name} (${column.unit})` : name;
}

function choosers(lesson, view, cloud, spread, draw) {
  const [y, x, of] = [cloud.querySelector("[data-axis=y]"), cloud.querySelector("[data-axis=x]"), spread.querySelector("[data-axis=of]")];
  for (const [list, key] of [[x, "x"], [y, "y"], [of, "of"]]) list.addEventListener("change", () => { view[key] = list.value; draw(); });
  return () => {
    const columns = (before) => lesson.scenario.columns.map((one) => h("option", {value: before + one.name}, one.label[language()]));
    const questions = lesson.scenario.questions.filter((one) => !one.open || Object.keys(one.choices).length).map((one) => h("option", {value: `question:${one.id}`}, one.text[language()]));
    x.replaceChildren(...columns(""));
    y.replaceChildren(...columns(""));
    of.replaceChildren(...columns("column:"), ...questions);
    [x.value, y.value, of.value] = [view.x, view.y, view.of];
  };
}

function drawCloud(lesson, view, card, columns) {
  const at = (name) => columns.findIndex((one) => one.name === name) + 1;
  const [i, j] = [at(view.x), at(view.y)];
  const points = [];
  for (const seat of lesson.seats.values()) {
    for (const row of seat.rows.values()) {
      if (row[i] && row[j]) points.push({seat: seat.name, x: row[i][0], y: row[j][0], ux: row[i][1], uy: row[j][1]});
    }
  }
  const box = card.querySelector(".plot");
  const named = (k) => (columns[k - 1] ? nameOf(columns[k - 1], true) : "");
  view.placed = scatter(box, points, {x: named(i), y: named(j), chosen: view.chosen});
  box.setAttribute("aria-label", word("points_said", {n: points.length, seats: new Set(points.map((one) => one.seat)).size}));
}

function drawSpread(lesson, view, card, columns) {
  const [kind, name] = view.of.split(/:(.*)/);
  const box = card.querySelector(".plot");
  if (kind === "question") return drawAnswers(lesson, view, box, lesson.scenario.questions.find((one) => one.id === name));
  const k = columns.findIndex((one) => one.name === name) + 1;
  const values = [...lesson.seats.values()].flatMap((seat) => [...seat.rows.values()].filter((row) => row[k]).map((row) => ({seat: seat.name, value: row[k][0], kind: "plain"})));
  histogram(box, values, {x: columns[k - 1] ? nameOf(columns[k - 1], true) : "", kinds: ["plain"], chosen: view.chosen});
  box.setAttribute("aria-label", word("points_said", {n: values.length, seats: new Set(values.map((one) => one.seat)).size}));
}

function drawAnswers(lesson, view, box, question) {
  const values = [...lesson.seats.values()].filter((seat) => seat.answers?.[question.id])
    .map((seat) => ({seat: seat.name, value: seat.answers[question.id].value, kind: seat.answers[question.id].verdict}));
  const choices = Object.entries(question.choices).map(([key, text]) => ({key, name: text[language()]}));
  box.setAttribute("aria-label", `${question.text[language()]} ${values.length}`);
  if (choices.length) bars(box, choices, {chosen: view.chosen, values});
  else histogram(box, values.filter((one) => Number.isFinite(one.value)), {x: question.unit ? `${word("answer")} (${question.unit})` : word("answer"), kinds: ["right", "wrong", "recorded"], chosen: view.chosen});
}

function listen(card, view, point, names) {
  const box = card.querySelector(".plot");
  const tip = h("div.tip", {hidden: true});
  card.append(tip);
  const show = (one) => {
    tip.hidden = !one;
    point(one?.seat ?? null);
    if (!one) return;
    const place = box.getBoundingClientRect(), around = card.getBoundingClientRect();
    const name = names()?.[numberOf(one.seat)];
    write(tip, `${numberOf(one.seat)}${name ? ` ${name}` : ""}: ${figure(one.x)} / ${figure(one.y)}`);
    tip.style.left = `${one.left + place.left - around.left}px`;
    tip.style.top = `${one.top + place.top - around.top}px`;
  };
  box.addEventListener("pointermove", (event) => {
    const place = box.getBoundingClientRect();
    const [left, top] = [event.clientX - place.left, event.clientY - place.top];
    let best = null, least = REACH;
    for (const one of view.placed) {
      const away = Math.hypot(one.left - left, one.top - top);
      if (away < least) [best, least] = [one, away];
    }
    show(best);
  });
  box.addEventListener("pointerleave", () => show(null));
}
