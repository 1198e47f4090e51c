// What a hand without a mouse can do with the view, and what is said when there is no view.
const KEYS = {
  ArrowLeft: (bench) => orbit(bench, -0.12, 0), ArrowRight: (bench) => orbit(bench, 0.12, 0),
  ArrowUp: (bench) => orbit(bench, 0, -0.08), ArrowDown: (bench) => orbit(bench, 0, 0.08),
  "+": (bench) => approach(bench, 0.9), "=": (bench) => approach(bench, 0.9), "-": (bench) => approach(bench, 1 / 0.9),
  0: (bench) => goHome(bench), Home: (bench) => goHome(bench),
};

function steer(bench, event) {
  const deed = KEYS[event.key];
  if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
  deed(bench);
  event.preventDefault();
  event.stopPropagation();
}

function orbit(bench, round, down) {
  const {camera, controls} = bench;
  const way = camera.position.clone().sub(controls.target);
  const far = way.length();
  const angle = Math.atan2(way.x, way.z) + round;
  const fall = Math.min(controls.maxPolarAngle, Math.max(0.05, Math.acos(way.y / far) + down));
  way.set(Math.sin(fall) * Math.sin(angle), Math.cos(fall), Math.sin(fall) * Math.cos(angle)).multiplyScalar(far);
  camera.position.copy(controls.target).add(way);
  look(bench);
}

function approach(bench, factor) {
  const {camera, controls} = bench;
  camera.position.sub(controls.target).multiplyScalar(factor).add(controls.target);
  look(bench);
}

function goHome(bench) {
  bench.camera.position.copy(bench.home.position);
  bench.controls.target.copy(bench.home.target);
  look(bench);
}

function look(bench) {
  bench.controls.update();
  wake(bench);
}

function apologise(bench) {
  const slot = bench.view?.el.parentElement ?? document.querySelector("[data-bench]") ?? document.body;
  bench.apology?.remove();
  bench.apology = document.createElement("div");
  bench.apology.className = "wanxiang-apology";
  bench.apology.setAttribute("role", "status");
  bench.apology.style.cssText = "position:absolute;inset:0;display:grid;place-content:center;padding:2rem;text-align:center;"
    + "font:16px/1.5 system-ui,sans-serif;color:#1d2631;background:rgba(244,246,248,.94);z-index:5";
  const sentences = bench.view
    ? [bench.t("The picture was lost: this device's graphics gave up."), bench.t("Load the page again to see the bench. Your readings go on and are kept.")]
    : [bench.t("This browser cannot draw the bench in three dimensions."), bench.t("Turn on hardware acceleration (WebGL) in its settings, or use another browser. Readings and controls work without the picture.")];
  bench.apology.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("p"), {textContent: sentence})));
  if (getComputedStyle(slot).position === "static") slot.style.position = "relative";
  slot.append(bench.apology);
}

