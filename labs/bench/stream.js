// Moves the bench: takes frames, draws between the last two of them, and gives a credit for each one shown.
const FASTEST = 1000 / 60 - 2;  // ms between two pictures: sixty a second are enough
const LONGEST = 250;  // ms over which a picture glides to the next frame at most
const SLOW = 40;  // ms between pictures above which a device counts as slow
const PATIENCE = 12;  // slow pictures in a row before the picture gets coarser
const RARELY = 500;  // ms between shadows on a slow device
const SHARPEST = 2;  // device pixels per CSS pixel at most
const CROWD = 400;  // molecules from which smoothed edges are given up where a processor draws
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;
const POSE = 11;  // numbers per part in a frame

function speaker(words) {
  const lang = () => (document.documentElement.lang || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  return {lang, t: (sentence) => (lang() === "zh" ? words[sentence] ?? sentence : sentence)};
}

// The page and its bench are one tab, whichever of them wakes first.
function tabName() {
  globalThis.wanxiangTab ??= nameTab();
  return globalThis.wanxiangTab;
}

// A teacher's page that looks over a student's shoulder draws every frame and grants none.
const watchesOnly = () => Boolean(globalThis.wanxiangWatching);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Models are made in any order when a page comes back to a living bench, so a missing one may still be on its way.
async function find(manager, id) {
  for (let tries = 0; ; tries += 1) {
    try {
      const model = await manager.get_model(id);
      if (model.initPromise) await model.initPromise;
      return model;
    } catch (problem) {
      if (tries > 150) throw problem;
      await pause(100);
    }
  }
}

async function gather(model) {
  const plan = model.get("plan");
  const get = async (id) => (await find(model.widget_manager, id)).obj;
  const clouds = await Promise.all(plan.clouds.map(async (cloud) => ({
    position: await get(cloud.position), before: await get(cloud.before), speed: await get(cloud.speed),
    uniforms: (await get(cloud.material)).uniforms,
  })));
  const parts = await Promise.all(plan.parts.map(async ({id, glow}) => ({
    obj: await get(id), light: glow ? await get(glow) : null,
  })));
  return {
    model, plan, clouds, parts, renderer: await find(model.widget_manager, plan.renderer), scene: await get(plan.scene),
    camera: await get(plan.camera), controls: await get(plan.controls), plate: await get(plan.plate),
    sprite: await get(plan.sprite),
  };
}

async function openBench(model) {
  const voice = speaker(model.get("words"));
  const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  const bench = {
    ...await gather(model), ...voice, tab: tabName(), view: null, run: null, from: null, to: null, begun: 0, period: 100,
    arrived: 0, owed: [], drawn: 0, draws: 0, slow: 0, ratio: Math.min(SHARPEST, globalThis.devicePixelRatio || 1),
    awake: false, rested: true, moved: true, shaded: 0, shadeEvery: 0, live: {}, lost: false, mixing: 1, ready: false,
  };
  bench.isDark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme === "dark" || (theme !== "light" && Boolean(dark?.matches));
  };
  bench.told = () => ({lang: bench.lang(), dark: bench.isDark(), ratio: Math.max(2, bench.ratio), live: bench.live});
  bench.marks = printMarks(bench);
  bench.names = writeNames(bench);
  bench.home = {position: bench.camera.position.clone(), target: bench.controls.target.clone()};
  return bench;
}

// Arrival of frames -----------------------------------------------------------------------------------------------

