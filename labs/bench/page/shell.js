// The frame of the page: the regions and their places. Which places, at which width, is said in page.css.
import {h} from "./dom.js";
import {t} from "./i18n.js";
import {createHeader} from "./header.js";
import {createGuide} from "./guide.js";
import {createStage} from "./stage.js";
import {createInstruments} from "./instruments.js";
import {createControls} from "./controls.js";
import {createTable} from "./table.js";
import {createChart} from "./chart.js";
import {createHelp} from "./help.js";
import {createCover} from "./cover.js";
import {createTeacherWords} from "./teacher.js";

export function createShell(lab) {
  const stage = createStage(lab);
  const help = createHelp(lab);
  const guide = panel("guide", createGuide(lab), "wx-guide");
  const side = h("div.side", {id: "wx-read"}, panel("instruments", createInstruments(lab)), panel("controls", createControls(lab)));
  const table = panel("data", createTable(lab), "wx-data");
  const chart = panel("chart", createChart(lab), "wx-chart");
  const tabs = createTabs(lab, {guide, read: side, data: table, chart});
  const element = h("main.lab", {}, createHeader(lab, help), guide, stage.element, tabs, side, table, chart,
    ...createCover(lab), ...createTeacherWords(lab), help.element, ...lab.speaker.elements);
  lab.on(["guide"], (state) => element.classList.toggle("without-guide", !state.guide));
  lab.on(["big"], (state) => { element.dataset.big = state.big ?? ""; });
  lab.on(["ready"], (state) => element.setAttribute("aria-busy", String(!state.ready)));
  return {element, scene: stage.scene};
}

function panel(name, content, id) {
  return h(`section.panel.${name}`, id ? {id} : {}, ...content);
}

const TABS = ["guide", "read", "data", "chart"];

// Tabs exist at every width and show only on a narrow page, where one of the four places is seen at a time.
function createTabs(lab, places) {
  const names = {guide: () => t("Guide"), read: () => t("Read"), data: () => t("Data"), chart: () => t("Chart")};
  const buttons = TABS.map((name) => h("button.tab", {
    type: "button", role: "tab", id: `wx-tab-${name}`, "aria-controls": places[name].id,
    onclick: () => lab.change({tab: name}), onkeydown: (event) => walk(event, name),
  }, names[name], name === "data" ? h("span.count") : null));
  const walk = (event, name) => {
    const way = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!way) return;
    const next = TABS[(TABS.indexOf(name) + way + TABS.length) % TABS.length];
    lab.change({tab: next});
    buttons[TABS.indexOf(next)].focus();
  };
  lab.on(["tab"], (state) => TABS.forEach((name, i) => {
    buttons[i].setAttribute("aria-selected", String(state.tab === name));
    buttons[i].tabIndex = state.tab === name ? 0 : -1;
    places[name].classList.toggle("chosen", state.tab === name);
  }));
  lab.on(["rows"], (state) => {
    const count = state.rows.filter((row) => !row.deleted).length;
    buttons[2].querySelector(".count").textContent = count ? String(count) : "";
  });
  return h("div.tabs", {role: "tablist", "aria-label": () => t("Parts of the bench")}, ...buttons);
}
