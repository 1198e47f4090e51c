// The student's page: one function of what is given (static, public) and of the run's state (told by the bench).
import {createClock} from "./clock.js";
import {createLink} from "./link.js";
import {both, currentLanguage, openBook, switchLanguage} from "./i18n.js";
import {createShell} from "./shell.js";
import {createStore} from "./store.js";
import {createSpeaker} from "./notices.js";
import {listenToFrames, mountScene} from "./scene.js";
import {giveLetters} from "./lettering.js";
import {listenToKeys} from "./keys.js";
import {saveFile} from "./files.js";
import {watching, watchOnly} from "./shoulder.js";

export default {
  async render({model, el}) {
    const given = giveLetters(model.get("given"));
    openBook(given);
    const store = createStore();
    const speaker = createSpeaker();
    const link = createLink(model, store, {health: given.health, onFile: saveFile, onNotice: speaker.notice});
    const lab = {
      given, state: store.state, on: store.on, change: store.change, send: link.send, waiting: link.waiting, speaker,
      clock: createClock(() => store.state.running), home: el,
      switchLanguage: (to) => speakLanguage(lab, to),
    };
    store.on(["time"], (state) => lab.clock.heard(state.time));
    const shell = createShell(lab);
    store.on([], () => nameWindow(lab));
    coverWindow(el);
    el.replaceChildren(shell.element);
    setLanguageOf(el);
    const quiet = [watching() ? watchOnly(lab, model) : listenToKeys(lab), listenToFrames(model, lab, link)];
    if (!watching()) link.send("hello", {lang: currentLanguage(), ...(mayTake() ? {take: true} : {})});
    await mountScene(model, lab, shell.scene);
    return () => {
      link.close();
      for (const stop of quiet) stop();
    };
  },
};

// A seat that moved here with the teacher's consent takes its bench along without another question.
function mayTake() {
  try {
    const taken = sessionStorage.wanxiangTake;
    delete sessionStorage.wanxiangTake;
    return Boolean(taken);
  } catch {
    return false;
  }
}

function speakLanguage(lab, to) {
  switchLanguage(to);
  setLanguageOf(lab.home);
  lab.change({lang: to});
  lab.send("lang", {value: to});
}

// The page is fixed over the window; nothing that it stands in may catch it.
function coverWindow(el) {
  el.classList.add("wanxiang");
  for (let around = el.parentElement; around && around !== document.body; around = around.parentElement) around.classList.add("wx-within");
}

function setLanguageOf(element) {
  const tag = currentLanguage() === "zh" ? "zh-CN" : "en";
  element.lang = tag;
  document.documentElement.lang = tag;
}

function nameWindow(lab) {
  document.title = `${both(lab.given.title)} · 万象`;
}
