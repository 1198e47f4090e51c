// A question with its box, what was answered, and how many attempts are left. What is right is known to the bench alone.
import {h, icon} from "./dom.js";
import {both, t} from "./i18n.js";
import {brief} from "./figures.js";

const drafts = new Map();  // what stands in a box and was not sent yet survives every redrawing

export function createQuestion(lab, question) {
  const told = lab.state.questions[question.id] ?? {};
  const left = told.left ?? question.attempts ?? null;
  const closed = told.verdict === "right" || left === 0;
  const id = `wx-question-${question.id}`;
  const form = h("form.question", {onsubmit: (event) => { event.preventDefault(); answer(lab, question, form); }},
    h("p.asks", {id}, both(question.text)), closed ? given(question, told) : box(question, told, id),
    h("div.verdict", {}, verdict(told, left), attempts(question, told, left)));
  return form;
}

function kindOf(question) {
  return question.kind || (question.choices?.length ? "choice" : question.attempts ? "number" : "text");
}

function box(question, told, id) {
  const focus = `answer-${question.id}`;
  const keep = (event) => drafts.set(question.id, event.target.value);
  const draft = drafts.get(question.id) ?? "";
  const button = h("button", {"data-focus": `send-${question.id}`}, told.verdict ? t("Answer again") : t("Answer"));
  if (kindOf(question) === "choice") {
    return h("fieldset", {"aria-labelledby": id}, ...question.choices.map((choice, i) => h("label.choice", {},
      h("input", {type: "radio", name: id, value: String(i), checked: String(i) === draft, "data-focus": `${focus}-${i}`, onchange: keep}), h("span", {}, both(choice)))), button);
  }
  if (kindOf(question) === "text") {
    const area = h("textarea", {rows: 3, "aria-labelledby": id, "data-focus": focus, oninput: keep});
    area.value = draft || (told.value ?? "");
    return h("div.write", {}, area, button);
  }
  const number = h("input", {type: "text", inputmode: "decimal", autocomplete: "off", "aria-labelledby": id, "data-focus": focus, oninput: keep});
  number.value = draft;
  return h("div.enter", {}, number, question.unit ? h("span.unit", {}, question.unit) : null, button);
}

function given(question, told) {
  const shown = kindOf(question) === "choice" ? both(question.choices[told.value]) : kindOf(question) === "number" ? brief(told.value, 6) : told.value;
  return h("p.given", {}, shown == null ? "" : String(shown), question.unit && told.value != null ? h("span.unit", {}, ` ${question.unit}`) : null);
}

function verdict(told, left) {
  if (told.verdict === "right") return h("span.right", {}, icon("tick"), t("Right."));
  if (told.verdict === "wrong") return h("span.wrong", {}, icon("close"), left === 0 ? t("Not right.") : t("Not right yet."));
  return told.verdict === "given" ? h("span.right", {}, icon("tick"), t("Noted.")) : null;
}

function attempts(question, told, left) {
  if (told.verdict === "right" || left == null || kindOf(question) === "text") return null;
  if (left === 0) return h("span.left", {}, t("no attempts left"));
  return h("span.left", {}, left === 1 ? t("one attempt left") : t("{count} attempts left", {count: left}));
}

function answer(lab, question, form) {
  const field = form.querySelector("input:checked, input[type=text], textarea");
  const raw = field?.value.trim() ?? "";
  const kind = kindOf(question);
  const value = kind === "text" ? raw : Number(raw.replace(/[−–]/g, "-").replace(/，|,/g, "."));
  if (raw === "" || (kind !== "text" && !Number.isFinite(value))) {
    lab.speaker.notice({kind: "warn", text: kind === "number" ? t("Type a number first.") : t("Choose or write an answer first.")});
    return (field ?? form.querySelector("input"))?.focus();
  }
  drafts.delete(question.id);
  lab.send("answer", {question: question.id, value});
}
