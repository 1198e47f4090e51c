/* Waiting for a bench: asks where it stands, seldom while far behind, and goes in by itself. */
(function () {
  "use strict";
  var HIDDEN = 4, FAILED = 5000;  // a page that nobody looks at asks so many times less often; milliseconds
  var queue = document.querySelector(".queue"), failures = 0, timer = null;

  function find(selector) { return document.querySelector(selector); }

  function show(told) {
    find("[data-place]").textContent = String(told.place);
    document.querySelectorAll(".queue-of [data-n]").forEach(function (one) { one.textContent = String(told.waiting); });
    document.querySelectorAll(".queue-minutes [data-n]").forEach(function (one) { one.textContent = String(told.minutes); });
    find(".queue-minutes").hidden = told.go || told.minutes <= 1;
    find(".queue-soon").hidden = told.go || told.minutes > 1;
    find(".queue-turn").hidden = !told.go;
  }

  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(ask, 1000 * seconds * (document.hidden ? HIDDEN : 1) * (0.85 + 0.3 * Math.random()));
  }

  function ask() {
    fetch("/queue/state", { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }).then(function (told) {
      failures = 0;
      if (told.place) show(told);
      if (told.go) location.reload();
      else later(told.ask);
    }).catch(function () {
      failures += 1;
      later(Math.min(30, FAILED / 1000 * failures));
    });
  }

  document.addEventListener("visibilitychange", function () { if (!document.hidden) ask(); });
  later(Number(queue.dataset.ask));
})();
