// Scatter, histogram and bars, in SVG with the colours of the page. Many points are one path: a class costs one element.
import {figure, svg, word} from "./teacher.js";

const BINS = [5, 24];
const CAP = 3;

// Round numbers that divide an interval into about so many parts.
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
}

function reach(values) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = low === 0 ? [-1, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const air = (high - low) * 0.06;
  return [low > 0 && low < high * 0.3 ? 0 : low - air, high < 0 && high > low * 0.3 ? 0 : high + air];
}

const scale = ([low, high], [from, to]) => (value) => from + ((value - low) / (high - low)) * (to - from);

function frameOf(box, {x, y, across, up, whole = false}) {
  const width = box.clientWidth, height = box.clientHeight;
  const letter = Number.parseFloat(getComputedStyle(box).fontSize);
  const margin = {left: 4.3 * letter, right: 1.5 * letter, top: 0.7 * letter, bottom: 3.1 * letter};
  const toX = scale(across, [margin.left, width - margin.right]);
  const toY = scale(up, [height - margin.bottom, margin.top]);
  const grid = svg("g", {class: "grid"});
  const floor = height - margin.bottom;
  const flat = ticks(...across, (width - margin.left) / (letter * 5.5));
  for (const at of x === null ? [] : flat) {
    grid.append(svg("line", {x1: toX(at), x2: toX(at), y1: margin.top, y2: floor}),
      svg("text", {x: toX(at), y: floor + 1.25 * letter, "text-anchor": "middle"}, figure(at)));
  }
  for (const at of ticks(...up, (height - margin.bottom) / (letter * 2.3)).filter((one) => !whole || Number.isInteger(one))) {
    grid.append(svg("line", {x1: margin.left, x2: width - margin.right, y1: toY(at), y2: toY(at)}),
      svg("text", {x: margin.left - 0.5 * letter, y: toY(at), dy: "0.34em", "text-anchor": "end"}, figure(at)));
  }
  const names = svg("g", {class: "axis-names"},
    svg("text", {x: (margin.left + width - margin.right) / 2, y: height - 0.45 * letter, "text-anchor": "middle"}, x ?? ""),
    svg("text", {transform: `translate(${0.95 * letter} ${(margin.top + floor) / 2}) rotate(-90)`, "text-anchor": "middle"}, y));
  const drawing = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"}, grid,
    svg("path", {class: "frame-line", d: `M${margin.left},${margin.top}V${floor}H${width - margin.right}`}), names);
  return {drawing, toX, toY, floor, margin, width, height, letter};
}

function sayEmpty(box, text) {
  const told = document.createElement("p");
  told.className = "empty";
  told.textContent = text;
  box.replaceChildren(told);
}

// points: [{seat, x, y, ux, uy}]; the returned list tells where each is drawn.
export function scatter(box, points, {x, y, chosen = null}) {
  if (!points.length || box.clientWidth < 60) return sayEmpty(box, word("no_readings")), [];
  const plot = frameOf(box, {x, y, across: reach(points.map((one) => one.x)), up: reach(points.map((one) => one.y))});
  const placed = points.map((one) => ({...one, left: plot.toX(one.x), top: plot.toY(one.y)}));
  const dot = ({left, top}) => `M${left.toFixed(1)},${top.toFixed(1)}h0`;
  const others = placed.filter((one) => one.seat !== chosen);
  const own = placed.filter((one) => one.seat === chosen);
  plot.drawing.append(svg("path", {class: `dots${chosen ? " back" : ""}`, d: others.map(dot).join("")}));
  if (own.length) {
    const bars = own.flatMap((one) => [one.ux > 0 ? bar(plot.toX(one.x - one.ux), plot.toX(one.x + one.ux), one.top, false) : "",
      one.uy > 0 ? bar(plot.toY(one.y - one.uy), plot.toY(one.y + one.uy), one.left, true) : ""]);
    plot.drawing.append(svg("path", {class: "bars", d: bars.join("")}), svg("path", {class: "dots own", d: own.map(dot).join("")}));
  }
  box.replaceChildren(plot.drawing);
  return placed;
}

