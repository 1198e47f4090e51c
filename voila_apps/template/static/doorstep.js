/* A student's page before, around and after its bench: how far it is, and what to do when it stops. */
(function () {
  "use strict";
  var PART = [0.12, 0.3, 0.75, 0.95];  // how much is done when a stage ends
  var SLOW = 12000, GIVE_UP = 90000, WATCH = 3000;  // milliseconds
  var stage = 0, ready = false;

  function find(selector) { return document.querySelector(selector); }

  function show() {
    var items = document.querySelectorAll(".doorstep-stages li");
    for (var i = 0; i < items.length; i++) items[i].className = i < stage ? "done" : i === stage ? "now" : "";
    var bar = find(".doorstep-bar");
    if (!bar) return;
    bar.firstElementChild.style.transform = "scaleX(" + PART[Math.min(stage, PART.length - 1)] + ")";
    bar.setAttribute("aria-valuenow", String(Math.round(100 * PART[Math.min(stage, PART.length - 1)])));
  }

  function setStage(number) { stage = Math.max(stage, number); show(); }

  function open() {
    if (ready) return;
    ready = true;
    var doorstep = find("#doorstep");
    doorstep.classList.add("leaving");
    setTimeout(function () { doorstep.remove(); }, 400);
  }

  function failed() {
    if (ready || !find(".doorstep-failed")) return;
    find(".doorstep-card").hidden = true;
    find(".doorstep-failed").hidden = false;
  }

  function stopped() {
    var dialog = find("#bench-stopped");
    if (!dialog.open && !find("#bench-moved").open) dialog.showModal();
  }

  // A bench that is not this tablet's any more: its seat has moved, or it has stopped.
  function lost() {
    fetch("/seat/state", { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.json() : { state: "guest" };
    }).then(function (told) {
      if (told.state !== "moved" && told.state !== "none") { stopped(); return; }
      find("#bench-moved .moved").hidden = told.state !== "moved";
      find("#bench-moved .left").hidden = told.state === "moved";
      // What stands there, and whatever it asks, is not this tablet's any more. It may ask again: so this is done again.
      document.body.classList.add("bench-lost");
      var others = document.querySelectorAll("dialog[open]:not(#bench-moved)");
      if (others.length && find("#bench-moved").open) find("#bench-moved").close();
      others.forEach(function (dialog) { dialog.close(); });
      if (!find("#bench-moved").open) find("#bench-moved").showModal();
    }).catch(function () { /* no network: asked again soon */ });
  }

  // Voilà's script ends the kernel when its page is left. A reload must find it again: that listener, added later
  // than this one, is never reached.
  window.addEventListener("beforeunload", function (event) { event.stopImmediatePropagation(); });
  window.addEventListener("wanxiang:ready", open);
  window.wanxiang = { stage: setStage, ready: open, failed: failed };

  function usable() {
    var page = find("#rendered_cells .wanxiang .lab");
    return page ? page.getAttribute("aria-busy") === "false" : Boolean(find("#rendered_cells canvas"));
  }

  // Written so that old browsers can read it too: they are told, in words, instead of waiting for ever.
  function tooOld() {
    return !(window.WebSocket && window.Promise && "replaceAll" in String.prototype && "at" in Array.prototype &&
      window.CSS && CSS.supports("inset", "0"));
  }

  function sayOld() {
    var told = document.createElement("p");
    told.className = "doorstep-card";
    told.appendChild(document.createTextNode(find("#old-browser-words").textContent));
    find("#doorstep").innerHTML = "";
    find("#doorstep").appendChild(told);
  }

  function wait(began) {
    if (window.jupyterapp) setStage(3);
    if (usable()) open();
    if (ready) return;
    if (performance.now() - began > SLOW && find(".doorstep-slow")) find(".doorstep-slow").hidden = false;
    if (stage >= 2 && performance.now() - began > GIVE_UP) { failed(); return; }
    setTimeout(function () { wait(began); }, 100);
  }

  // A kernel that is gone answers 404 to its owner. A server that is away answers nothing, and then nothing is said here:
  // the bench itself tells of a lost connection, and joins again when the server is back.
  function watch(kernel) {
    kernel.statusChanged.connect(function (_, status) {
      if (status === "dead" || status === "autorestarting" || status === "terminating") stopped();
    });
    setInterval(function () {
      if (kernel.connectionStatus === "connected" && kernel.status !== "unknown") return;
      fetch((window.wanxiangDoor || "") + "/api/kernels/" + kernel.id, { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
        if (answer.status === 404 || answer.status === 403) lost();
      }, function () { /* no network: not the bench's fault */ });
    }, WATCH);
  }

  // The language chosen on the bench is the one that the catalogue and this doorstep speak next time.
  function rememberLanguage() {
    new MutationObserver(function () {
      var to = document.documentElement.lang.indexOf("zh") === 0 ? "zh" : "en";
      document.cookie = "wanxiang_lang=" + to + "; Path=/; Max-Age=31536000; SameSite=Lax";
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
  }

  function whenConnected() {
    var app = window.jupyterapp;
    if (app && app.widgetManager) watch(app.widgetManager.kernel);
    else setTimeout(whenConnected, 200);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-do='reload']");
    if (button) location.reload();
  });
  if (tooOld()) {
    document.addEventListener("DOMContentLoaded", sayOld);
  } else {
    document.addEventListener("DOMContentLoaded", function () { whenConnected(); rememberLanguage(); });
    wait(performance.now());
  }
})();
