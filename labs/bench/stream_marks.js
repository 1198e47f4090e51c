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
  disc(pen, [x, y, radius], {ink}) {
    OPERATIONS.fan(pen, [x, y, radius, 0, 360, ink]);
  },
  // A soft shadow: thin layers, because blurring filters are not everywhere.
  soft(pen, [x, y, width, height, blur, darkness]) {
    const layers = 24;
    pen.fillStyle = `rgba(10, 14, 20, ${1 - (1 - darkness) ** (1 / layers)})`;
    for (let layer = 0; layer < layers; layer += 1) {
      const inset = Math.min(2 * blur, width / 2, height / 2) * (layer / layers) ** 0.7;
      roundedBox(pen, x + inset, y + inset, width - 2 * inset, height - 2 * inset, 2.2 * blur);
      pen.fill();
    }
  },
  text(pen, [x, y, text, height, align], {ink, lang}) {
    write(pen, x, y, inLanguage(text, lang), height, align, ink);
  },
  live(pen, [x, y, instrument, height, align], {ink, live}) {
    write(pen, x, y, live[instrument] ?? "– – –", height, align, ink, "600");
  },
};

function roundedBox(pen, x, y, width, height, wanted) {
  const round = Math.max(0, Math.min(wanted, width / 2, height / 2));
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

// Sides are powers of two, because only such pictures stay crisp from afar on every device.
function pixels(length) {
  return Math.min(PRINTED, Math.max(16, 2 ** Math.ceil(Math.log2(length) - 0.2)));
}

function drawMark(canvas, mark, told) {
  // One unit of the pen is a thousandth of the longer side: nanometres would be lost in the canvas' own rounding.
  const unit = Math.max(...mark.size) / 1000;
  const [width, height] = mark.size.map((side) => side / unit);
  canvas.width = pixels(width * PRINTED / 1000);
  canvas.height = pixels(height * PRINTED / 1000);
  const pen = canvas.getContext("2d");
  pen.setTransform(canvas.width / width, 0, 0, -canvas.height / height, 0, canvas.height);
  pen.strokeStyle = mark.ink;
  for (const [name, ...numbers] of mark.operations) {
    OPERATIONS[name](pen, scaled(name, numbers, unit), {...told, ink: mark.ink});
  }
}

const ANGLES = {arc: [3, 4], fan: [3, 4], soft: [5]};

function scaled(name, numbers, unit) {
  return numbers.map((value, place) =>
    typeof value === "number" && !(ANGLES[name] ?? []).includes(place) ? value / unit : value);
}

function drawName(canvas, tag, {lang, dark, ratio}) {
  const pen = canvas.getContext("2d");
  const text = inLanguage(tag.text, lang);
  const font = `500 ${NAME}px ${FONT}`;
  pen.font = font;
  const plate = {width: Math.ceil(pen.measureText(text).width) + 20, height: NAME + 13};
  const laid = LAYOUTS[tag.side](plate);
  canvas.width = Math.ceil(laid.width * ratio);
  canvas.height = Math.ceil(laid.height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const ink = dark ? "#eef2f6" : "#1d2631";
  if (tag.side !== "plain") {
    stem(pen, laid, ink);
    roundedBox(pen, laid.x, laid.y, plate.width, plate.height, 7);
    pen.fillStyle = dark ? "rgba(30,36,44,.94)" : "rgba(255,255,255,.94)";
    pen.fill();
    pen.strokeStyle = dark ? "rgba(255,255,255,.24)" : "rgba(20,30,45,.20)";
    pen.lineWidth = 1;
    pen.stroke();
  }
  Object.assign(pen, {font, textAlign: "center", textBaseline: "middle", fillStyle: ink});
  pen.fillText(text, laid.x + plate.width / 2, laid.y + plate.height / 2 + 1);
  return {...laid, centre: [laid.foot[0] / laid.width, 1 - laid.foot[1] / laid.height]};
}

// Where the plate of a name lies on its canvas, and which point of it stands on the thing it names.
const STEM = 20;
const LAYOUTS = {
  up: ({width, height}) => ({
    x: 2, y: 2, width: width + 4, height: height + STEM + 6, foot: [width / 2 + 2, height + STEM], root: [width / 2 + 2, height],
  }),
  right: ({width, height}) => ({
    x: STEM + 4, y: 2, width: width + STEM + 6, height: height + 4, foot: [4, height / 2 + 2], root: [STEM + 4, height / 2 + 2],
  }),
  left: ({width, height}) => ({
    x: 2, y: 2, width: width + STEM + 6, height: height + 4, foot: [width + STEM + 2, height / 2 + 2], root: [width, height / 2 + 2],
  }),
  plain: ({width, height}) => ({
    x: 2, y: 2, width: width + 4, height: height + 4, foot: [width / 2 + 2, height / 2 + 2], root: [0, 0],
  }),
};

function stem(pen, {foot, root}, ink) {
  Object.assign(pen, {strokeStyle: ink, fillStyle: ink, lineWidth: 1.25});
  pen.beginPath();
  pen.moveTo(...root);
  pen.lineTo(...foot);
  pen.stroke();
  pen.beginPath();
  pen.arc(...foot, 3, 0, 7);
  pen.fill();
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
    sprite.center.set(...size.centre);
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

