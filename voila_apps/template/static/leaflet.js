/* A leaflet's two languages. */
(function () {
  "use strict";
  var YEAR = 31536000, buttons = document.querySelectorAll("[data-language]");
  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      var to = button.dataset.language;
      document.documentElement.lang = to === "zh" ? "zh-CN" : "en";
      try { localStorage.setItem("wanxiang.language", to); } catch (forbidden) { /* the cookie remembers */ }
      document.cookie = "wanxiang_lang=" + to + "; Path=/; Max-Age=" + YEAR + "; SameSite=Lax";
      buttons.forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
    });
  });
})();
