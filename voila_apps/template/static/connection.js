/* Will this tablet do? Measures the line and the picture as a bench uses them, and says it in plain words. */
(function () {
  "use strict";
  var NEEDS = {  // good from the first, enough from the second on; less is weak
    megabits: [4, 1.5], delay: [80, 250], frames: [24, 10], texture: [4096, 2048]
  };
  var POINTS = 2048, SCENE = 2200, WARM = 400, ECHOES = 12, SIZES = [65536, 524288, 2097152], LONG = 6000;  // ms, bytes
  var found = {}, canvas = document.querySelector(".verdict canvas"), again = document.querySelector("[data-do='again']");

  function word(name) {
    var one = document.getElementById("check-words").content.querySelector("[data-word='" + name + "']");
    return { en: one.getAttribute("data-is-en"), zh: one.getAttribute("data-is-zh") };
  }

  function language() { return document.documentElement.lang.indexOf("zh") === 0 ? "zh" : "en"; }

  function grade(value, need) {
    var low = need[0] < need[1];  // a delay: less is better
    return (low ? value <= need[0] : value >= need[0]) ? "good" : (low ? value <= need[1] : value >= need[1]) ? "enough" : "weak";
  }

  // A row: how it was judged, and what stands there, as text or as a word in both languages.
  function show(name, mark, text) {
    var row = document.querySelector("[data-row='" + name + "']");
    found[name] = mark;
    row.className = mark;
    row.querySelector(".advice").hidden = mark !== "weak";
    var value = row.querySelector("[data-value]");
    value.told = text;
    value.textContent = typeof text === "string" ? text : text[language()];
  }

  window.addEventListener("wanxiang:language", function () {
    document.querySelectorAll("[data-value]").forEach(function (one) {
      if (one.told && typeof one.told !== "string") one.textContent = one.told[language()];
    });
  });

  function browser() {
    var young = window.WebSocket && window.Promise && "replaceAll" in String.prototype && "at" in Array.prototype &&
      window.CSS && CSS.supports("inset", "0") && window.HTMLDialogElement;
    var name = /(Edg|Firefox|Chrome|Version)\/(\d+)/.exec(navigator.userAgent);
    var short = name ? { Edg: "Edge", Version: "Safari" }[name[1]] || name[1] : "";
    if (young) show("browser", "good", name ? short + " " + name[2] : word("yes"));
    else show("browser", "weak", word("old"));
  }

  // The picture: two thousand lit spheres, as a gas on the bench has them.
  var VERTEX = "attribute vec4 p; uniform float t; uniform float s; varying float v;" +
    "void main() { vec3 q = p.xyz * 2.0 - 1.0; float w = t * (0.3 + p.w); q = abs(mod(q + 1.0 + w * vec3(p.w, p.x, p.y), 4.0) - 2.0) - 1.0;" +
    "v = p.w; gl_Position = vec4(q.xy * 0.9, q.z * 0.5, 1.0); gl_PointSize = s * (1.0 - 0.3 * q.z); }";
  var FRAGMENT = "precision mediump float; varying float v; void main() { vec2 d = gl_PointCoord * 2.0 - 1.0; float r = dot(d, d); if (r > 1.0) discard;" +
    "float z = sqrt(1.0 - r); float light = 0.35 + 0.65 * max(0.0, dot(vec3(d.x, -d.y, z), vec3(0.45, 0.6, 0.66)));" +
    "gl_FragColor = vec4(mix(vec3(0.16, 0.42, 0.74), vec3(0.99, 0.78, 0.22), v) * light, 1.0); }";

  function shader(gl, kind, text) {
    var one = gl.createShader(kind);
    gl.shaderSource(one, text);
    gl.compileShader(one);
    return one;
  }

  function scene(gl) {
    var program = gl.createProgram(), points = new Float32Array(4 * POINTS);
    for (var i = 0; i < points.length; i++) points[i] = Math.random();
    gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.bindAttribLocation(program, 0, "p");
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, points, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 0, 0);
    gl.enable(gl.DEPTH_TEST);
    gl.uniform1f(gl.getUniformLocation(program, "s"), canvas.width / 26);
    var time = gl.getUniformLocation(program, "t");
    return function (seconds) {
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, points);  // a bench sends every frame's places anew
      gl.uniform1f(time, seconds);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.drawArrays(gl.POINTS, 0, POINTS);
    };
  }

  function picture() {
    var gl = canvas.getContext("webgl2", { alpha: true }), version = gl ? 2 : 1;
    gl = gl || canvas.getContext("webgl", { alpha: true });
    if (!gl) {
      show("webgl", "weak", word("no"));
      show("frames", "weak", "–");
      return Promise.resolve();
    }
    var names = gl.getExtension("WEBGL_debug_renderer_info");
    found.renderer_name = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    found.webgl_version = version;
    found.texture = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    var soft = /swiftshader|llvmpipe|software|basic render/i.test(found.renderer_name);
    var mark = grade(found.texture, NEEDS.texture);
    show("webgl", soft && mark === "good" ? "enough" : mark, soft ? word("software") : "WebGL " + version);
    return frames(gl);
  }

  function frames(gl) {
    var draw = scene(gl), began = null, counted = 0, first = 0, last = 0;
    return new Promise(function (done) {
      function next(now) {
        if (began === null) began = now;
        draw((now - began) / 1000);
        if (now - began > WARM) { if (!counted) first = now; counted += 1; last = now; }
        if (now - began < SCENE) requestAnimationFrame(next);
        else {
          found.frames_number = counted > 1 ? 1000 * (counted - 1) / (last - first) : 0;
          show("frames", grade(found.frames_number, NEEDS.frames), Math.round(found.frames_number) + " /s");
          done();
        }
      }
      requestAnimationFrame(next);
      setTimeout(function () {  // a hidden tab draws nothing
        if (began === null) { show("frames", "enough", "–"); done(); }
      }, 3 * SCENE);
    });
  }

  function middle(list) {
    var sorted = list.slice().sort(function (a, b) { return a - b; });
    return sorted[Math.floor(sorted.length / 2)];
  }

  // The way there and back, over a socket: the same that a bench speaks through.
  function delay() {
    return new Promise(function (done) {
      var times = [], sent = 0, over = false;
      var socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/connection/socket");
      function finish() {
        if (over) return;
        over = true;
        clearTimeout(timer);
        socket.close();
        show("socket", times.length ? "good" : "weak", word(times.length ? "yes" : "no"));
        found.delay_number = times.length ? middle(times) : null;
        if (times.length) show("delay", grade(found.delay_number, NEEDS.delay), Math.max(1, Math.round(found.delay_number)) + " ms");
        else show("delay", "weak", "–");
        done();
      }
      function send() { sent = performance.now(); socket.send("echo"); }
      var timer = setTimeout(finish, LONG);
      socket.onopen = send;
      socket.onmessage = function () {
        times.push(performance.now() - sent);
        if (times.length < ECHOES) setTimeout(send, 40); else finish();
      };
      socket.onerror = socket.onclose = finish;
    });
  }

  function fetchBytes(size) {
    var began = performance.now();
    return fetch("/connection/bytes?n=" + size, { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.arrayBuffer();
    }).then(function (block) { return { seconds: (performance.now() - began) / 1000, bytes: block.byteLength }; });
  }

  // Larger and larger pieces, until one takes long enough to be timed well.
  function bandwidth() {
    var last = null;
    return SIZES.reduce(function (before, size) {
      return before.then(function () {
        if (last && last.seconds > 0.8) return null;
        return fetchBytes(size).then(function (one) { last = one; });
      });
    }, Promise.resolve()).catch(function () { /* asked too often, or no network: what is known counts */ }).then(function () {
      found.megabits_number = last ? 8e-6 * last.bytes / Math.max(last.seconds, 1e-3) : null;
      if (!last) { show("megabits", "enough", "–"); return; }
      var value = found.megabits_number;
      show("megabits", grade(value, NEEDS.megabits), (value < 10 ? value.toFixed(1) : String(Math.round(value))) + " Mbit/s");
    });
  }

  function conclude() {
    var marks = ["browser", "webgl", "frames", "socket", "delay", "megabits"].map(function (name) { return found[name]; });
    var verdict = marks.indexOf("weak") >= 0 ? "weak" : marks.indexOf("enough") >= 0 ? "enough" : "good";
    say(verdict);
    again.disabled = false;
    fetch("/connection/result", { method: "POST", credentials: "same-origin", body: JSON.stringify({
      verdict: verdict, megabits: found.megabits_number, delay: found.delay_number, frames: found.frames_number,
      texture: found.texture, webgl: found.webgl_version, renderer: found.renderer_name
    }) }).catch(function () { /* nobody is told */ });
  }

  function say(verdict) {
    document.querySelector(".verdict").dataset.verdict = verdict;
    document.querySelectorAll(".verdict .said").forEach(function (one) { one.hidden = !one.classList.contains(verdict); });
  }

  function measure() {
    again.disabled = true;
    found = {};
    document.querySelectorAll("[data-row]").forEach(function (row) { row.className = ""; row.querySelector("[data-value]").textContent = "…"; row.querySelector(".advice").hidden = true; });
    say("busy");
    browser();
    picture().then(delay).then(bandwidth).then(conclude);
  }

  again.addEventListener("click", function () { measure(); });
  measure();
})();
