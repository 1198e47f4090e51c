// What the teacher says: a sheet while the lesson is paused, and messages that stay until they are read.
import {h, icon, replace} from "./dom.js";
import {t} from "./i18n.js";
import {watching} from "./shoulder.js";

export function createTeacherWords(lab) {
  const notes = h("div.teacher-notes", {role: "status", "aria-live": "polite"});
  const sheet = h("dialog.card.pause-sheet", {"aria-labelledby": "wx-pause-title"},
    h("div.pause-sign", {"aria-hidden": "true"}, icon("pause")),
    h("h2", {id: "wx-pause-title", tabindex: "-1"}, () => t("Your teacher has paused the lesson.")),
    h("p", {}, () => t("Time on your bench stands still. Everything you did is kept, and it goes on from here.")));
  sheet.addEventListener("cancel", (event) => event.preventDefault());
  const place = h("div.teacher-place", {}, notes);
  lab.on(["paused"], ({paused}) => {
    if (paused && !sheet.open && !watching()) {
      sheet.append(notes);  // above the sheet's backdrop, or nobody could read them
      sheet.showModal();
    } else if (!paused && sheet.open) {
      place.append(notes);
      sheet.close();
    }
    lab.home.classList.toggle("lesson-paused", Boolean(paused));
  });
  lab.on(["notes"], (state) => replace(notes, state.notes.map((note) => message(lab, note))));
  return [sheet, place];
}

function message(lab, {id, text}) {
  return h("div.teacher-note", {}, h("b", {}, t("Your teacher says")), h("p", {}, text),
    h("button.primary", {type: "button", "data-focus": `note-${id}`, onclick: () => lab.send("dismiss", {id})}, t("I have read it")));
}
