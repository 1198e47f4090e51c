/* Pages of the classroom: the two languages, without asking the server again. */
(function () {
  "use strict";
  var root = document.documentElement, YEAR = 31536000, REMEMBERED = "wanxiang.language";

  function speak(to) {
    root.lang = to === "zh" ? "zh-CN" : "en";
    try { localStorage.setItem(REMEMBERED, to); } catch (forbidden) { /* the cookie remembers */ }
    document.cookie = "wanxiang_lang=" + to + "; Path=/; Max-Age=" + YEAR + "; SameSite=Lax";
    document.querySelectorAll("[data-language]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.language === to));
    });
    ["label", "placeholder", "title"].forEach(function (name) {
      document.querySelectorAll("[data-" + name + "-en]").forEach(function (one) {
        one.setAttribute(name === "label" ? "aria-label" : name, one.getAttribute("data-" + name + "-" + to));
      });
    });
    window.dispatchEvent(new Event("wanxiang:language"));
  }

  document.querySelectorAll("[data-language]").forEach(function (button) {
    button.addEventListener("click", function () { speak(button.dataset.language); });
  });
  var remembered = null;
  try { remembered = localStorage.getItem(REMEMBERED); } catch (forbidden) { /* the cookie has chosen */ }
  if (remembered === "zh" || remembered === "en") speak(remembered);
})();
