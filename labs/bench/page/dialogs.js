// Small questions to the student, each a native dialog: Esc closes, focus returns where it was.
import {h} from "./dom.js";
import {t} from "./i18n.js";

function open(lab, content, ...answers) {
  const dialog = h("dialog.card", {}, h("form", {method: "dialog"}, ...content, h("div.answers", {}, ...answers)));
  lab.home.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return dialog;
}

export function ask(lab, {title, text, yes}) {
  return new Promise((resolve) => {
    const dialog = open(lab, [h("h2", {}, title), h("p", {}, text)],
      h("button", {value: "no"}, t("Cancel")), h("button.primary", {value: "yes"}, yes));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

export function askText(lab, {title, text, label, value = "", yes, rows = 1}) {
  return new Promise((resolve) => {
    const box = rows > 1 ? h("textarea", {rows}) : h("input", {type: "text"});
    box.value = value;
    const dialog = open(lab, [h("h2", {}, title), text ? h("p", {}, text) : null, h("label.field", {}, h("span", {}, label), box)],
      h("button", {value: "no", type: "button", onclick: () => dialog.close("no")}, t("Cancel")), h("button.primary", {value: "yes"}, yes));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? box.value.trim() : null));
    box.focus();
  });
}

export function askFormula(lab, {column, names}) {
  return new Promise((resolve) => {
    const name = h("input", {type: "text", required: true, maxlength: 24, placeholder: "pV"});
    const text = h("input", {type: "text", required: true, placeholder: "pressure * volume", autocapitalize: "off", autocomplete: "off", spellcheck: "false"});
    name.value = column?.name ?? "";
    name.readOnly = Boolean(column);
    text.value = column?.formula ?? "";
    const insert = (word) => { text.setRangeText(word, text.selectionStart, text.selectionEnd, "end"); text.focus(); };
    const dialog = open(lab, [h("h2", {}, column ? t("Change the formula") : t("New column from a formula")),
      h("p", {}, t("Use the names of columns with + − * / ** and sqrt, log, exp. Units and uncertainties follow by themselves.")),
      h("label.field", {}, h("span", {}, t("Name")), name), h("label.field", {}, h("span", {}, t("Formula")), text),
      h("div.chips", {}, ...names.map((word) => h("button.chip", {type: "button", onclick: () => insert(word)}, word)))],
      column ? h("button.danger", {value: "remove", type: "button", onclick: () => dialog.close("remove")}, t("Remove column")) : null,
      h("button", {type: "button", onclick: () => dialog.close("no")}, t("Cancel")), h("button.primary", {value: "yes"}, t("Use")));
    dialog.addEventListener("close", () => resolve({yes: {name: name.value.trim(), text: text.value.trim()}, remove: {name: name.value, text: ""}}[dialog.returnValue] ?? null));
    (column ? text : name).focus();
  });
}
