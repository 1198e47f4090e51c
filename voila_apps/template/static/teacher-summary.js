// A lesson in one page: shares as lengths, the pooled readings, names on demand.
import {askNames, data} from "./teacher.js";
import {createCharts} from "./teacher-charts.js";
import {createClass} from "./teacher-live.js";

for (const part of document.querySelectorAll(".stack [data-share]")) part.style.flexGrow = part.dataset.share;
for (const part of document.querySelectorAll(".meter [data-share]")) part.style.width = `${(100 * part.dataset.share) / Math.max(1, part.dataset.of)}%`;
if (document.querySelector("[data-chart]")) createCharts(createClass());

document.querySelector("[data-do=print]").addEventListener("click", () => print());
const toggle = document.querySelector("[data-do=names]");
toggle.addEventListener("click", async () => {
  const on = toggle.getAttribute("aria-pressed") !== "true";
  const names = on ? await askNames(data.class).catch(() => ({})) : {};
  for (const row of document.querySelectorAll("tr[data-number]")) row.querySelector(".name").textContent = names[row.dataset.number] ?? "";
  for (const cell of document.querySelectorAll(".name")) cell.hidden = !on;
  toggle.setAttribute("aria-pressed", String(on));
});
