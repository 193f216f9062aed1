/** The programs of the lens, for the graphics card or for a processor that stands in for it. */

export const MOST_TAPS = 96;

export const VERTEX = `#version 300 es
in vec2 corner;
out vec2 at;
void main() {
  at = corner * 0.5 + 0.5;
  gl_Position = vec4(corner.x, -corner.y, 0.0, 1.0);
}`;

/**
 * Each pixel gathers what spreads over it: light from behind the focus spreads no wider than its own place is out of
 * focus, so that nothing bleeds from a sharp outline. One look a tap (colour with nearness beside it), since a
 * processor pays for each; light is squared colour. Radii in pixels.
 */
export const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D scene;
uniform vec2 pixel;
uniform float focus;
uniform float field;
uniform float gain;
uniform float largest;
uniform float highlights;
uniform int count;
uniform vec3 taps[${MOST_TAPS}];
in vec2 at;
out vec4 colour;

float away(float nearness) {
  float off = nearness - focus;
  return sign(off) * max(0.0, abs(off) - field) * gain;
}

vec3 light(vec3 c) {
  return c * c * (1.0 + highlights * max(0.0, max(max(c.r, c.g), c.b) * 4.0 - 3.0));
}

void main() {
  vec4 own = texture(scene, at);
  float here = away(own.a);
  vec3 sum = light(own.rgb);
  float weight = 1.0;
  for (int i = 0; i < count; i += 1) {
    vec4 tap = texture(scene, at + taps[i].xy * largest * pixel);
    float there = away(tap.a);
    float reach = abs(there);
    if (there < here) reach = min(reach, abs(here) * 2.0);
    sum += mix(sum / weight, light(tap.rgb), clamp(reach - taps[i].z * largest + 0.5, 0.0, 1.0));
    weight += 1.0;
  }
  vec3 blurred = min(sqrt(sum / weight), vec3(1.0));
  colour = vec4(mix(blurred, own.rgb, step(largest, 0.5)), 1.0);
}`;
