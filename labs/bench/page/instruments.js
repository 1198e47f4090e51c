// The faces of the instruments: value ± standard uncertainty and unit, in digits that match the resolution.
import {h, icon, write} from "./dom.js";
import {both, t} from "./i18n.js";
import {brief, decimals, figure, minus, spread, symbol} from "./figures.js";
import {titleLine} from "./panel.js";

export function createInstruments(lab) {
  const all = lab.given.instruments ?? [];
  const faces = all.map((instrument) => (instrument.kind === "stopwatch" ? stopwatch(lab, instrument) : face(lab, instrument)));
  return [titleLine(() => t("Instruments")), h("div.body.faces", {}, ...faces), h("div.foot", {}, readButton(lab)), voice(lab, all)];
}

function readButton(lab) {
  const button = h("button.primary.read", {type: "button", "data-key": "read", onclick: () => {
    lab.send("read");
    button.classList.remove("flash");
    requestAnimationFrame(() => button.classList.add("flash"));
  }}, h("span", {}, () => t("Read")), h("kbd", {"aria-hidden": "true"}, "⏎"));
  lab.on(["lost", "ready"], (state) => { button.disabled = state.lost || !state.ready; });
  return button;
}

function nameLine(lab, instrument) {
  const about = () => specification(instrument);
  const button = h("button.quiet.round.small", {type: "button", "aria-label": () => t("About: {name}", {name: both(instrument.label)}), "aria-expanded": "false"}, icon("info"));
  const sheet = h("div.spec", {hidden: true});
  const fold = () => {
    sheet.hidden = !sheet.hidden;
    button.setAttribute("aria-expanded", String(!sheet.hidden));
  };
  button.addEventListener("click", fold);
  lab.on([], () => {
    button.title = about().map(([name, value]) => `${name}: ${value}`).join("\n");
    sheet.replaceChildren(both(instrument.doc) ? h("p", {}, both(instrument.doc)) : "", h("dl", {}, ...about().map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
  });
  return {line: h("div.name", {}, h("label", {}, symbol(instrument), h("span", {}, () => both(instrument.label))), button), sheet};
}

function specification(instrument) {
  const unit = instrument.unit ? ` ${instrument.unit}` : "";
  const rows = [];
  if (instrument.low != null && instrument.high != null) rows.push([t("range"), `${brief(instrument.low)} … ${brief(instrument.high)}${unit}`]);
  if (instrument.resolution) rows.push([t("resolution"), `${brief(instrument.resolution)}${unit}`]);
  if (instrument.noise) rows.push([t("noise"), `± ${brief(instrument.noise, 2)}${unit}`]);
  if (instrument.accuracy) rows.push([t("accuracy"), typeof instrument.accuracy === "number" ? `± ${brief(instrument.accuracy, 2)}${unit}` : both(instrument.accuracy)]);
  if (instrument.window) rows.push([t("averages over"), `${brief(instrument.window)} ${instrument.window_unit ?? "s"}`]);
  if (instrument.delay) rows.push([t("delay"), `${brief(instrument.delay)} ${instrument.window_unit ?? "s"}`]);
  return rows;
}

function readout(instrument) {
  const value = h("span.value", {}, "–");
  const plus = h("span.plus");
  const unit = h("span.unit", {}, instrument.unit ?? "");
  const note = h("div.state");
  return {value, plus, note, row: h("div.readout", {}, h("output", {}, value, plus, unit), note)};
}

function showReading(shown, live) {
  const has = live && live.text != null && live.text !== "";
  write(shown.value, has ? minus(live.text) : "–");
  shown.row.classList.toggle("nothing", !has);
  const u = has ? live.uncertainty_text || spread(live.uncertainty, live.text) : "";
  write(shown.plus, u ? `± ${u}` : "");
  write(shown.note, live?.note ? t(live.note) : "");
  shown.note.hidden = !live?.note;
  shown.row.classList.toggle("doubt", Boolean(live?.note) || live?.ok === false);
}

function face(lab, instrument) {
  const {line, sheet} = nameLine(lab, instrument);
  const shown = readout(instrument);
  lab.on(["live"], (state) => showReading(shown, state.live[instrument.name]));
  const row = instrument.manual ? h("div.row.by-hand", {}, shown.row, h("div.pair", {}, measureButton(lab, instrument))) : h("div.row", {}, shown.row);
  return h("div.face", {"data-instrument": instrument.name}, line, row, sheet);
}

function measureButton(lab, instrument) {
  return h("button.measure-it", {
    type: "button", "data-key": instrument.key || null, onclick: () => lab.send("measure", {instrument: instrument.name}),
  }, () => t("Measure"), keyCap(instrument.key));
}

function keyCap(key) {
  return key ? h("kbd", {"aria-hidden": "true"}, key.toUpperCase()) : null;
}

// A stopwatch counts the time of the bench that this screen shows; what a press was worth is decided by the bench.
function stopwatch(lab, instrument) {
  const {line, sheet} = nameLine(lab, instrument);
  const shown = readout(instrument);
  const laps = h("ol.laps", {"aria-label": () => t("Laps")});
  const {scale = 1} = lab.given.time ?? {};
  const places = decimals(instrument.resolution ?? 0.01);
  let watch = {running: false, started: 0};
  const press = (what) => lab.send("measure", {instrument: instrument.name, press: what, time: lab.clock.now()});
  const start = h("button.start", {type: "button", "data-key": instrument.key, "aria-keyshortcuts": instrument.key, onclick: () => {
    press(watch.running ? "stop" : "start");
    watch = watch.running ? {...watch, running: false} : {running: true, started: lab.clock.now()};
    draw();
  }});
  const lap = h("button", {type: "button", "data-key": "l", onclick: () => press(watch.running ? "lap" : "clear")});
  const tick = () => {
    if (!watch.running) return;
    write(shown.value, figure((lab.clock.now() - watch.started) * scale, places));
    requestAnimationFrame(tick);
  };
  const draw = () => {
    write(start, watch.running ? t("Stop") : t("Start"));
    write(lap, watch.running ? t("Lap") : t("Clear"));
    start.classList.toggle("going", watch.running);
    if (watch.running) {
      write(shown.plus, "");
      requestAnimationFrame(tick);
    }
  };
  lab.on(["live"], (state) => {
    const live = state.live[instrument.name];
    if (live && live.running != null) watch = {running: live.running, started: live.started ?? watch.started};
    if (!watch.running) showReading(shown, live);
    laps.replaceChildren(...(live?.laps ?? []).map((text) => h("li", {}, minus(text))));
    draw();
  });
  return h("div.face.stopwatch", {"data-instrument": instrument.name}, line, h("div.row.by-hand", {}, shown.row, h("div.pair", {}, start, lap)), laps, sheet);
}

// Readings are spoken when they are taken, not while they flicker.
function voice(lab, all) {
  let seen = null;
  lab.on(["rows"], (state) => {
    const newest = state.rows.at(-1);
    if (newest && seen !== null && newest.id !== seen) {
      const words = all.filter(({name}) => newest.cells?.[name]).map((one) => `${both(one.label)} ${minus(newest.cells[one.name].text)} ${one.unit ?? ""}`);
      lab.speaker.say(t("Reading taken: {values}", {values: words.join(", ")}));
    }
    if (newest || state.ready) seen = newest?.id ?? "";
  });
  return null;
}

// While the bench fills the screen, its faces are written over it in one line.
export function createStrip(lab) {
  const cells = (lab.given.instruments ?? []).map((instrument) => {
    const value = h("b");
    lab.on(["live"], (state) => {
      const live = state.live[instrument.name];
      write(value, live?.text ? minus(live.text) : "–");
    });
    return h("span.cell", {}, h("span", {}, symbol(instrument) ?? (() => both(instrument.label))), value, h("span.unit", {}, instrument.unit ?? ""));
  });
  return h("div.strip", {}, ...cells, h("button.primary", {type: "button", onclick: () => lab.send("read")}, () => t("Read")));
}
