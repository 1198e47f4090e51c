// What covers the page when it cannot be worked on: the bench is open elsewhere, or is gone for good.
import {h} from "./dom.js";
import {t} from "./i18n.js";

export function createCover(lab) {
  const elsewhere = card(() => t("Your bench is open in another tab."),
    () => t("You can go on here; the other tab then waits."),
    () => t("Continue here"), () => lab.send("hello", {take: true}));
  const gone = card(() => t("The bench has stopped answering."),
    () => t("Your data are saved. Load the page again to go on."),
    () => t("Load again"), () => location.reload());
  show(lab, "elsewhere", elsewhere);
  show(lab, "gone", gone);
  return [elsewhere, gone];
}

function card(title, text, label, act) {
  return h("dialog.card", {}, h("h2", {}, title), h("p", {}, text), h("div.answers", {}, h("button.primary", {type: "button", onclick: act}, label)));
}

function show(lab, key, dialog) {
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  lab.on([key], (state) => {
    if (state[key] && !dialog.open) dialog.showModal();
    else if (!state[key] && dialog.open) dialog.close();
  });
}
