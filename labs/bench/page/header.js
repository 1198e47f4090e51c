// The head of the page: where one is, how far, whether it is saved, whether the line holds.
import {h, icon, write} from "./dom.js";
import {both, currentLanguage, t} from "./i18n.js";

const PATIENCE = 700;  // ms that something may be unsaved before the head says so

export function createHeader(lab, help) {
  return h("header.head", {},
    h("a.brand", {href: lab.given.catalogue ?? "/", title: () => t("All labs")}, h("b", {}, "万象"), h("span.wide", {}, () => t("Wanxiang"))),
    h("span.chevron", {"aria-hidden": "true"}, "▸"),
    h("h1", {}, () => both(lab.given.title)),
    progress(lab),
    h("div.space"),
    saved(lab), connection(lab), languages(lab),
    h("button.quiet.round", {type: "button", "data-key": "help", "aria-label": () => t("Help and keys"), title: () => t("Help and keys"), onclick: help.open}, "?"));
}

export function currentStep(state) {
  const open = state.steps.findIndex((step) => !step.done);
  return open < 0 ? state.steps.length : open;
}

function progress(lab) {
  const text = h("span.steps-text");
  const dots = h("span.dots", {"aria-hidden": "true"});
  lab.on(["steps"], (state) => {
    const now = currentStep(state);
    const all = state.steps.length;
    write(text, !all ? "" : now === all ? t("all {count} steps done", {count: all}) : t("step {now} of {count}", {now: now + 1, count: all}));
    dots.replaceChildren(...state.steps.map((step, i) => h(`i.dot${step.done ? ".done" : i === now ? ".now" : ""}`)));
  });
  return h("div.how-far", {}, text, dots);
}

function saved(lab) {
  const text = h("span");
  const badge = h("div.sign.saved", {}, icon("tick"), text);
  let timer = null;
  const show = (pending) => {
    badge.classList.toggle("worry", pending > 0);
    badge.title = pending > 0 ? both(lab.state.saved.why) : "";
    write(text, pending > 0 ? t("not saved yet ({count})", {count: pending}) : t("saved"));
  };
  lab.on(["saved", "waiting"], (state) => {
    const pending = Math.max(state.saved.all ? 0 : 1, state.saved.pending) + state.waiting;
    clearTimeout(timer);
    if (pending === 0) show(0);
    else timer = setTimeout(() => show(lab.state.saved.all ? lab.state.waiting : Math.max(1, lab.state.saved.pending) + lab.state.waiting), PATIENCE);
  });
  show(0);
  return badge;
}

function connection(lab) {
  const text = h("span.wide");
  const badge = h("div.sign.line", {role: "status"}, icon("link"), text);
  lab.on(["lost", "slow", "gone", "ready"], (state) => {
    const word = state.slow ? t("waiting") : state.lost ? t("connection lost") : state.ready ? t("connected") : t("connecting…");
    badge.classList.toggle("worry", state.lost);
    badge.classList.toggle("waiting", !state.ready);
    badge.title = word;
    write(text, word);
  });
  return badge;
}

function languages(lab) {
  const button = h("button.quiet.language", {
    type: "button", "aria-label": () => (currentLanguage() === "zh" ? "中/EN: switch to English" : "中/EN：切换到中文"),
    onclick: () => lab.switchLanguage(currentLanguage() === "zh" ? "en" : "zh"),
  });
  lab.on([], () => {
    const zh = currentLanguage() === "zh";
    button.replaceChildren(h(`span${zh ? ".on" : ""}`, {}, "中"), h("span.slash", {}, "/"), h(`span${zh ? "" : ".on"}`, {}, "EN"));
  });
  return button;
}

