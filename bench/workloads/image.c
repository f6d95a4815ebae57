// Image filters over RGBA bytes: blur, edges, histogram equalisation, rotation, alpha blending.
#include "bench.h"

#define W 160
#define H 120

NOINLINE static void blur(const u8 *from, u8 *to, i32 radius) {
  for (i32 y = 0; y < H; y++) {
    for (i32 x = 0; x < W; x++) {
      u32 r = 0, g = 0, b = 0, count = 0;
      for (i32 k = x - radius; k <= x + radius; k++) {
        if (k < 0 || k >= W) continue;
        const u8 *p = from + 4 * (y * W + k);
        r += p[0];
        g += p[1];
        b += p[2];
        count++;
      }
      u8 *q = to + 4 * (y * W + x);
      q[0] = (u8)(r / count);
      q[1] = (u8)(g / count);
      q[2] = (u8)(b / count);
      q[3] = 255;
    }
  }
}

NOINLINE static void gray(const u8 *from, u8 *to) {
  for (u32 i = 0; i < W * H; i++) {
    to[i] = (u8)((77u * from[4 * i] + 150u * from[4 * i + 1] + 29u * from[4 * i + 2]) >> 8);
  }
}

NOINLINE static void edges(const u8 *from, u8 *to) {
  for (i32 y = 1; y < H - 1; y++) {
    for (i32 x = 1; x < W - 1; x++) {
      const u8 *p = from + y * W + x;
      i32 gx = p[1 - W] + 2 * p[1] + p[1 + W] - p[-1 - W] - 2 * p[-1] - p[-1 + W];
      i32 gy = p[W - 1] + 2 * p[W] + p[W + 1] - p[-W - 1] - 2 * p[-W] - p[-W + 1];
      i32 strength = (gx < 0 ? -gx : gx) + (gy < 0 ? -gy : gy);
      to[y * W + x] = (u8)(strength > 255 ? 255 : strength);
    }
  }
}

NOINLINE static void equalise(u8 *image) {
  u32 histogram[256] = {0}, before = 0;
  for (u32 i = 0; i < W * H; i++) histogram[image[i]]++;
  for (u32 v = 0; v < 256; v++) histogram[v] = before += histogram[v];
  for (u32 i = 0; i < W * H; i++) image[i] = (u8)(histogram[image[i]] * 255 / (W * H));
}

NOINLINE static void rotate(const u8 *from, u8 *to) {
  for (u32 y = 0; y < H; y++) {
    for (u32 x = 0; x < W; x++) to[x * H + (H - 1 - y)] = from[y * W + x];
  }
}

NOINLINE static void blend(u8 *under, const u8 *over, const u8 *alpha) {
  for (u32 i = 0; i < W * H; i++) {
    u32 a = alpha[i];
    for (u32 c = 0; c < 3; c++) {
      u32 v = over[4 * i + c] * a + under[4 * i + c] * (255 - a) + 128;
      under[4 * i + c] = (u8)((v + (v >> 8)) >> 8);
    }
  }
}

RUN {
  u32 sum = 2166136261u;
  arena_used = 0;
  u8 *image = take(4 * W * H), *soft = take(4 * W * H);
  u8 *one = take(W * H), *two = take(W * H), *turned = take(W * H);
  for (i32 round = 0; round < n; round++) {
    seed(9 + (u32)round);
    for (u32 i = 0; i < W * H; i++) {
      u32 r = next_random();
      image[4 * i] = (u8)(i % W + (r & 15));
      image[4 * i + 1] = (u8)(i / W * 2 + (r >> 8 & 15));
      image[4 * i + 2] = (u8)(r >> 16);
      image[4 * i + 3] = 255;
    }
    blur(image, soft, 3);
    gray(soft, one);
    memset(two, 0, W * H);
    edges(one, two);
    equalise(two);
    rotate(two, turned);
    blend(image, soft, turned);
    for (u32 i = 0; i < 4 * W * H; i += 5) sum = mix(sum, image[i]);
  }
  return sum;
}
