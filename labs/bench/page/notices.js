// Short messages at the foot of the page, and a voice for screen readers.
import {h, icon, write} from "./dom.js";
import {both, t} from "./i18n.js";

const STAY = {info: 5000, good: 4000, warn: 9000, error: 14000};  // ms

export function createSpeaker() {
  const shelf = h("div.notices", {role: "status", "aria-live": "polite"});
  const voice = h("div.unseen", {role: "status", "aria-live": "polite"});
  const speaker = {
    elements: [shelf, voice],
    say(text) { write(voice, text); },
    notice: ({kind = "info", text, action}) => show(shelf, kind, both(text), action),
  };
  return speaker;
}

function show(shelf, kind, text, action) {
  const note = h(`div.notice.${kind}`, {}, h("span", {}, text));
  const remove = () => note.remove();
  if (action) note.append(h("button.link", {type: "button", onclick: () => { action.run(); remove(); }}, action.label));
  note.append(h("button.quiet.round", {type: "button", "aria-label": t("Close"), onclick: remove}, icon("close")));
  while (shelf.children.length > 2) shelf.firstChild.remove();
  shelf.append(note);
  setTimeout(remove, STAY[kind] ?? 5000);
}
