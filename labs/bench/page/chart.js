// The chart: axes and curve to choose, the fit's parameters, and the drawing with a read-out of single points.
import {h, replace, write} from "./dom.js";
import {both, t} from "./i18n.js";
import {brief, minus, symbol} from "./figures.js";
import {growButton, titleLine} from "./panel.js";
import {drawPlot} from "./plot.js";

const REACH = 28;  // px from a point at which the pointer still means it

export function createChart(lab) {
  const sheet = h("div.plot", {tabindex: "0", role: "group", "data-focus": "plot"});
  const tip = h("div.tip", {hidden: true});
  const empty = h("p.empty-chart");
  const frame = h("div.frame", {}, sheet, tip, empty);
  const view = {points: [], at: null};
  const draw = () => redraw(lab, view, sheet, empty);
  lab.on(["chart", "columns", "tab", "big"], draw);
  new ResizeObserver(draw).observe(frame);
  lab.on(["pointed"], (state) => point(lab, view, tip, view.points.findIndex(({id}) => state.pointed != null && id === state.pointed), false));
  sheet.addEventListener("pointermove", (event) => point(lab, view, tip, nearest(view, sheet, event), false));
  sheet.addEventListener("pointerleave", () => point(lab, view, tip, -1, false));
  sheet.addEventListener("blur", () => point(lab, view, tip, -1, false));
  sheet.addEventListener("keydown", (event) => walk(lab, view, tip, event));
  return [titleLine(() => t("Chart"), ...choosers(lab), growButton(lab, "chart")), h("div.body.charting", {}, frame, results(lab))];
}

function choosers(lab) {
  const choose = () => lab.send("chart", {x: x.value, y: y.value, fit: fit.value});
  const pick = (label) => h("select", {"aria-label": label, title: label, onchange: choose});
  const y = pick(() => t("Upright axis"));
  const x = pick(() => t("Level axis"));
  const fit = pick(() => t("Curve"));
  lab.on(["columns", "chart"], (state) => {
    for (const [list, key] of [[x, "x"], [y, "y"]]) {
      list.replaceChildren(...state.columns.map((column) => h("option", {value: column.name}, axisName(column))));
      if (state.chart[key]) list.value = state.chart[key];
    }
    fit.replaceChildren(h("option", {value: ""}, t("no curve")), ...fits(lab).map(({name, label}) => h("option", {value: name}, both(label))));
    fit.value = state.chart.fit ?? "";
  });
  return [h("span.axes", {}, h("label", {}, h("i.symbol", {}, "y"), y), h("label", {}, h("i.symbol", {}, "x"), x)), fit];
}

function fits(lab) {
  return lab.given.fits ?? [{name: "linear", label: t("straight line")}, {name: "proportional", label: t("proportional")},
    {name: "power", label: t("power law")}, {name: "inverse", label: t("inverse")}];
}

function axisName(column, withUnit = false) {
  const name = column.symbol ? column.symbol.replace("_", "") : both(column.label) || column.name;
  return withUnit && column.unit ? `${name} (${column.unit})` : name;
}

// On the axis itself the quantity is named in full: "pressure p (kPa)".
function axisTitle(column, given) {
  if (both(given)) return both(given);
  if (!column) return "";
  const label = both(column.label);
  const sign = column.symbol ? column.symbol.replace("_", "") : "";
  const name = [label, sign === label ? "" : sign].filter(Boolean).join(" ") || column.name;
  return column.unit ? `${name} (${column.unit})` : name;
}

function redraw(lab, view, sheet, empty) {
  const {chart, columns} = lab.state;
  const find = (name) => columns.find((column) => column.name === name);
  const [x, y] = [find(chart.x), find(chart.y)];
  const points = (chart.points ?? []).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  empty.hidden = points.length > 0;
  write(empty, t("Your readings appear here as points."));
  sheet.hidden = points.length === 0;
  const [width, height] = [sheet.parentElement.clientWidth, sheet.parentElement.clientHeight];
  if (!points.length || width < 80 || height < 80) return sheet.replaceChildren();
  const plot = drawPlot({...chart, points}, {width, height, x: axisTitle(x, chart.labels?.x), y: axisTitle(y, chart.labels?.y), residual: t("residuals")});
  sheet.replaceChildren(plot.element);
  view.points = plot.points;
  view.columns = {x, y};
  sheet.setAttribute("aria-label", inWords(chart, points, x, y));
}

