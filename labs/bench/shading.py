"""Two surfaces that no ready material gives: molecules as lit balls, and clear glass with bright edges.

A molecule is one point of the card's: the vertex program sizes it by perspective and mixes the places of two frames,
the fragment program cuts a ball out of it and lights it (sphere impostors).
"""

from labs.bench import studio

MOLECULE_VERTEX = """
attribute vec3 before; attribute float speed;
uniform vec3 low; uniform vec3 extent; uniform float radius; uniform float lines; uniform float mixing;
varying float pace; varying float pixels;
void main() {
  vec3 way = position - before;
  vec3 place = low + extent * (any(greaterThan(abs(way), vec3(0.5))) ? position : before + way * mixing);
  vec4 seen = modelViewMatrix * vec4(place, 1.0);
  pace = speed;
  gl_Position = projectionMatrix * seen;
  pixels = radius * projectionMatrix[1][1] * lines / gl_Position.w * (speed > 0.998 ? 1.25 : 1.0);
  gl_PointSize = pixels + 1.0;
}
"""

_MOLECULE = """
varying float pace; varying float pixels;
vec3 viridis(float t) { return %(viridis)s; }
void main() {
  vec2 at = (gl_PointCoord * 2.0 - 1.0) * (pixels + 1.0) / pixels;
  at.y = -at.y;
  float far = dot(at, at);
  float cover = clamp((1.0 - sqrt(far)) * pixels * 0.5 + 0.5, 0.0, 1.0);
  if (cover < 0.02) discard;
  vec3 normal = vec3(at, sqrt(max(0.0, 1.0 - far)));
  vec3 lamp = normalize(vec3(-0.45, 0.75, 0.55));
  float lit = 0.5 + 0.5 * dot(normal, lamp);
  float gleam = pow(max(dot(reflect(-lamp, normal), vec3(0.0, 0.0, 1.0)), 0.0), 40.0);
  float rim = pow(1.0 - normal.z, 3.0);
  vec3 own = pace > 0.998 ? vec3(0.92, 0.26, 0.12) : viridis(min(pace * 1.00394, 1.0));
  vec3 shade = own * (0.42 + 0.72 * lit * lit) + vec3(0.55) * gleam + vec3(0.10, 0.12, 0.16) * rim * lit;
  gl_FragColor = vec4(shade, cover);
}
"""


GLASS_VERTEX = """
varying vec3 seen; varying vec3 outward; varying vec3 place;
void main() {
  vec4 at = modelViewMatrix * vec4(position, 1.0);
  seen = at.xyz; outward = normalMatrix * normal; place = (modelMatrix * vec4(position, 1.0)).xyz;
  gl_Position = projectionMatrix * at;
}
"""

GLASS_FRAGMENT = """
varying vec3 seen; varying vec3 outward; varying vec3 place;
void main() {
  float facing = abs(dot(normalize(outward), normalize(seen)));
  float edge = pow(1.0 - facing, 2.5);
  float across = place.x * 0.8 - place.y * 0.55 + place.z * 0.3;
  float streak = smoothstep(-0.55, -0.45, across) * (1.0 - smoothstep(-0.20, -0.05, across));
  streak += 0.6 * smoothstep(0.10, 0.16, across) * (1.0 - smoothstep(0.22, 0.30, across));
  float lamp = streak * smoothstep(0.5, 0.95, facing) * (gl_FrontFacing ? 1.0 : 0.35);
  vec3 tint = mix(vec3(0.60, 0.73, 0.76), vec3(1.0), clamp(lamp * 1.6, 0.0, 1.0));
  gl_FragColor = vec4(tint, 0.07 + 0.42 * edge + 0.11 * lamp);
}
"""


def _polynomial() -> str:
    """The colour scale as an expression of the shader language."""
    terms = ["vec3(" + ", ".join(f"{number:.6f}" for number in row) + ")" for row in studio.VIRIDIS]
    nested = terms[-1]
    for term in reversed(terms[:-1]):
        nested = f"{term} + t * ({nested})"
    return nested


MOLECULE_FRAGMENT = _MOLECULE % {"viridis": _polynomial()}
