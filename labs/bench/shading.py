"""Two surfaces that no ready material gives: molecules as lit balls, and clear glass with bright edges.

A molecule is one point of the card's: the vertex program sizes it by perspective and mixes the places of two frames,
the fragment program cuts a ball out of it and lights it (sphere impostors).
"""

from labs.bench import studio

_MOLECULE_VERTEX = """
attribute vec3 before; attribute float speed;
uniform vec3 low; uniform vec3 extent; uniform float radius; uniform float lines; uniform float mixing;
varying vec3 own; varying float grown;
vec3 viridis(float t) { return %(viridis)s; }
void main() {
  vec3 way = position - before;
  vec3 place = low + extent * (any(greaterThan(abs(way), vec3(0.5))) ? position : before + way * mixing);
  gl_Position = projectionMatrix * (modelViewMatrix * vec4(place, 1.0));
  bool tagged = speed > 0.998;
  own = tagged ? vec3(0.92, 0.26, 0.12) : viridis(min(speed * 1.00394, 1.0));
  float pixels = radius * projectionMatrix[1][1] * lines / gl_Position.w * (tagged ? 1.25 : 1.0);
  gl_PointSize = pixels + 1.0;
  grown = pixels + 1.0;
}
"""

MOLECULE_FRAGMENT = """
varying vec3 own; varying float grown;
void main() {
  vec2 at = (gl_PointCoord * 2.0 - 1.0) * (grown / max(1.0, grown - 1.0));
  float far = dot(at, at);
  float cover = (1.0 - sqrt(far)) * 0.5 * grown + 0.5;
  if (cover < 0.05) discard;
  float high = sqrt(max(0.0, 1.0 - far));
  float lit = 0.5 + 0.5 * dot(vec3(at.x, -at.y, high), vec3(-0.4353, 0.7255, 0.5321));
  float bright = max(0.0, (lit - 0.90) * 10.0);
  float rim = 1.0 - high;
  vec3 shade = own * (0.40 + 0.74 * lit * lit) + 0.45 * bright * bright + vec3(0.08, 0.10, 0.13) * rim * rim * lit;
  gl_FragColor = vec4(shade, min(cover, 1.0));
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


MOLECULE_VERTEX = _MOLECULE_VERTEX % {"viridis": _polynomial()}
