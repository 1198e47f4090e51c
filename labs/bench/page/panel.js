// What every panel has: a title line with tools, and a way to take the larger part of the page.
import {h, icon} from "./dom.js";
import {t} from "./i18n.js";

export function titleLine(title, ...tools) {
  return h("div.title", {}, h("h2", {}, title), h("div.tools", {}, ...tools));
}

// The report shows the bench as the student left it, so its picture goes along.
export function sendForReport(lab) {
  lab.send("report", {picture: lab.picture?.() ?? ""});
}

export function growButton(lab, name) {
  const label = () => (lab.state.big === name ? t("Smaller") : t("Larger"));
  const button = h("button.quiet.round.grow", {
    type: "button", "aria-label": label, title: label, "aria-pressed": "false",
    onclick: () => lab.change({big: lab.state.big === name ? "" : name}),
  }, icon("grow"));
  lab.on(["big"], (state) => {
    button.setAttribute("aria-pressed", String(state.big === name));
    button.setAttribute("aria-label", label());
    button.title = label();
  });
  return button;
}
