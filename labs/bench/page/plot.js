// Points with error bars in both directions, the fitted curve, and the residuals below on the same level axis. All SVG, all CSS colours.
import {svg} from "./dom.js";
import {brief, minus} from "./figures.js";
import {scaleLinear} from "./vendor/d3-scale.js";

const LEAST = 62, RIGHT = 14, TOP = 12, BOTTOM = 40, GAP = 16;  // px around the plots
const NAME = 30, DIGIT = 7.2;  // px left of the labels for the axis' name; and the width of one character of them
const CAP = 3.5;  // px, half the end stroke of an error bar

export function drawPlot(chart, {width, height, x, y, residual}) {
  const residuals = (chart.residuals ?? []).filter(({r}) => Number.isFinite(r));
  const low = residuals.length && height > 210 ? Math.max(52, Math.round(height * 0.2)) : 0;
  const floor = height - BOTTOM - (low ? low + GAP : 0);
  const up = scaleLinear(reach(chart.points, "y", "uy", chart.curve, 1), [floor, TOP]).nice(ticksFor(floor - TOP, 44));
  const left = room(up, ticksFor(floor - TOP, 44));
  const across = scaleLinear(reach(chart.points, "x", "ux", chart.curve, 0), [left, width - RIGHT]);
  const element = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"});
  element.append(grid(across, up, {top: TOP, floor, width, labelled: !low}));
  if (low) element.append(residualPlot(residuals, chart.points, across, {top: floor + GAP, floor: height - BOTTOM, width, name: residual}));
  element.append(axisNames(x, y, left, width, height, floor));
  if (chart.band?.length) element.append(band(chart.band, across, up));
  if (chart.curve?.length) element.append(curve(chart.curve, across, up));
  const points = marks(chart.points, across, up);
  element.append(svg("g", {class: "points"}, points.map(({mark}) => mark)));
  return {element, points: Object.assign(points, {width})};
}

// Labels with many digits push the plot to the right, so that they never run into the name of their axis.
function room(up, count) {
  const say = sayer(up, count);
  return Math.max(LEAST, NAME + DIGIT * Math.max(...up.ticks(count).map((tick) => minus(say(tick)).length)));
}

function ticksFor(length, each) {
  return Math.max(2, Math.round(length / each));
}

