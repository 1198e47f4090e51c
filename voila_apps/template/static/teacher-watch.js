// A page that looks over a student's shoulder: it says who is watched, and asks over HTTP for the bench to show itself.
(function () {
  "use strict";
  var told = window.wanxiangWatching, due = null, CALM = 300;
  if (!told) return;
  told.look = function () {
    if (due) return;
    due = setTimeout(function () {
      due = null;
      fetch(told.ask, { method: "POST", credentials: "same-origin" }).catch(function () { /* asked again when the line is back */ });
    }, CALM);
  };
})();
