// What is printed on the bench: scales, displays and names, drawn on small canvases in the reader's language.
const FONT = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
const PRINTED = 2048;  // pixels along the longer side of a printed mark
const NAME = 15;  // CSS pixels of a name's letters
const AS_SEEN = 3007;  // three.js GammaEncoding: the canvas holds colours as the eye sees them

function inLanguage(text, lang) {
  return typeof text === "string" ? text : text[lang] ?? text.en;
}

// Drawing operations are in the bench's lengths with the origin at the lower left; see Mark in shapes.py.
const OPERATIONS = {
  line(pen, [x0, y0, x1, y1, width]) {
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  },
  arc(pen, [x, y, radius, from, to, width]) {
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, radius, from * Math.PI / 180, to * Math.PI / 180);
    pen.stroke();
  },
  fan(pen, [x, y, radius, from, to, colour]) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, from * Math.PI / 180, to * Math.PI / 180);
    pen.fill();
  },
  box(pen, [x, y, width, height, round, colour]) {
    pen.fillStyle = colour;
    roundedBox(pen, x, y, width, height, round);
    pen.fill();
  },
  shade(pen, [x, y, radius]) {
    const soft = pen.createRadialGradient(x, y, 0, x, y, radius);
    soft.addColorStop(0, "rgba(12, 16, 22, 0.5)");
    soft.addColorStop(1, "rgba(12, 16, 22, 0)");
    pen.fillStyle = soft;
    pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  },
  text(pen, [x, y, text, height, align], {ink, lang}) {
    write(pen, x, y, inLanguage(text, lang), height, align, ink);
  },
  live(pen, [x, y, instrument, height, align], {ink, live}) {
    write(pen, x, y, live[instrument] ?? "– – –", height, align, ink, "600");
  },
};

function roundedBox(pen, x, y, width, height, round) {
  pen.beginPath();
  pen.moveTo(x + round, y);
  pen.arcTo(x + width, y, x + width, y + height, round);
  pen.arcTo(x + width, y + height, x, y + height, round);
  pen.arcTo(x, y + height, x, y, round);
  pen.arcTo(x, y, x + width, y, round);
  pen.closePath();
}

// Letters are set at 100 units and scaled: canvases refuse fonts of a nanometre.
function write(pen, x, y, text, height, align, ink, weight = "500") {
  pen.save();
  pen.translate(x, y);
  pen.scale(height / 100, -height / 100);
  pen.font = `${weight} 132px ${FONT}`;
  pen.fillStyle = ink;
  pen.textAlign = align === "centre" ? "center" : align;
  pen.textBaseline = "middle";
  pen.fillText(text, 0, 6);
  pen.restore();
}

function drawMark(canvas, mark, told) {
  const [width, height] = mark.size;
  const scale = Math.min(PRINTED / Math.max(width, height), PRINTED);
  const factor = Number.isFinite(scale) ? PRINTED / Math.max(width, height) : 1;
  canvas.width = Math.max(8, Math.round(width * factor));
  canvas.height = Math.max(8, Math.round(height * factor));
  const pen = canvas.getContext("2d");
  // One unit of the pen is the longer side / 1000: lengths of 1e-9 would be lost in the canvas' own rounding.
  const unit = Math.max(width, height) / 1000;
  const grain = PRINTED / 1000;
  pen.setTransform(grain, 0, 0, -grain, 0, canvas.height);
  pen.strokeStyle = mark.ink;
  pen.lineCap = "butt";
  for (const [name, ...numbers] of mark.operations) {
    OPERATIONS[name](pen, scaled(name, numbers, unit), {...told, ink: mark.ink});
  }
}

const ANGLES = {arc: [3, 4], fan: [3, 4]};

function scaled(name, numbers, unit) {
  return numbers.map((value, place) =>
    typeof value === "number" && !(ANGLES[name] ?? []).includes(place) ? value / unit : value);
}