// From the lowest to the highest end of bars and curve, with air around; zero is shown when it is near.
function reach(points, key, bar, curve = [], column = 0) {
  const ends = points.flatMap((point) => [point[key] - (point[bar] ?? 0), point[key] + (point[bar] ?? 0)]);
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  for (const at of curve ?? []) [low, high] = [Math.min(low, at[column]), Math.max(high, at[column])];
  if (low === high) [low, high] = low === 0 ? [-1, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const air = (high - low) * 0.07;
  const from = low > 0 && low < high * 0.3 ? 0 : low - air;
  const to = high < 0 && high > low * 0.3 ? 0 : high + air;
  return [from, to];
}

function grid(across, up, {top, floor, width, labelled}) {
  const [left] = across.range();
  const group = svg("g", {class: "grid"});
  const count = ticksFor(width - left - RIGHT, 78);
  const say = sayer(across, count);
  for (const tick of across.ticks(count)) {
    const at = crisp(across(tick));
    group.append(svg("line", {x1: at, x2: at, y1: top, y2: floor}));
    if (labelled) group.append(svg("text", {x: at, y: floor + 17, "text-anchor": "middle"}, minus(say(tick))));
  }
  upright(group, up, left, width, ticksFor(floor - top, 44));
  group.append(svg("path", {class: "frame-line", d: `M${left + 0.5},${top}V${crisp(floor)}H${width - RIGHT}`}));
  return group;
}

function upright(group, up, left, width, count) {
  const say = sayer(up, count);
  for (const tick of up.ticks(count)) {
    const at = crisp(up(tick));
    group.append(svg("line", {x1: left, x2: width - RIGHT, y1: at, y2: at}),
      svg("text", {x: left - 8, y: at, dy: "0.34em", "text-anchor": "end"}, minus(say(tick))));
  }
}

// Tick labels carry as many decimals as their distance needs; powers of ten only for the very large and small.
function sayer(scale, count) {
  const most = Math.max(...scale.domain().map(Math.abs));
  return most >= 1e6 || most < 1e-3 ? (tick) => brief(tick) : scale.tickFormat(count, "f");
}

function crisp(at) {
  return Math.round(at) + 0.5;
}

function axisNames(x, y, left, width, height, floor) {
  const middle = (TOP + floor) / 2;
  return svg("g", {class: "axis-names"}, svg("text", {x: (left + width - RIGHT) / 2, y: height - 6, "text-anchor": "middle"}, x),
    svg("text", {transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle"}, y));
}

function curve(points, across, up) {
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${across(x).toFixed(1)},${up(y).toFixed(1)}`).join("");
  return svg("path", {class: "curve", d: path});
}

// How far the curve itself is uncertain.
function band(edges, across, up) {
  const at = ([x], y) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`;
  const there = edges.map((edge) => at(edge, edge[2]));
  const back = edges.map((edge) => at(edge, edge[1])).reverse();
  return svg("path", {class: "band", d: `M${[...there, ...back].join("L")}Z`});
}

// Where readings lie a hair apart, the order of drawing follows the level axis: arrow keys then walk from left to right.
function marks(points, across, up) {
  return points.map((told, index) => ({told, index, id: told.id, left: across(told.x), top: up(told.y)}))
    .sort((a, b) => a.left - b.left)
    .map((point) => ({...point, mark: mark(point, across, up)}));
}

function mark({told, left, top}, across, up) {
  const group = svg("g", {class: told.excluded ? "point left-out" : "point", "data-row": told.id});
  if (told.ux > 0) group.append(bar(across(told.x - told.ux), across(told.x + told.ux), top, false));
  if (told.uy > 0) group.append(bar(up(told.y - told.uy), up(told.y + told.uy), left, true));
  group.append(svg("circle", {cx: left, cy: top, r: 4.5}));
  return group;
}

function bar(from, to, at, standing) {
  const ends = [from, to].map((end) => (standing ? `M${at - CAP},${end}h${2 * CAP}` : `M${end},${at - CAP}v${2 * CAP}`)).join("");
  return svg("path", {class: "bar", d: (standing ? `M${at},${from}V${to}` : `M${from},${at}H${to}`) + ends});
}

function residualPlot(residuals, points, across, {top, floor, width, name}) {
  const [left] = across.range();
  const most = Math.max(...residuals.map(({r, u}) => Math.abs(r) + (u ?? 0)), Number.MIN_VALUE);
  const up = scaleLinear([-most * 1.15, most * 1.15], [floor, top]);
  const group = svg("g", {class: "residuals"});
  const count = ticksFor(width - left - RIGHT, 78);
  const say = sayer(across, count);
  for (const tick of across.ticks(count)) {
    const at = crisp(across(tick));
    group.append(svg("line", {x1: at, x2: at, y1: top, y2: floor}), svg("text", {x: at, y: floor + 17, "text-anchor": "middle"}, minus(say(tick))));
  }
  upright(group, up, left, width, 2);
  group.append(svg("path", {class: "frame-line", d: `M${left + 0.5},${top}V${crisp(floor)}H${width - RIGHT}`}), svg("line", {class: "zero", x1: left, x2: width - RIGHT, y1: crisp(up(0)), y2: crisp(up(0))}));
  const byId = new Map(points.map((point) => [point.id, point]));
  for (const {id, x, r, u} of residuals) {
    const at = across(x ?? byId.get(id)?.x);
    const out = byId.get(id)?.excluded ? " left-out" : "";
    group.append(svg("g", {class: `point${out}`}, u > 0 ? bar(up(r - u), up(r + u), at, true) : null, svg("circle", {cx: at, cy: up(r), r: 3.2})));
  }
  group.append(svg("text", {class: "label", transform: `translate(13 ${(top + floor) / 2}) rotate(-90)`, "text-anchor": "middle"}, name));
  return group;
}
