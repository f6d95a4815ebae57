// SIMD on floats: a matrix product, points through a 4 by 4 matrix, bounds, a polynomial.
#include "bench.h"

#include <wasm_simd128.h>

#define SIZE 96u
#define POINTS 4096u

NOINLINE static void multiply(const float *a, const float *b, float *c) {
  for (u32 i = 0; i < SIZE; i++) {
    for (u32 j = 0; j < SIZE; j += 8) {
      v128_t left = wasm_f32x4_splat(0), right = left;
      for (u32 k = 0; k < SIZE; k++) {
        v128_t v = wasm_v128_load32_splat(a + i * SIZE + k);
        left = wasm_f32x4_add(left, wasm_f32x4_mul(v, wasm_v128_load(b + k * SIZE + j)));
        right = wasm_f32x4_add(right, wasm_f32x4_mul(v, wasm_v128_load(b + k * SIZE + j + 4)));
      }
      wasm_v128_store(c + i * SIZE + j, left);
      wasm_v128_store(c + i * SIZE + j + 4, right);
    }
  }
}

NOINLINE static void transform(const float *m, const float *from, float *to, u32 count) {
  v128_t x = wasm_v128_load(m), y = wasm_v128_load(m + 4);
  v128_t z = wasm_v128_load(m + 8), w = wasm_v128_load(m + 12);
  for (u32 i = 0; i < 4 * count; i += 4) {
    v128_t p = wasm_v128_load(from + i);
    v128_t r = wasm_f32x4_mul(x, wasm_i32x4_shuffle(p, p, 0, 0, 0, 0));
    r = wasm_f32x4_add(r, wasm_f32x4_mul(y, wasm_i32x4_shuffle(p, p, 1, 1, 1, 1)));
    r = wasm_f32x4_add(r, wasm_f32x4_mul(z, wasm_i32x4_shuffle(p, p, 2, 2, 2, 2)));
    r = wasm_f32x4_add(r, wasm_f32x4_mul(w, wasm_i32x4_shuffle(p, p, 3, 3, 3, 3)));
    wasm_v128_store(to + i, r);
  }
}

NOINLINE static float extent(const float *points, u32 count) {
  v128_t low = wasm_v128_load(points), high = low;
  for (u32 i = 4; i < 4 * count; i += 4) {
    v128_t p = wasm_v128_load(points + i);
    low = wasm_f32x4_pmin(low, p);
    high = wasm_f32x4_pmax(high, p);
  }
  v128_t d = wasm_f32x4_sub(high, low);
  return wasm_f32x4_extract_lane(d, 0) + wasm_f32x4_extract_lane(d, 1)
      + wasm_f32x4_extract_lane(d, 2);
}

// 1 / (1 + x^2) by a quotient where |x| > 1/2, else by its series.
NOINLINE static void bell(float *data, u32 count) {
  v128_t one = wasm_f32x4_splat(1), half = wasm_f32x4_splat(0.5f);
  for (u32 i = 0; i < count; i += 4) {
    v128_t x = wasm_v128_load(data + i);
    v128_t s = wasm_f32x4_mul(x, x);
    v128_t series = wasm_f32x4_sub(one, wasm_f32x4_mul(s, wasm_f32x4_sub(one,
        wasm_f32x4_mul(s, wasm_f32x4_sub(one, s)))));
    v128_t quotient = wasm_f32x4_div(one, wasm_f32x4_add(one, s));
    v128_t is_far = wasm_f32x4_gt(wasm_f32x4_abs(x), half);
    wasm_v128_store(data + i, wasm_v128_bitselect(quotient, series, is_far));
  }
}

NOINLINE static i32 rounded(const float *data, u32 count) {
  v128_t sum = wasm_i32x4_splat(0), scale = wasm_f32x4_splat(1000);
  for (u32 i = 0; i < count; i += 4) {
    v128_t v = wasm_f32x4_mul(wasm_v128_load(data + i), scale);
    sum = wasm_i32x4_add(sum, wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_sqrt(v)));
  }
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1)
      + wasm_i32x4_extract_lane(sum, 2) + wasm_i32x4_extract_lane(sum, 3);
}

RUN {
  double result = 0;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(5 + (u32)round);
    float *a = take(4 * SIZE * SIZE), *b = take(4 * SIZE * SIZE), *c = take(4 * SIZE * SIZE);
    float *points = take(16 * POINTS), *moved = take(16 * POINTS);
    for (u32 i = 0; i < SIZE * SIZE; i++) {
      a[i] = (float)(i32)(next_random() & 1023) / 1024;
      b[i] = (float)(i32)(next_random() & 1023) / 1024 - 0.5f;
    }
    for (u32 i = 0; i < 4 * POINTS; i++) points[i] = (float)(i32)(next_random() & 4095) / 4096;
    multiply(a, b, c);
    result += c[round % (i32)(SIZE * SIZE)] + c[SIZE * SIZE - 1];
    for (u32 k = 0; k < 8; k++) {
      transform(c + 16 * k, points, moved, POINTS);
      result += extent(moved, POINTS);
      bell(moved, 4 * POINTS);
      result += rounded(moved, 4 * POINTS);
    }
  }
  return result;
}
