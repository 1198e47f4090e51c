// What the teacher can do: pause, say something, end the lesson; and one seat's card with everything about it.
import {figure, h, language, post, word, write} from "./teacher.js";
import {numberOf} from "./teacher-live.js";

export function createOrders(lesson, names) {
  const uid = lesson.lesson.uid;
  const order = (body) => post(`/teacher/lesson/${uid}/orders`, body);
  const message = document.getElementById("message-card");
  const card = document.getElementById("seat-card");
  let to = null;
  const compose = (seat) => {
    to = seat;
    write(message.querySelector("h2"), seat ? word("message_to", {seat: numberOf(seat)}) : word("message_all"));
    message.querySelector("textarea").value = "";
    message.showModal();
    message.querySelector("textarea").focus();
  };
  message.querySelector("[data-do=close]").addEventListener("click", () => message.close("no"));
  message.addEventListener("close", async () => {
    const text = message.querySelector("textarea").value.trim();
    if (message.returnValue !== "send" || !text) return;
    message.returnValue = "";
    await attempt(async () => tell(word("sent", await order({do: "say", text, ...(to ? {seat: to} : {})}))));
  });
  document.querySelector("[data-do=message]").addEventListener("click", () => compose(null));
  document.querySelector("[data-do=pause]").addEventListener("click", () => attempt(() => order({do: "pause", on: !lesson.lesson.paused})));
  endings(order);
  for (const dialog of [message, card]) closeOutside(dialog);
  const openSeat = (seat) => {
    card.replaceChildren(...seatCard(lesson, seat, names()?.[numberOf(seat)], {compose, attempt, close: () => card.close()}));
    card.showModal();
  };
  return {openSeat};
}

function endings(order) {
  const end = document.getElementById("end-card");
  document.querySelector("[data-do=end]").addEventListener("click", () => { end.returnValue = ""; end.showModal(); });
  end.addEventListener("close", () => { if (end.returnValue === "end") attempt(() => order({do: "end"})); });
}

function closeOutside(dialog) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close("no"); });
}

async function attempt(deed) {
  try {
    await deed();
  } catch (problem) {
    tell(problem.told?.[language()] ?? word("not_sent"), true);
  }
}

function tell(text, bad = false) {
  const notice = document.querySelector(".notice");
  write(notice, text);
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { notice.hidden = true; }, bad ? 9000 : 4500);
}

function seatCard(lesson, name, who, {compose, attempt: dare, close}) {
  const seat = lesson.seats.get(name);
  const uid = lesson.lesson.uid;
  const decide = (what) => () => { close(); dare(() => post(`/teacher/seats/${what}`, {seat: name})); };
  const steps = lesson.scenario.steps.map((text, i) => h(`li${seat.done?.[i] === "1" ? ".done" : i === seat.step ? ".now" : ""}`, {}, text[language()]));
  return [
    h("header", {}, h("h2", {}, `${lesson.lesson.class_id} / ${numberOf(name)}`, who ? h("span", {}, ` ${who}`) : null),
      h("button.quiet.round", {type: "button", "aria-label": word("close"), onclick: close}, "✕")),
    seat.waiting ? h("div.consent", {}, h("p", {}, word("consent_text", {seat: numberOf(name)})),
      h("p.ways", {}, h("button.primary", {type: "button", onclick: decide("allow")}, word("allow")), h("button.quiet", {type: "button", onclick: decide("refuse")}, word("refuse")))) : null,
    (seat.alerts ?? []).length ? h("ul.alerts", {}, ...seat.alerts.map((one) => h("li", {"data-level": one.level}, one.text[language()]))) : null,
    seat.run ? h("p.soft", {}, [seat.last?.[language()], word("readings", {n: seat.readings})].filter(Boolean).join(" · ")) : h("p.soft", {}, word("not_here")),
    seat.run ? h("ol.step-list", {}, ...steps) : null,
    answersOf(lesson, seat),
    h("p.ways", {}, h("button.quiet", {type: "button", onclick: () => { close(); compose(name); }}, word("message")),
      seat.run ? h("a.quiet.button", {href: `/teacher/report/${uid}/${numberOf(name)}`, target: "_blank", rel: "noopener"}, word("report")) : null,
      seat.claimed ? h("button.quiet", {type: "button", onclick: decide("free")}, word("free_seat")) : null,
      seat.run ? h("a.primary", {href: `/teacher/bench/${uid}/${name}`}, word("open_bench")) : null),
  ].filter(Boolean);
}

function answersOf(lesson, seat) {
  const rows = lesson.scenario.questions.filter((one) => seat.answers?.[one.id]).map((one) => {
    const given = seat.answers[one.id];
    const value = one.choices[given.value]?.[language()] ?? (typeof given.value === "number" ? `${figure(given.value)} ${given.unit}` : String(given.value));
    const sign = {right: "✓", wrong: "✗"}[given.verdict] ?? "•";
    return h("li", {"data-verdict": given.verdict}, h("span.sign", {"aria-label": given.verdict === "recorded" ? "" : word(given.verdict)}, sign),
      h("span", {}, one.text[language()], " ", h("b", {}, value), given.times > 1 ? h("small", {}, ` ${given.times}×`) : null));
  });
  return rows.length ? h("ul.answers", {}, ...rows) : null;
}
