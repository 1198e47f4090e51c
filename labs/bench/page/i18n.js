// Two languages in the page; switching is instant, local, and no physical action.
const REMEMBERED = "wanxiang.language";
const LANGUAGES = ["en", "zh"];
let language = "en";
let words = {};
const bound = new Set();

export function openBook(given, preferred) {
  words = given.words ?? {};
  language = LANGUAGES.includes(remembered()) ? remembered() : preferred ?? fromBrowser();
  bound.clear();
}

function remembered() {
  try { return localStorage.getItem(REMEMBERED); } catch { return null; }  // storage may be forbidden
}

function fromBrowser() {
  return (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function currentLanguage() {
  return language;
}

export function switchLanguage(to) {
  language = to;
  try { localStorage.setItem(REMEMBERED, to); } catch { /* the choice then lasts as long as the page */ }
  for (const refresh of bound) refresh();
}

// A text of the interface: the English sentence is its own key.
export function t(msgid, fields = {}) {
  const sentence = words[language]?.[msgid] ?? msgid;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? fields[name] : whole));
}

// A text of a declaration: {"en", "zh"}, or one string for both.
export function both(text) {
  if (text == null) return "";
  return typeof text === "string" ? text : text[language] ?? text.en ?? text.zh ?? "";
}

export function bind(refresh) {
  refresh();
  bound.add(refresh);
}