function inWords(chart, points, x, y) {
  const used = points.filter((point) => !point.excluded).length;
  const said = [t("Chart of {y} against {x}: {count} points, {used} used in the fit.", {y: axisTitle(y), x: axisTitle(x), count: points.length, used})];
  for (const parameter of chart.parameters ?? []) said.push(`${both(parameter.label) || parameter.name}: ${parameter.text} ${parameter.unit ?? ""}.`);
  said.push(t("Arrow keys go from point to point."));
  return said.join(" ");
}

function nearest(view, sheet, event) {
  const box = sheet.getBoundingClientRect();
  const [left, top] = [event.clientX - box.left, event.clientY - box.top];
  let best = -1;
  let least = REACH;
  view.points.forEach((point, i) => {
    const away = Math.min(Math.hypot(point.left - left, point.top - top), point.low != null ? Math.hypot(point.left - left, point.low - top) : Infinity);
    if (away < least) [best, least] = [i, away];
  });
  return best;
}

function point(lab, view, tip, i, spoken) {
  view.points[view.at]?.mark.classList.remove("pointed");
  view.at = i;
  const chosen = view.points[i];
  tip.hidden = !chosen;
  if (!chosen) return;
  chosen.mark.classList.add("pointed");
  const words = readOut(view, chosen);
  replace(tip, words.map((line) => h("div", {}, line)));
  const side = chosen.left > view.points.width / 2 ? "right" : "left";
  tip.dataset.side = side;
  tip.style.left = `${chosen.left}px`;
  tip.style.top = `${chosen.top}px`;
  if (spoken) lab.speaker.say(words.join(", "));
}

function readOut(view, {told, index}) {
  const {x, y} = view.columns;
  const line = (column, value, u) => `${column ? axisName(column) : ""} = ${brief(value)}${u ? ` ± ${brief(u, 2)}` : ""} ${column?.unit ?? ""}`;
  const which = t("reading {number}", {number: String(told.id ?? index + 1).replace(/^\D+/, "")});
  const out = told.excluded ? [t("left out")] : [];
  return [[which, ...out].join(" · "), line(x, told.x, told.ux), line(y, told.y, told.uy)];
}

function walk(lab, view, tip, event) {
  const last = view.points.length - 1;
  const goal = {ArrowRight: Math.min(last, (view.at ?? -1) + 1), ArrowLeft: Math.max(0, (view.at ?? 0) - 1), Home: 0, End: last}[event.key];
  if (goal === undefined || last < 0) return;
  event.preventDefault();
  point(lab, view, tip, goal, true);
}

function results(lab) {
  const box = h("div.results", {role: "status"});
  lab.on(["chart"], ({chart}) => {
    const parameters = (chart.parameters ?? []).map((parameter) => h("span.parameter", {title: both(parameter.label)},
      symbol({symbol: parameter.symbol ?? parameter.name}), " = ", h("b", {}, minus(parameter.text ?? brief(parameter.value))), parameter.unit ? h("span.unit", {}, parameter.unit) : null));
    const quality = Number.isFinite(chart.chi2) ? h("span.parameter.quality", {title: t("reduced chi-square: about 1 when the curve fits within the error bars")}, "χ²/ν = ", h("b", {}, brief(chart.chi2, 3))) : null;
    const equation = chart.equation ? h("span.equation", {}, minus(both(chart.equation))) : null;
    replace(box, both(chart.message) ? h(`span.message${chart.problem ? ".trouble" : ""}`, {}, both(chart.message)) : null, equation, parameters, quality);
    box.hidden = !box.childNodes.length;
  });
  return box;
}