function take(bench, header, buffers) {
  if (watchesOnly() ? header.say !== "frame" : header.tab !== bench.tab) return;
  if (header.say === "elsewhere") document.dispatchEvent(new CustomEvent("wanxiang:elsewhere"));
  if (header.say === "hold") say(bench, "ready");
  if (header.say !== "frame" || (bench.run !== null && header.run < bench.run)) return;
  const fresh = header.run !== bench.run;
  bench.run = header.run;
  const now = performance.now();
  bench.period = Math.min(LONGEST, Math.max(16, bench.arrived ? 0.5 * (bench.period + now - bench.arrived) : 100));
  bench.arrived = bench.begun = now;
  buffers = buffers.map((view) => (view instanceof DataView ? view : new DataView(view)));
  bench.clouds.forEach((cloud, place) => pour(cloud, buffers[2 * place], buffers[2 * place + 1], fresh, bench.mixing));
  aimParts(bench, buffers[buffers.length - 1], fresh);
  bench.mixing = fresh ? 1 : 0;
  if (!watchesOnly()) bench.owed.push({do: "credit", tab: bench.tab, frame: header.frame, run: header.run});
  hearLive(bench, header);
  document.dispatchEvent(new CustomEvent("wanxiang:frame", {detail: header}));
  wake(bench);
}

function hearLive(bench, header) {
  if (!header.live) return;
  const told = Object.fromEntries(Object.entries(header.live).map(([name, reading]) => [name, reading?.text ?? String(reading)]));
  if (Object.entries(told).every(([name, text]) => bench.live[name] === text)) return;
  bench.live = told;
  reprint(bench, true);
}

// The card mixes the two positions; here the place now shown becomes the one to start from.
function pour(cloud, places, paces, fresh, mixing) {
  const next = new Uint16Array(places.buffer, places.byteOffset, places.byteLength / 2);
  const {before, position, speed} = cloud;
  if (fresh) before.array.set(next);
  else if (mixing >= 1) before.array.set(position.array);
  else blend(before.array, position.array, mixing);
  position.array.set(next);
  speed.array.set(new Uint8Array(paces.buffer, paces.byteOffset, paces.byteLength));
  for (const attribute of [before, position, speed]) attribute.needsUpdate = true;
}

function blend(before, position, mixing) {
  for (let i = 0; i < before.length; i += 1) {
    const way = position[i] - before[i];
    before[i] = way > 32767 || way < -32767 ? position[i] : before[i] + way * mixing;
  }
}

function aimParts(bench, view, fresh) {
  if (!bench.parts.length) return;
  const next = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  bench.moved ||= !bench.to || next.some((value, i) => value !== bench.to[i]);
  bench.from = fresh || !bench.to ? next : shown(bench);
  bench.to = next;
}

function shown(bench) {
  const now = new Float32Array(bench.to.length);
  bench.parts.forEach(({obj, glow}, place) => {
    now.set([...obj.position.toArray(), ...obj.quaternion.toArray(), ...obj.scale.toArray(), glow ?? 0], place * POSE);
  });
  return now;
}

// Drawing ---------------------------------------------------------------------------------------------------------

function wake(bench) {
  if (bench.awake || document.hidden) return;
  bench.awake = true;
  if (bench.lost) setTimeout(() => settle(bench), 100);  // no picture: the numbers go on
  else if (bench.view) requestAnimationFrame((now) => step(bench, now));
  else bench.awake = false;
}

function step(bench, now) {
  bench.awake = false;
  if (document.hidden || bench.lost || now === bench.drawn) return;
  if (now - bench.drawn < FASTEST) {
    wake(bench);
    return;
  }
  watchPace(bench, now);
  bench.drawn = now;
  move(bench);
  draw(bench);
  settle(bench);
  bench.rested = bench.mixing >= 1;
  if (!bench.rested) wake(bench);
}

function move(bench) {
  if (bench.mixing >= 1 && !bench.to) return;
  bench.mixing = Math.min(1, (performance.now() - bench.begun) / bench.period);
  for (const cloud of bench.clouds) cloud.uniforms.mixing.value = bench.mixing;
  if (bench.to) bench.parts.forEach((part, place) => pose(part, bench.from, bench.to, place * POSE, bench.mixing));
}

