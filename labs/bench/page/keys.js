// Keys: one letter for each thing on the bench. They rest while somebody types, and can be switched off on the help page.
const SWITCH = "wanxiang.keys";

export function keysAreOn() {
  try { return localStorage.getItem(SWITCH) !== "off"; } catch { return true; }
}

export function switchKeys(on) {
  try { localStorage.setItem(SWITCH, on ? "on" : "off"); } catch { /* then they stay on */ }
}

export function listenToKeys(lab) {
  const onKey = (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const action = withModifier(event) ?? alone(lab, event);
    if (!action) return;
    const button = lab.home.querySelector(`[data-key="${CSS.escape(action)}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    if (button.matches("input, select")) button.focus();
    else button.click();
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", letGo);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("click", letGo);
  };
}

// A button pressed with a pointer lets go of the focus, so that the space bar runs the bench and not that button again.
// The path is asked, not the target: what was pressed may have been drawn anew by then (the language button is).
function letGo(event) {
  if (event.detail > 0) event.composedPath().find((node) => node.matches?.("button"))?.blur();
}

function withModifier(event) {
  if (!(event.ctrlKey || event.metaKey) || typing(event.target)) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}

const NAMED = {" ": "run", Enter: "read", ".": "step", "?": "help"};

function alone(lab, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !keysAreOn() || typing(event.target)) return null;
  const usesKey = event.target.closest?.("button, a, summary, select, input, .scroll");
  if (usesKey && ["Enter", " "].includes(event.key)) return null;
  return NAMED[event.key] ?? event.key.toLowerCase();
}

function typing(target) {
  return Boolean(target.closest?.("textarea, [contenteditable], input:not([type=range]):not([type=checkbox]):not([type=radio])"));
}
