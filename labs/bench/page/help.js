// What "?" opens: how the page works, every key, and the instruments' specifications in words.
import {h, icon} from "./dom.js";
import {both, t} from "./i18n.js";
import {keysAreOn, switchKeys} from "./keys.js";

export function createHelp(lab) {
  const content = h("div.help-body");
  const element = h("dialog.card.help", {"aria-label": () => t("Help and keys")}, h("form", {method: "dialog"}, h("div.title", {}, h("h2", {}, () => t("Help and keys")),
    h("button.quiet.round", {"aria-label": () => t("Close")}, icon("close"))), content));
  const open = () => {
    content.replaceChildren(...ways(), keyTable(lab), keySwitch());
    element.showModal();
  };
  return {element, open};
}

function ways() {
  return [h("ul.ways", {}, h("li", {}, t("Run the bench, change the controls, and press Read: every reading becomes a row of the table.")),
    h("li", {}, t("± is the standard uncertainty: the instrument's own and the fluctuation while it averages.")),
    h("li", {}, t("Choose axes and a curve in the chart; untick a row to leave it out of the fit.")),
    h("li", {}, t("Everything you do is saved at once. You can reload the page and go on.")))];
}

function keyTable(lab) {
  const rows = [
    [t("Space"), t("Run or pause")], ["⏎", t("Read")], [".", t("One step of time")], ["Ctrl Z", t("Undo the last change")], ["Ctrl Y", t("Redo")],
    ...pieces(lab.given.presses), ...pieces(lab.given.controls), ...pieces((lab.given.instruments ?? []).filter(({kind}) => kind !== "stopwatch")),
    ...stopwatches(lab), ["F", t("Fill the screen with the bench")], ["G", t("Show or hide the guide")], ["?", t("Help and keys")],
    ["↑ ↓", t("Change the chosen slider; Page Up and Page Down for larger steps")], ["← →", t("In the chart: from point to point")], ["Esc", t("Close")],
  ];
  return h("dl.keys", {}, ...rows.map(([key, does]) => h("div", {}, h("dt", {}, ...key.split(" ").map((one) => h("kbd", {}, one))), h("dd", {}, does))));
}

function pieces(things = []) {
  return things.filter(({key}) => key).map(({key, label}) => [key.toUpperCase(), both(label)]);
}

function stopwatches(lab) {
  const watch = (lab.given.instruments ?? []).find(({kind}) => kind === "stopwatch");
  return watch ? [[(watch.key || "s").toUpperCase(), t("Stopwatch: start or stop")], ["L", t("Stopwatch: lap or clear")]] : [];
}

function keySwitch() {
  const box = h("input", {type: "checkbox", onchange: () => switchKeys(box.checked)});
  box.checked = keysAreOn();
  return h("label.switch", {}, box, h("span", {}, t("Use single-letter keys")));
}