function bar(from, to, at, standing) {
  const f = (value) => value.toFixed(1);
  return standing ? `M${f(at)},${f(from)}V${f(to)}M${f(at - CAP)},${f(from)}h${2 * CAP}M${f(at - CAP)},${f(to)}h${2 * CAP}`
    : `M${f(from)},${f(at)}H${f(to)}M${f(from)},${f(at - CAP)}v${2 * CAP}M${f(to)},${f(at - CAP)}v${2 * CAP}`;
}

// values: [{seat, value, kind}]; kinds are stacked in the order given, the chosen seat's part is marked.
export function histogram(box, values, {x, kinds, chosen = null}) {
  if (!values.length || box.clientWidth < 60) return sayEmpty(box, word("no_answers"));
  const across = reach(values.map((one) => one.value));
  const edges = binEdges(values.map((one) => one.value), across);
  const bins = edges.slice(1).map((high, i) => values.filter((one) => one.value >= edges[i] && (one.value < high || (i === edges.length - 2 && one.value <= high))));
  const most = Math.max(...bins.map((bin) => bin.length));
  const plot = frameOf(box, {x, y: word("times_taken"), across: [edges[0], edges.at(-1)], up: [0, most * 1.08], whole: true});
  bins.forEach((bin, i) => {
    const left = plot.toX(edges[i]) + 1, width = Math.max(1, plot.toX(edges[i + 1]) - plot.toX(edges[i]) - 2);
    pile(plot, bin, kinds, chosen, left, width);
  });
  box.replaceChildren(plot.drawing);
}

function pile(plot, bin, kinds, chosen, left, width) {
  let height = 0;
  for (const kind of kinds) {
    const part = bin.filter((one) => one.kind === kind);
    for (const own of [true, false]) {
      const count = part.filter((one) => (one.seat === chosen) === own).length;
      if (!count) continue;
      const top = plot.toY(height + count);
      plot.drawing.append(svg("rect", {class: `pile ${own && chosen ? "own" : kind}${chosen && !own ? " back" : ""}`, x: left.toFixed(1), y: top.toFixed(1), width: width.toFixed(1), height: (plot.toY(height) - top).toFixed(1)}));
      height += count;
    }
  }
}

// Freedman and Diaconis: the width of a bin follows from the middle half of the values, which no outlier moves.
function binEdges(values, [low, high]) {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const wide = 2 * (quarter(0.75) - quarter(0.25)) / Math.cbrt(sorted.length) || (high - low) / 8;
  const count = Math.min(BINS[1], Math.max(BINS[0], Math.ceil((high - low) / wide)));
  const marks = ticks(low, high, count);
  const step = marks.length > 1 ? marks[1] - marks[0] : high - low;
  const first = Math.floor(low / step + 1e-9) * step;
  const found = [];
  for (let at = first; at < high + step * 0.999; at += step) found.push(Number(at.toPrecision(12)));
  return found.length > 1 ? found : [low, high];
}

// Answers with choices: one bar each, longest names cut by the page's own means.
export function bars(box, rows, {chosen = null, values}) {
  if (!values.length) return sayEmpty(box, word("no_answers"));
  const most = Math.max(1, ...rows.map((row) => values.filter((one) => one.value === row.key).length));
  const list = document.createElement("ol");
  list.className = "choice-bars";
  for (const row of rows) {
    const mine = values.filter((one) => one.value === row.key);
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = row.name;
    const track = document.createElement("span");
    track.className = "track";
    const fill = document.createElement("span");
    fill.className = mine.some((one) => one.kind === "wrong") ? "wrong" : mine.some((one) => one.kind === "right") ? "right" : "plain";
    fill.style.width = `${(100 * mine.length) / most}%`;
    if (chosen && mine.some((one) => one.seat === chosen)) fill.classList.add("own");
    track.append(fill);
    const count = document.createElement("b");
    count.textContent = String(mine.length);
    item.append(name, track, count);
    list.append(item);
  }
  box.replaceChildren(list);
}
