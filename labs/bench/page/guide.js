// The guide: what to do now and why, a hint when stuck, what is done, what is to come.
import {h, icon, iconButton, replace} from "./dom.js";
import {both, t} from "./i18n.js";
import {currentStep} from "./header.js";
import {createQuestion} from "./questions.js";
import {sendForReport, titleLine} from "./panel.js";

export function createGuide(lab) {
  const list = h("ol.steps");
  const open = new Set();  // finished or future steps that the student unfolded
  const finish = h("div.finish");
  const hide = iconButton("close", () => t("Hide the guide"), () => setGuide(lab, false), {"data-key": "g"});
  const questions = looseQuestions(lab);
  const draw = (state) => replace(list, (lab.given.steps ?? []).map((step, i) => stepItem(lab, step, i, state, open, () => draw(lab.state))));
  lab.on(["steps", "questions"], draw);
  followCurrent(lab, list);
  lab.on(["steps", "questions"], (state) => drawFinish(lab, finish, state));
  return [titleLine(() => t("Guide"), hide), h("div.body", {}, h("p.summary", {}, () => both(lab.given.summary)), list, questions, finish), shownButton(lab)];
}

// The step to do now stays in sight, and is said to those who cannot see it.
function followCurrent(lab, list) {
  let seen = null;
  lab.on(["steps"], (state) => {
    const now = currentStep(state);
    if (now === seen || !state.steps.length) return;
    list.children[now]?.scrollIntoView?.({block: "nearest"});
    if (seen !== null && lab.given.steps?.[now]) lab.speaker.say(t("Next step: {text}", {text: both(lab.given.steps[now].text)}));
    seen = now;
  });
}

function setGuide(lab, on) {
  lab.change({guide: on});
  lab.send("guide", {on});
}

function shownButton(lab) {
  return h("button.show-guide", {type: "button", "data-key": "g", onclick: () => setGuide(lab, true)}, () => t("Guide"));
}

const KINDS = {predict: () => t("Predict"), measure: () => t("Measure"), explain: () => t("Explain")};

function stepItem(lab, step, i, state, open, redraw) {
  const told = state.steps[i] ?? {};
  const now = currentStep(state) === i;
  const shown = now || open.has(i);
  const flip = () => { if (open.has(i)) open.delete(i); else open.add(i); redraw(); };
  const first = KINDS[step.kind] && lab.given.steps[i - 1]?.kind !== step.kind;
  const mark = h("span.mark", {"aria-hidden": "true"}, told.done ? icon("tick") : String(i + 1));
  const status = h("span.unseen", {}, told.done ? t("done") : now ? t("now") : t("to come"));
  const line = now ? h("p.text", {}, status, both(step.text))
    : h("button.text.fold", {type: "button", "aria-expanded": String(shown), title: both(step.text), "data-focus": `step-${i}`, onclick: flip}, status, both(step.text));
  return h(`li.step${told.done ? ".done" : ""}${now ? ".now" : ""}${shown ? ".shown" : ""}`, now ? {"aria-current": "step"} : {},
    first ? h("div.kind", {}, KINDS[step.kind]()) : null, mark, h("div.what", {}, line, shown ? details(lab, step, i, told, now) : null));
}

function details(lab, step, i, told, now) {
  const question = step.question != null ? (lab.given.questions ?? []).find(({id}) => id === step.question) : null;
  return [
    both(step.why) ? h("p.why", {}, both(step.why)) : null,
    now && told.need > 1 ? measure(told) : null,
    now && both(told.told) && both(told.told) !== both(step.text) ? h("p.told", {}, both(told.told)) : null,
    question ? createQuestion(lab, question) : null,
    both(step.hint) && !told.done ? h("details.hint", {}, h("summary", {"data-focus": `hint-${i}`}, icon("bulb"), t("Hint")), h("p", {}, both(step.hint))) : null,
    now && step.confirm && !question ? h("button.primary.confirm", {type: "button", "data-focus": `confirm-${i}`, onclick: () => lab.send("confirm", {step: i})}, t("Done")) : null,
  ];
}

function measure({have = 0, need}) {
  const whole = Number.isInteger(need) && need <= 12;
  const text = t("{have} of {need}", {have: round(have), need: round(need)});
  const pips = whole ? h("span.pips", {"aria-hidden": "true"}, Array.from({length: need}, (_, i) => h(`i${i < have ? ".on" : ""}`)))
    : h("progress", {max: need, value: Math.min(have, need), "aria-hidden": "true"});
  return h("div.measure", {}, pips, h("span", {}, text));
}

function round(value) {
  return String(Number(Number(value).toPrecision(3)));
}

// Questions that belong to no step stand below the steps.
function looseQuestions(lab) {
  const taken = new Set((lab.given.steps ?? []).map(({question}) => question));
  const loose = (lab.given.questions ?? []).filter(({id}) => !taken.has(id));
  const box = h("div.questions");
  if (!loose.length) return box;
  const items = new Map(loose.map((question) => [question.id, h("div")]));
  box.append(h("h3", {}, () => t("Questions")), ...items.values());
  lab.on(["questions"], () => loose.forEach((question) => replace(items.get(question.id), createQuestion(lab, question))));
  return box;
}

function drawFinish(lab, finish, state) {
  const all = state.steps.length > 0 && state.steps.every((step) => step.done);
  const answered = (lab.given.questions ?? []).every(({id}) => state.questions[id]?.verdict || state.questions[id]?.left === 0);
  finish.hidden = !all;
  if (!all) return;
  replace(finish, h("h3", {}, icon("tick"), t("All steps done.")), h("p", {}, answered ? t("Your report is ready: the question, your table, the fit and your answers on two pages.") : t("Answer the questions, then take your report.")),
    h("button", {type: "button", class: answered ? "primary" : "", "data-focus": "report", onclick: () => sendForReport(lab)}, icon("report"), t("Report")));
}
