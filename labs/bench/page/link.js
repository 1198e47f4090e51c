// The line to the bench: every order is numbered and kept until it is acknowledged; silence is noticed within five seconds.
import {watching} from "./shoulder.js";

const BEAT = 1000;  // ms between looks at the line
const QUIET = 1500;  // ms without a word before the page asks
const SILENCE = 3500;  // ms without a word before the line is called lost
const AGAIN = 3000;  // ms after which an unacknowledged order is repeated
const GIVEN_UP = 12000;  // ms without a word, behind a healthy server, before the bench is called gone
const TOLD = new Set(["everything", "state", "notice"]);  // what a page that only watches hears, whomever it is said to
const DEAD = new Set(["dead", "terminating", "autorestarting", "restarting"]);

export function createLink(model, store, {health = "/health", onFile, onNotice}) {
  const line = {
    model, store, health, onFile, onNotice, tab: (globalThis.wanxiangTab ??= nameTab()), count: 0, kept: new Map(),
    heard: performance.now(), asked: 0, checking: false, tried: 0, taking: false,
  };
  model.on("msg:custom", (message, buffers) => receive(line, message, buffers ?? []));
  const timer = setInterval(() => beat(line), BEAT);
  const onVisible = () => becameVisible(line);
  document.addEventListener("visibilitychange", onVisible);
  return {
    send: (what, fields = {}) => send(line, what, fields),
    tab: line.tab,
    waiting: (n) => line.kept.has(n),
    heard: () => hear(line),
    close() {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    },
  };
}

function send(line, what, fields) {
  if (watching()) return 0;  // who watches says nothing
  const order = {do: what, n: ++line.count, tab: line.tab, ...fields};
  if (fields.take) line.taking = true;
  line.kept.set(order.n, {order, at: performance.now()});
  line.store.change({waiting: line.kept.size});
  post(line, order);
  return order.n;
}

function post(line, order) {
  try {
    line.model.send(order);
  } catch (problem) {
    console.warn("The bench did not take an order; it is kept and repeated.", problem);
  }
}

// Every tab of one bench hears everything that is said to any of them.
function forMe(line, message) {
  if (watching()) return TOLD.has(message.say);
  if (message.tab !== undefined) return message.tab === line.tab;
  return !line.store.state.elsewhere || line.taking || message.say === "pong" || message.say === "ack";
}

function receive(line, message, buffers) {
  hear(line);
  if (!forMe(line, message)) return;
  if (message.say === "ack") acknowledged(line, message.n);
  else if (message.say === "everything") {
    line.taking = false;
    line.store.change({elsewhere: false, ...message.state, ready: true});
  }
  else if (message.say === "state") line.store.change(message.state);
  else if (message.say === "elsewhere") line.store.change({elsewhere: true, running: false, ready: true});
  else if (message.say === "notice") line.onNotice(message);
  else if (message.say === "file") line.onFile(message, buffers[0]);
}

function acknowledged(line, n) {
  line.kept.delete(n);
  line.store.change({waiting: line.kept.size});
}

function hear(line) {
  line.heard = performance.now();
  if (!line.store.state.lost && !line.store.state.gone) return;
  line.store.change({lost: false, gone: false, slow: false});
  repeat(line, 0);
}

function repeat(line, older) {
  const now = performance.now();
  for (const kept of line.kept.values()) {
    if (now - kept.at < older) continue;
    kept.at = now;
    post(line, kept.order);
  }
}

function beat(line) {
  if (document.hidden || watching()) return;
  const now = performance.now();
  const silent = now - line.heard;
  const cut = !["connected", undefined].includes(line.model.widget_manager?.kernel?.connectionStatus);
  if (silent > QUIET && now - line.asked > QUIET && !cut) {
    line.asked = now;
    post(line, {do: "ping", n: 0, tab: line.tab});
  }
  if (silent > SILENCE && !line.store.state.lost) line.store.change({lost: true});
  if (line.store.state.lost) doubt(line, cut);
  else if (!line.store.state.elsewhere || line.taking) repeat(line, AGAIN);
}

// Silence has three causes: no network (wait), a bench with much to do behind a healthy server (wait), or none at all
// (offer to load the page anew).
async function doubt(line, cut) {
  if (line.checking) return;
  line.checking = true;
  const healthy = await answers(line.health);
  line.checking = false;
  if (healthy && cut) reconnect(line);
  if (!line.store.state.lost) return;  // it spoke meanwhile
  const dead = DEAD.has(line.model.widget_manager?.kernel?.status);
  line.store.change({slow: healthy && !cut});
  if (healthy && (dead || performance.now() - line.heard > GIVEN_UP)) line.store.change({gone: true});
}

async function answers(address) {
  if (!address) return false;
  try {
    return (await fetch(address, {cache: "no-store", signal: AbortSignal.timeout?.(2500)})).ok;
  } catch {
    return false;
  }
}

function reconnect(line) {
  const kernel = line.model.widget_manager?.kernel;
  if (!kernel?.reconnect || performance.now() - line.tried < 5000) return;
  line.tried = performance.now();
  kernel.reconnect().catch(() => { /* tried again at a later beat */ });
}

function becameVisible(line) {
  if (document.hidden) {
    line.store.change({hidden: true});
    return;
  }
  line.heard = Math.max(line.heard, performance.now() - QUIET);  // a hidden page hears little: start to count anew
  line.store.change({hidden: false});
  beat(line);
}

// A tab is named window.load: the window keeps its name when the page is loaded again, so that the bench knows it.
function nameTab() {
  const draw = () => crypto.getRandomValues(new Uint32Array(2)).join("-");
  let own = draw();
  try {
    own = sessionStorage.wanxiangWindow ??= own;
  } catch { /* no storage here: every load is a new window */ }
  return `${own}.${draw()}`;
}
