// What the whole class may see: the way in and everybody's readings; no seat can be told from another.
import {onLanguage, word, write} from "./teacher.js";
import {createCharts} from "./teacher-charts.js";
import {createClass, follow, showLine} from "./teacher-live.js";

const lesson = createClass();
const counts = document.querySelector(".counts");
const strip = document.querySelector(".paused-strip");

function show() {
  const seats = [...lesson.seats.values()];
  write(counts, word("present", {here: seats.filter((one) => one.connected).length, all: seats.length}));
  strip.hidden = !lesson.lesson.paused;
  document.body.classList.toggle("over", Boolean(lesson.lesson.ended));
}

document.querySelector("[data-do=full]").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
});
lesson.on(show);
onLanguage(show);
show();
createCharts(lesson);
showLine(lesson);
follow(lesson);
