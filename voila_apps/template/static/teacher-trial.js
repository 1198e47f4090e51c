// A sheet for the teacher's eyes beside a trial run: what is hidden and what is accepted, asked for apart from the bench.
(function () {
  "use strict";
  var trial = window.wanxiangTrial;
  if (!trial) return;

  function lang() { return document.documentElement.lang.indexOf("zh") === 0 ? "zh" : "en"; }
  function say(text) { return typeof text === "string" ? text : (text || {})[lang()] || ""; }
  function word(name) { return say(trial.words[name]); }

  function line(label, value) {
    var row = document.createElement("div"), term = document.createElement("dt"), told = document.createElement("dd");
    term.textContent = label;
    told.textContent = value;
    row.append(term, told);
    return row;
  }

  function list(title, rows) {
    var head = document.createElement("h3"), body = document.createElement("dl");
    head.textContent = title;
    rows.forEach(function (row) { body.append(row); });
    return rows.length ? [head, body] : [];
  }

  function within(one) {
    if (one.within) return " (" + word("within") + " " + Number((100 * one.within).toPrecision(3)) + " %)";
    return one.within_abs ? " (" + word("within") + " " + one.within_abs + " " + one.unit + ")" : "";
  }

  function show(sheet, told) {
    var hidden = told.hidden.map(function (one) { return line(say(one.label), one.value + " " + one.unit); });
    var answers = told.answers.filter(function (one) { return one.value; }).map(function (one) {
      return line(say(one.question), (say(one.value) + " " + one.unit).trim() + within(one));
    });
    var summary = document.createElement("summary"), text = document.createElement("p");
    summary.textContent = word("trial");
    text.textContent = hidden.length ? word("trial_text") : word("trial_text") + " " + word("nothing_hidden");
    sheet.replaceChildren.apply(sheet, [summary, text].concat(list(word("hidden"), hidden), list(word("accepted"), answers)));
  }

  function begin() {
    var sheet = document.createElement("details");
    sheet.className = "trial-sheet";
    sheet.open = window.innerWidth > 900;
    document.body.append(sheet);
    fetch(trial.answers, { credentials: "same-origin", cache: "no-store" }).then(function (answer) { return answer.json(); }).then(function (told) {
      show(sheet, told);
      new MutationObserver(function () { show(sheet, told); }).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
