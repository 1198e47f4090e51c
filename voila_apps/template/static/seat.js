/* Taking a seat: the code leads on to the number; who waits for the teacher goes on by itself. */
(function () {
  "use strict";
  var CODE = 6, SOON = 1500, LATER = 4000, PATIENT = 60000;  // digits; milliseconds
  var code = document.getElementById("code"), number = document.getElementById("number");
  var waiting = document.querySelector("[data-wait]"), began = Date.now();

  function digits(text) { return text.normalize("NFKC").replace(/\D/g, ""); }

  function tidy(field, most) {
    var plain = digits(field.value).slice(0, most);
    if (plain !== field.value) field.value = plain;
    return plain;
  }

  if (code) {
    // A code that a link brings stands behind the #, so that it is in no log: /seat#482913
    var brought = digits(location.hash);
    if (brought.length === CODE && !code.value) { code.value = brought; history.replaceState(null, "", location.pathname); number.focus(); }
    code.addEventListener("input", function (event) {
      if (event.isComposing) return;
      if (tidy(code, CODE).length === CODE) number.focus();
    });
    number.addEventListener("input", function (event) { if (!event.isComposing) tidy(number, 2); });
    number.addEventListener("keydown", function (event) {
      if (event.key === "Backspace" && !number.value) { event.preventDefault(); code.focus(); }
    });
    code.form.addEventListener("submit", function (event) {
      var missing = tidy(code, CODE).length < CODE ? code : tidy(number, 2) ? null : number;
      if (missing) { event.preventDefault(); missing.setAttribute("aria-invalid", "true"); missing.focus(); }
    });
  }

  function ask() {
    var next = Date.now() - began > PATIENT ? LATER : SOON;
    fetch(waiting.dataset.wait, { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      return answer.json();
    }).then(function (told) {
      if (told.state === "seated") {
        // The teacher has agreed: the bench need not ask whether it may be taken from the other tablet.
        try { sessionStorage.wanxiangTake = "yes"; } catch (forbidden) { /* then it asks */ }
        location.replace(told.go);
      }
      else if (told.state !== "waiting") location.replace("/seat");
      else setTimeout(ask, next);
    }).catch(function () { setTimeout(ask, LATER); });
  }

  if (waiting) setTimeout(ask, SOON);
})();