function drawName(canvas, tag, {lang, dark, ratio}) {
  const pen = canvas.getContext("2d");
  const text = inLanguage(tag.text, lang);
  pen.font = `500 ${NAME}px ${FONT}`;
  const wide = Math.ceil(pen.measureText(text).width) + 20;
  const high = NAME + 13;
  const stem = tag.plain ? 0 : tag.lift * NAME;
  const [width, height] = [wide + 4, high + stem + 8];
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const [plate, ink, edge] = dark ? ["rgba(30,36,44,.94)", "#eef2f6", "rgba(255,255,255,.22)"]
    : ["rgba(255,255,255,.94)", "#1d2631", "rgba(20,30,45,.20)"];
  if (!tag.plain) {
    pen.strokeStyle = dark ? "rgba(238,242,246,.75)" : "rgba(29,38,49,.65)";
    pen.lineWidth = 1.25;
    pen.beginPath();
    pen.moveTo(width / 2, high + 2);
    pen.lineTo(width / 2, high + stem + 2);
    pen.stroke();
    pen.fillStyle = dark ? "#eef2f6" : "#1d2631";
    pen.beginPath();
    pen.arc(width / 2, high + stem + 3, 3, 0, 7);
    pen.fill();
    roundedBox(pen, 2, 2, wide, high, 7);
    pen.fillStyle = plate;
    pen.fill();
    pen.strokeStyle = edge;
    pen.lineWidth = 1;
    pen.stroke();
  }
  pen.font = `500 ${NAME}px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = ink;
  pen.fillText(text, width / 2, 2 + high / 2 + 1);
  return {width, height, foot: tag.plain ? 0.5 : 1 - (high + stem + 3) / height};
}

function texture(seed, canvas) {
  const made = new seed.constructor(canvas);
  made.encoding = AS_SEEN;
  made.anisotropy = 8;
  return made;
}

function printMarks(bench) {
  const seed = bench.plate;
  return bench.plan.marks.map((mark) => {
    const canvas = document.createElement("canvas");
    drawMark(canvas, mark, bench.told());
    const mesh = seed.clone();
    mesh.material = seed.material.clone();
    mesh.material.map = texture(seed.material.map, canvas);
    mesh.material.visible = true;
    mesh.renderOrder = 4;
    lay(mesh, mark);
    (bench.parts[mark.part]?.obj ?? bench.scene).add(mesh);
    return {mark, mesh, canvas, live: mark.operations.some(([name]) => name === "live")};
  });
}

function lay(mesh, {centre, right, up}) {
  const normal = [0, 1, 2].map((i) => right[(i + 1) % 3] * up[(i + 2) % 3] - right[(i + 2) % 3] * up[(i + 1) % 3]);
  const length = Math.hypot(...normal) || 1;
  const [a, b, c] = [right, up, normal.map((value) => value / length)];
  mesh.matrixAutoUpdate = false;
  mesh.matrix.set(a[0], b[0], c[0], centre[0], a[1], b[1], c[1], centre[1], a[2], b[2], c[2], centre[2], 0, 0, 0, 1);
}

function writeNames(bench) {
  const seed = bench.sprite;
  return bench.plan.tags.map((tag) => {
    const canvas = document.createElement("canvas");
    const size = drawName(canvas, tag, bench.told());
    const sprite = seed.clone();
    sprite.material = seed.material.clone();
    sprite.material.map = texture(seed.material.map, canvas);
    sprite.material.map.generateMipmaps = false;
    sprite.material.map.minFilter = 1006;
    sprite.material.visible = true;
    sprite.renderOrder = 10;
    bench.scene.add(sprite);
    return {tag, sprite, canvas, size};
  });
}

// A name keeps its size on the screen, and goes where its part goes.
function placeNames(bench, lines) {
  const angle = 2 * Math.tan(bench.camera.fov * Math.PI / 360) / lines;
  for (const {tag, sprite, size} of bench.names) {
    sprite.scale.set(size.width * angle, size.height * angle, 1);
    sprite.center.set(0.5, size.foot);
    sprite.position.fromArray(tag.at);
    const part = bench.parts[tag.part];
    if (part) sprite.position.multiply(part.obj.scale).applyQuaternion(part.obj.quaternion).add(part.obj.position);
  }
}

function reprint(bench, onlyLive = false) {
  for (const one of bench.marks) {
    if (onlyLive && !one.live) continue;
    drawMark(one.canvas, one.mark, bench.told());
    one.mesh.material.map.needsUpdate = true;
  }
  if (onlyLive) return;
  for (const one of bench.names) {
    one.size = drawName(one.canvas, one.tag, bench.told());
    one.sprite.material.map.needsUpdate = true;
  }
}

