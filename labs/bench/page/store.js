// What the page knows of the run, and who wants to hear about which part of it.
const MERGED = new Set(["controls", "questions", "live"]);  // told key by key; everything else is replaced

export function createStore() {
  const state = {
    running: false, speed: 1, time: 0, guide: true, steps: [], controls: {}, live: {}, can_undo: false, can_redo: false,
    columns: [], rows: [], chart: {}, questions: {}, saved: {all: true, pending: 0}, ahead: null, preparing: null,
    stopped: null, ready: false, lost: false, slow: false, gone: false, elsewhere: false, hidden: false, waiting: 0, tab: "guide",
    paused: false, notes: [],
  };
  const listeners = [];
  return {
    state,
    on(keys, listener) {
      listeners.push({keys: new Set([...keys, "lang"]), listener});
      listener(state);
    },
    change(partial) {
      for (const [key, value] of Object.entries(partial)) {
        state[key] = MERGED.has(key) && value ? {...state[key], ...value} : value;
      }
      const changed = Object.keys(partial);
      for (const {keys, listener} of listeners) if (changed.some((key) => keys.has(key))) listener(state);
    },
  };
}
