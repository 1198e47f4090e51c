// The table: one row per reading. A row can be left out of the fit, noted upon, or deleted and brought back.
import {h, icon, iconButton, replace} from "./dom.js";
import {both, t} from "./i18n.js";
import {minus, spread, symbol} from "./figures.js";
import {askFormula, askText} from "./dialogs.js";
import {growButton, sendForReport, titleLine} from "./panel.js";

export function createTable(lab) {
  const head = h("thead");
  const body = h("tbody");
  const table = h("table", {"aria-label": () => t("Table of readings")}, head, body);
  const scroll = h("div.scroll", {tabindex: "0", role: "region", "aria-label": () => t("Table of readings")}, table);
  const empty = h("div.empty", {}, h("div.grid-sign", {"aria-hidden": "true"}, ...Array.from({length: 9}, () => h("i"))),
    h("p", {}, () => t("Press Read to take your first reading.")));
  let count = 0;
  lab.on(["columns", "rows"], (state) => {
    const rows = state.rows.filter((row) => !row.deleted);
    empty.hidden = rows.length > 0;
    scroll.hidden = rows.length === 0;
    replace(head, h("tr", {}, h("th.index", {scope: "col"}, "#"), state.columns.map((column) => headCell(lab, column)), h("th.acts", {scope: "col"}, h("span.unseen", {}, t("Change")))));
    replace(body, rows.map((row) => rowOf(lab, row, state.columns)));
    if (rows.length > count) scroll.scrollTop = scroll.scrollHeight;
    count = rows.length;
  });
  return [titleLine(() => t("Table"), ...tools(lab)), h("div.body.table", {}, empty, scroll)];
}

function tools(lab) {
  const named = (sign, label, act) => h("button.quiet.tool", {type: "button", title: label, "aria-label": label, onclick: act}, icon(sign), h("span.wide", {}, label));
  return [
    named("formula", () => t("Formula"), () => editFormula(lab, null)),
    named("download", () => t("CSV"), () => lab.send("csv")),
    named("report", () => t("Report"), () => sendForReport(lab)),
    growButton(lab, "data"),
  ];
}

async function editFormula(lab, column) {
  const names = lab.state.columns.filter((one) => one !== column).map(({name}) => name);
  const formula = await askFormula(lab, {column, names});
  if (formula) lab.send("formula", formula);
}

function headCell(lab, column) {
  const label = both(column.label) || column.name;
  const title = [symbol(column) ?? h("span", {}, label), column.unit ? h("span.unit", {}, column.unit) : null];
  if (!column.formula) return h("th", {scope: "col", title: label, "aria-label": `${label}${column.unit ? ` (${column.unit})` : ""}`}, title);
  return h("th.formula", {scope: "col"}, h("button.quiet", {
    type: "button", title: t("Change the formula {name} = {formula}", {name: column.name, formula: column.formula}), "data-focus": `formula-${column.name}`, onclick: () => editFormula(lab, column),
  }, h("span.fx", {"aria-hidden": "true"}, "ƒ"), title));
}

function rowOf(lab, row, columns) {
  return h(`tr${row.excluded ? ".excluded" : ""}`, {"data-row": row.id, onmouseenter: () => lab.change({pointed: row.id}), onmouseleave: () => lab.change({pointed: null})},
    h("th.index", {scope: "row"}, h("label.use", {}, useBox(lab, row, numberOf(row)), h("span", {}, numberOf(row)), row.note ? h("i.has-note", {title: row.note, "aria-hidden": "true"}) : null)), columns.map((column) => cell(row.cells?.[column.name])), acts(lab, row, numberOf(row)));
}

function cell(told) {
  if (!told) return h("td");
  const u = told.uncertainty_text || spread(told.uncertainty, told.text);
  const doubt = told.ok === false ? {class: "doubtful", title: told.note ? t(told.note) : ""} : {};
  return h("td", doubt, minus(told.text ?? ""), u ? h("span.plus", {}, ` ± ${u}`) : null);
}

// Rows keep their number for good, so that a note or a file can name them.
function numberOf(row) {
  return String(row.id).replace(/^\D+/, "");
}

function acts(lab, row, number) {
  const order = (what, extra = {}) => lab.send("row", {id: row.id, what, ...extra});
  const note = iconButton("note", row.note ? t("Note: {note}", {note: row.note}) : t("Note on reading {number}", {number}), () => writeNote(lab, row, number),
    {class: `quiet round small${row.note ? " noted" : ""}`, "data-focus": `note-${row.id}`});
  const bin = iconButton("bin", t("Delete reading {number}", {number}), () => {
    order("delete");
    lab.speaker.notice({kind: "info", text: t("Reading {number} deleted.", {number}), action: {label: t("Undo"), run: () => order("restore")}});
  }, {class: "quiet round small", "data-focus": `bin-${row.id}`});
  return h("td.acts", {}, note, bin);
}

function useBox(lab, row, number) {
  const box = h("input", {type: "checkbox", "aria-label": t("Use reading {number} in the fit", {number}), title: t("Use in the fit"), "data-focus": `use-${row.id}`,
    onchange: () => lab.send("row", {id: row.id, what: box.checked ? "include" : "exclude"})});
  box.checked = !row.excluded;
  return box;
}

async function writeNote(lab, row, number) {
  const text = await askText(lab, {title: t("Note on reading {number}", {number}), label: t("What happened?"), value: row.note ?? "", yes: t("Keep"), rows: 3});
  if (text !== null) lab.send("row", {id: row.id, what: "note", text});
}