function pose(part, from, to, at, mixing) {
  const {obj, light} = part;
  const between = (i) => from[at + i] + (to[at + i] - from[at + i]) * mixing;
  obj.position.set(between(0), between(1), between(2));
  const next = obj.quaternion.clone().fromArray(to, at + 3);
  obj.quaternion.fromArray(from, at + 3).slerp(next, mixing);
  obj.scale.set(between(7), between(8), between(9));
  part.glow = to[at + 10];
  if (light) light.opacity = 0.25 + 0.75 * part.glow;
}

function draw(bench) {
  const {view, camera} = bench;
  if (view.isFrozen) view.unfreeze();
  const gl = view.renderer;
  fitLens(bench, camera);
  const {width, height} = gl.getSize();
  if (gl.getPixelRatio() !== bench.ratio) gl.setPixelRatio(bench.ratio);
  for (const cloud of bench.clouds) cloud.uniforms.lines.value = gl.domElement.height;
  castShadows(bench, gl.shadowMap);
  placeNames(bench, height || width);
  view.renderScene();
  bench.draws += 1;
}

// Shadows are drawn anew only when something that casts one has moved; on a slow device not at every picture either.
function castShadows(bench, shadows) {
  const now = performance.now();
  const still = bench.mixing >= 1;
  shadows.autoUpdate = false;
  if (bench.draws >= 3 && !(bench.moved && (still || now - bench.shaded >= bench.shadeEvery))) return;
  shadows.needsUpdate = true;
  bench.shaded = now;
  bench.moved &&= !still;
}

// The lens opens until all of the apparatus fits, however narrow the slot is.
function fitLens(bench, camera) {
  const [across, upwards] = bench.plan.needs;
  const fov = Math.atan(Math.max(upwards, across / camera.aspect)) * 360 / Math.PI;
  if (Math.abs(fov - camera.fov) < 1e-6) return;
  camera.fov = fov;
  camera.updateProjectionMatrix();
}

function watchPace(bench, now) {
  if (bench.rested) return;
  bench.slow = now - bench.drawn > SLOW ? bench.slow + 1 : 0;
  if (bench.slow < PATIENCE) return;
  bench.slow = 0;
  if (bench.ratio > 1) bench.ratio = 1;
  else bench.shadeEvery = RARELY;
}

function settle(bench) {
  if (bench.lost) bench.awake = false;
  if (document.hidden) return;
  for (const credit of bench.owed.splice(0)) bench.model.send(credit);
}

function say(bench, what) {
  bench.owed.length = 0;
  if (watchesOnly()) return void globalThis.wanxiangWatching.look();
  bench.model.send({do: what, tab: bench.tab});
}

// The view of the renderer, and its troubles ----------------------------------------------------------------------

// The name of what draws here, or nothing where nothing can.
function draughtsman() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  if (!gl) return "";
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();  // browsers count how many are open
  return name || "unknown";
}

// Where a processor draws in place of a graphics card, smoothing every edge four times costs half of the pictures.
// Balls smooth their own edges, so a bench full of them goes without.
function choosePencil(bench) {
  const name = draughtsman();
  if (!name) throw new Error("no WebGL");
  const crowd = bench.plan.clouds.reduce((sum, cloud) => sum + cloud.count, 0);
  bench.plain = crowd >= CROWD && BY_PROCESSOR.test(name);
  if (bench.plain) bench.renderer.set("_antialias", false);
}

async function viewOf(renderer) {
  for (;;) {
    for (const promise of Object.values(renderer.views ?? {})) {
      const view = await promise;
      if (view.renderer) return view;
    }
    await pause(50);
  }
}

async function enter(bench) {
  try {
    choosePencil(bench);
    bench.view = await viewOf(bench.renderer);
    if (bench.plain && bench.view.renderer.context.getContextAttributes().antialias) {
      bench.view.freeze();
      bench.view.unfreeze();
    }
    takeOver(bench);
    draw(bench);
    wake(bench);
  } catch (problem) {
    console.warn("The bench has no picture.", problem);
    bench.lost = true;
    apologise(bench);
  }
  bench.ready = true;
  if (!document.hidden) say(bench, "ready");
}

