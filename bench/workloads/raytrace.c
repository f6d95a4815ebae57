// A ray tracer in f32: spheres and a plane, shadows, mirrors.
#include "bench.h"

typedef struct { float x, y, z; } Vec;
typedef struct { Vec center; float radius; Vec color; float mirror; } Sphere;

#define SPHERES 9
static Sphere spheres[SPHERES];
static const Vec light = {0.57735f, 0.57735f, -0.57735f};

static Vec add(Vec a, Vec b) { return (Vec){a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vec sub(Vec a, Vec b) { return (Vec){a.x - b.x, a.y - b.y, a.z - b.z}; }
static Vec scale(Vec a, float k) { return (Vec){a.x * k, a.y * k, a.z * k}; }
static float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vec unit(Vec a) { return scale(a, 1 / __builtin_sqrtf(dot(a, a))); }

NOINLINE static float hit(const Sphere *s, Vec from, Vec along) {
  Vec to = sub(s->center, from);
  float b = dot(to, along), d = b * b - dot(to, to) + s->radius * s->radius;
  if (d < 0) return 0;
  float root = __builtin_sqrtf(d);
  return b - root > 0.001f ? b - root : b + root > 0.001f ? b + root : 0;
}

static const Sphere *nearest(Vec from, Vec along, float *distance) {
  const Sphere *found = 0;
  for (u32 i = 0; i < SPHERES; i++) {
    float t = hit(&spheres[i], from, along);
    if (t > 0 && (!found || t < *distance)) { found = &spheres[i]; *distance = t; }
  }
  return found;
}

NOINLINE static Vec trace(Vec from, Vec along, u32 depth) {
  float distance = 0;
  const Sphere *s = nearest(from, along, &distance);
  Vec at, normal, color;
  float mirror;
  if (s) {
    at = add(from, scale(along, distance));
    normal = unit(sub(at, s->center));
    color = s->color;
    mirror = s->mirror;
  } else if (along.y < -0.01f) {
    at = add(from, scale(along, -(from.y + 1) / along.y));
    normal = (Vec){0, 1, 0};
    float shade = ((i32)__builtin_floorf(at.x) + (i32)__builtin_floorf(at.z)) & 1 ? 0.2f : 0.8f;
    color = (Vec){shade, shade, shade};
    mirror = 0.1f;
  } else {
    return (Vec){0.4f, 0.6f, 0.8f + 0.2f * along.y};
  }
  float bright = dot(normal, light), shadow;
  if (bright < 0 || nearest(at, light, &shadow)) bright = 0;
  color = scale(color, 0.2f + 0.8f * bright);
  if (mirror > 0 && depth < 4) {
    Vec back = sub(along, scale(normal, 2 * dot(along, normal)));
    color = add(scale(color, 1 - mirror), scale(trace(at, back, depth + 1), mirror));
  }
  return color;
}

RUN {
  seed(81);
  for (u32 i = 0; i < SPHERES; i++) {
    spheres[i] = (Sphere){
        .center = {(float)(i % 3) * 1.5f - 1.5f, (float)(i / 3) - 0.5f, 4 + (float)(next_random() & 3)},
        .radius = 0.3f + (float)(next_random() & 7) / 16,
        .color = {(float)(i & 1), (float)(i >> 1 & 1), (float)(i >> 2 & 1)},
        .mirror = (float)(next_random() & 3) / 5};
  }
  double sum = 0;
  for (i32 y = 0; y < n; y++) {
    for (i32 x = 0; x < n; x++) {
      Vec along = unit((Vec){(float)(2 * x - n) / (float)n, (float)(n - 2 * y) / (float)n, 1.5f});
      Vec color = trace((Vec){0, 0.5f, -2}, along, 0);
      sum += (double)(color.x + color.y * 2 + color.z * 3);
    }
  }
  return sum;
}
