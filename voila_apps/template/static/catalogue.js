/* Finding an experiment: search, filters and the two languages, without asking the server again. */
(function () {
  "use strict";
  var REMEMBERED = "wanxiang.language", YEAR = 31536000;
  var root = document.documentElement, form = document.querySelector(".finder");
  var cards = Array.prototype.slice.call(document.querySelectorAll(".card"));
  var words = JSON.parse(document.getElementById("spoken").textContent);

  function language() { return root.lang.indexOf("zh") === 0 ? "zh" : "en"; }

  function speak(to) {
    root.lang = to === "zh" ? "zh-CN" : "en";
    document.title = words.name[to];
    try { localStorage.setItem(REMEMBERED, to); } catch (forbidden) { /* the cookie remembers */ }
    document.cookie = "wanxiang_lang=" + to + "; Path=/; Max-Age=" + YEAR + "; SameSite=Lax";
    document.querySelectorAll("[data-language]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.language === to));
    });
    document.querySelectorAll("[data-label-en]").forEach(function (one) {
      one.setAttribute("aria-label", one.getAttribute("data-label-" + to));
    });
    document.querySelectorAll("[data-placeholder-en]").forEach(function (one) {
      one.placeholder = one.getAttribute("data-placeholder-" + to);
    });
    find();
  }

  function plain(text) { return text.normalize("NFKC").toLocaleLowerCase(); }

  function chosen(name) {
    var input = form.querySelector("input[name='" + name + "']:checked");
    return input ? input.value : "";
  }

  function wanted() {
    return { q: form.elements.q.value.trim(), subject: chosen("subject"), level: chosen("level"), time: chosen("time") };
  }

  function fits(card, want) {
    if (want.subject && card.dataset.subject !== want.subject) return false;
    if (want.level && card.dataset.level !== want.level) return false;
    if (want.time && !(Number(card.dataset.minutes) <= Number(want.time))) return false;
    return plain(want.q).split(/\s+/).every(function (word) { return card.dataset.words.indexOf(word) >= 0; });
  }

  function find() {
    if (!form) return;
    var want = wanted(), found = 0;
    cards.forEach(function (card) {
      card.hidden = !fits(card, want);
      if (!card.hidden) found += 1;
    });
    document.querySelector(".nothing").hidden = found > 0;
    document.querySelector(".count").textContent = found ? (found === 1 ? words.found_one : words.found)[language()].replace("{n}", found) : "";
    remember(want);
  }

  // The address keeps what was looked for, so that the way back from a bench leads to the same shelf.
  function remember(want) {
    var parts = new URLSearchParams();
    Object.keys(want).forEach(function (name) { if (want[name]) parts.set(name, want[name]); });
    var kept = parts.toString();
    history.replaceState(null, "", kept ? "#" + kept : location.pathname);
  }

  function recall() {
    var parts = new URLSearchParams(location.hash.slice(1));
    form.elements.q.value = parts.get("q") || "";
    ["subject", "level", "time"].forEach(function (name) {
      form.querySelectorAll("input[name='" + name + "']").forEach(function (input) {
        input.checked = input.value === (parts.get(name) || "");
      });
    });
  }

  function clear() {
    form.reset();
    find();
    form.elements.q.focus();
  }

  document.querySelectorAll("[data-language]").forEach(function (button) {
    button.addEventListener("click", function () { speak(button.dataset.language); });
  });
  document.querySelectorAll(".again").forEach(function (again) {
    again.addEventListener("submit", function (event) {
      if (!window.confirm(again.getAttribute("data-sure-" + language()))) event.preventDefault();
    });
  });
  if (form) {
    recall();
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("input", find);
    document.querySelectorAll("[data-try-en]").forEach(function (button) {
      button.addEventListener("click", function () {
        form.reset();
        form.elements.q.value = button.getAttribute("data-try-" + language());
        find();
      });
    });
    document.querySelector(".nothing .clear").addEventListener("click", clear);
    document.addEventListener("keydown", function (event) {
      var typing = /^(input|textarea|select)$/i.test(event.target.tagName) && event.target.type !== "radio";
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        form.elements.q.focus();
      } else if (event.key === "Escape" && event.target === form.elements.q) clear();
    });
    window.addEventListener("pageshow", function () { recall(); find(); });
  }
  var remembered = null;
  try { remembered = localStorage.getItem(REMEMBERED); } catch (forbidden) { /* the cookie has chosen */ }
  speak(remembered === "zh" || remembered === "en" ? remembered : language());
})();