// Every wish to draw, the orbiting hand's too, goes through one gate, so that no picture is drawn twice.
function takeOver(bench) {
  const {view} = bench;
  view.tock = (now) => {
    view._ticking = false;
    step(bench, now);
    if (bench.drawn !== now) wake(bench);
  };
  view.el.tabIndex = 0;
  view.el.setAttribute("role", "img");
  describe(bench);
  view.el.addEventListener("keydown", (event) => steer(bench, event));
  const canvas = view.renderer.domElement;
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    bench.lost = true;
    apologise(bench);
    wake(bench);
  });
  canvas.addEventListener("webglcontextrestored", () => {
    bench.lost = bench.awake = false;
    bench.draws = 0;
    bench.apology?.remove();
    wake(bench);
  });
}

function describe(bench) {
  bench.view?.el.setAttribute("aria-label", bench.plan.description[bench.lang()]);
}

// The picture as it stands, on a plain ground: for a report or a catalogue card.
function picture(bench, ground = "#f4f6f8") {
  if (!bench.view || bench.lost) return null;
  const {ratio} = bench;
  bench.ratio = SHARPEST;
  draw(bench);
  bench.ratio = ratio;
  const source = bench.view.renderer.domElement;
  const canvas = Object.assign(document.createElement("canvas"), {width: source.width, height: source.height});
  const pen = canvas.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0);
  wake(bench);
  return canvas.toDataURL("image/png");
}

function listen(bench) {
  const onFrame = (header, buffers) => take(bench, header, buffers ?? []);
  const onVisible = () => {
    if (!bench.ready) return;
    say(bench, document.hidden ? "away" : "ready");
    wake(bench);
  };
  const onLook = () => {
    reprint(bench);
    describe(bench);
    if (bench.apology?.isConnected) apologise(bench);
    wake(bench);
  };
  // What was travelling when a socket died arrives nowhere, credits included: a new socket begins with a full window.
  const onLine = (_, status) => {
    if (status === "connected" && bench.ready && !document.hidden) say(bench, "ready");
  };
  const kernel = bench.model.widget_manager?.kernel;
  kernel?.connectionStatusChanged?.connect(onLine);
  const watcher = new MutationObserver(onLook);
  watcher.observe(document.documentElement, {attributes: true, attributeFilter: ["lang", "data-theme"]});
  const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  dark?.addEventListener?.("change", onLook);
  document.addEventListener("visibilitychange", onVisible);
  bench.model.on("msg:custom", onFrame);
  return () => {
    kernel?.connectionStatusChanged?.disconnect(onLine);
    watcher.disconnect();
    dark?.removeEventListener?.("change", onLook);
    document.removeEventListener("visibilitychange", onVisible);
    bench.model.off("msg:custom", onFrame);
  };
}

export default {
  async initialize({model}) {
    const bench = await openBench(model);
    globalThis.wanxiangBench = bench;
    const stop = listen(bench);
    bench.renderer.bench = {
      turn: (round, down = 0) => orbit(bench, round, down), approach: (factor) => approach(bench, factor),
      home: () => goHome(bench), picture: (ground) => picture(bench, ground), toJSON: () => bench.scene.toJSON(), state: bench,
    };
    enter(bench);
    return stop;
  },
  render({el}) {
    el.style.display = "none";
  },
};

// A tab is named window.load: the window keeps its name when the page is loaded again, so that the bench knows it.
function nameTab() {
  const draw = () => crypto.getRandomValues(new Uint32Array(2)).join("-");
  let own = draw();
  try {
    own = sessionStorage.wanxiangWindow ??= own;
  } catch { /* no storage here: every load is a new window */ }
  return `${own}.${draw()}`;
}
