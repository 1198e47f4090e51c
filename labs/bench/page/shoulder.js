// Looking over a student's shoulder: the page shows what the bench says to the student's own tab, and says nothing itself.
// Whoever serves the page sets `wanxiangWatching` with the seat, the way back, and `look`, which asks for everything anew.
import {h} from "./dom.js";
import {t} from "./i18n.js";

const BEAT = 1000;  // ms between looks at the line
const AGAIN = 5000;  // ms between attempts to join it again
const FREE = ".camera *, .fill, .tab, .grow, .language, [data-key=help], dialog *, .watching-banner *";

export function watching() {
  return globalThis.wanxiangWatching ?? null;
}

export function watchOnly(lab, model) {
  const {seat, back, look} = watching();
  lab.home.classList.add("watching");
  lab.home.prepend(h("div.watching-banner", {role: "status"},
    h("span", {}, h("b", {}, () => t("You are watching seat {seat}.", {seat})), " ", () => t("Nothing here can be changed.")),
    h("a", {href: back}, () => t("Back to the class"))));
  const observer = new MutationObserver(() => disable(lab.home));
  observer.observe(lab.home, {subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"]});
  disable(lab.home);
  const timer = setInterval(() => beat(lab, model, look), BEAT);
  look();
  return () => {
    clearInterval(timer);
    observer.disconnect();
  };
}

function disable(home) {
  for (const one of home.querySelectorAll("button, input, select, textarea")) {
    if (!one.disabled && !one.matches(FREE)) one.disabled = true;
  }
}

let tried = 0;

function beat(lab, model, look) {
  const kernel = model.widget_manager?.kernel;
  const cut = !["connected", undefined].includes(kernel?.connectionStatus);
  if (cut !== lab.state.lost) {
    lab.change({lost: cut});
    if (!cut) look();
  }
  if (!cut || performance.now() - tried < AGAIN) return;
  tried = performance.now();
  kernel.reconnect?.().catch(() => { /* tried again at a later beat */ });
}
