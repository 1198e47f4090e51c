// The news of a lesson: the whole wall once, then what changes. A line that is silent is noticed, told, and joined again.
import {data, write, word} from "./teacher.js";

const SILENCE = 5500;  // ms; the box says something every two seconds

export function createClass() {
  const lesson = {
    lesson: data.lesson, scenario: data.scenario, seats: new Map(), late: 0, live: false, lost: false,
    listeners: [], on(listener) { this.listeners.push(listener); },
  };
  take(lesson, data);
  return lesson;
}

export function follow(lesson) {
  let source = null;
  let heard = performance.now();
  const hear = (act) => (event) => {
    heard = performance.now();
    turn(lesson, true);
    if (act) tell(lesson, act(JSON.parse(event.data)));
  };
  const open = () => {
    source?.close();
    source = new EventSource(`/teacher/events/${lesson.lesson.uid}`);
    source.addEventListener("everything", hear((told) => take(lesson, told)));
    source.addEventListener("change", hear((told) => change(lesson, told)));
    source.addEventListener("lesson", hear((told) => { lesson.lesson = told.lesson; return new Set(["lesson"]); }));
    source.addEventListener("beat", hear((told) => { lesson.late = Date.now() / 1000 - told.now; return new Set(["clock"]); }));
  };
  open();
  setInterval(() => {
    if (performance.now() - heard < SILENCE) return;
    turn(lesson, false);
    if (source.readyState === EventSource.CLOSED) open();
  }, 1000);
}

function turn(lesson, live) {
  if (lesson.live === live && lesson.lost === !live) return;
  lesson.live = live;
  lesson.lost = !live;
  tell(lesson, new Set(["line"]));
}

function tell(lesson, changed) {
  for (const listener of lesson.listeners) listener(changed);
}

function take(lesson, told) {
  lesson.late = Date.now() / 1000 - (told.now ?? Date.now() / 1000);
  lesson.lesson = told.lesson;
  lesson.seats.clear();
  for (const [name, seat] of Object.entries(told.seats)) lesson.seats.set(name, {...seat, name, rows: byId(seat.rows)});
  return new Set(["everything", ...lesson.seats.keys()]);
}

function change(lesson, told) {
  lesson.late = Date.now() / 1000 - told.now;
  for (const [name, fresh] of Object.entries(told.seats)) {
    const seat = lesson.seats.get(name) ?? {name, rows: new Map(), alerts: [], need: 0};
    const {rows, more, ...rest} = fresh;
    Object.assign(seat, rest);
    if (rows) seat.rows = byId(rows);
    for (const row of more ?? []) seat.rows.set(row[0], row);
    lesson.seats.set(name, seat);
  }
  return new Set(Object.keys(told.seats));
}

function byId(rows) {
  return new Map((rows ?? []).map((row) => [row[0], row]));
}

// Seconds since a moment that the box told, by the box's clock.
export function ago(lesson, moment) {
  return Date.now() / 1000 - lesson.late - moment;
}

export function numberOf(name) {
  return name.split("/").pop();
}

// The lamp that says whether what is shown is true now.
export function showLine(lesson) {
  const line = document.querySelector(".line");
  const show = () => {
    line.dataset.line = lesson.lost ? "lost" : "live";
    write(line.querySelector("span"), word(lesson.lost ? "reconnecting" : "live"));
    line.title = lesson.lost ? word("stale") : "";
    document.body.classList.toggle("stale", lesson.lost);
  };
  lesson.on((changed) => { if (changed.has("line")) show(); });
  addEventListener("wanxiang:language", show);
  show();
}
