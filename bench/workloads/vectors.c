// SIMD: floats, bytes with saturation and tables, 16-bit products, 64-bit lanes, masks.
#include "bench.h"

#include <wasm_simd128.h>

#define BYTES 16384u

NOINLINE static float dot(const float *a, const float *b, u32 count) {
  v128_t sum = wasm_f32x4_splat(0);
  for (u32 i = 0; i < count; i += 4) {
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  }
  return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1)
      + wasm_f32x4_extract_lane(sum, 2) + wasm_f32x4_extract_lane(sum, 3);
}

NOINLINE static void brighten(u8 *data, u32 length) {
  v128_t more = wasm_u8x16_splat(40), limit = wasm_u8x16_splat(250);
  for (u32 i = 0; i < length; i += 16) {
    v128_t v = wasm_u8x16_add_sat(wasm_v128_load(data + i), more);
    wasm_v128_store(data + i, wasm_u8x16_min(v, limit));
  }
}

NOINLINE static u32 count_spaces(const u8 *data, u32 length) {
  u32 count = 0;
  for (u32 i = 0; i < length; i += 16) {
    v128_t same = wasm_i8x16_eq(wasm_v128_load(data + i), wasm_i8x16_splat(' '));
    count += (u32)__builtin_popcount(wasm_i8x16_bitmask(same));
  }
  return count;
}

NOINLINE static void to_hex(const u8 *data, u32 length, u8 *out) {
  v128_t digits = wasm_i8x16_const('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  for (u32 i = 0; i < length; i += 16) {
    v128_t v = wasm_v128_load(data + i);
    v128_t high = wasm_i8x16_swizzle(digits, wasm_u8x16_shr(v, 4));
    v128_t low = wasm_i8x16_swizzle(digits, wasm_v128_and(v, wasm_u8x16_splat(15)));
    wasm_v128_store(out + 2 * i,
        wasm_i8x16_shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    wasm_v128_store(out + 2 * i + 16,
        wasm_i8x16_shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  }
}

NOINLINE static i32 products(const int16_t *a, const int16_t *b, u32 count) {
  v128_t sum = wasm_i32x4_splat(0);
  for (u32 i = 0; i < count; i += 8) {
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  }
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1)
      + wasm_i32x4_extract_lane(sum, 2) + wasm_i32x4_extract_lane(sum, 3);
}

NOINLINE static u64 mixed(const u64 *data, u32 count) {
  v128_t h = wasm_i64x2_const(0x9e3779b97f4a7c15, 0x2545f4914f6cdd1d);
  for (u32 i = 0; i < count; i += 2) {
    h = wasm_v128_xor(h, wasm_v128_load(data + i));
    h = wasm_i64x2_mul(h, wasm_i64x2_splat(0x5851f42d4c957f2d));
    h = wasm_v128_xor(h, wasm_u64x2_shr(h, 29));
  }
  return (u64)wasm_i64x2_extract_lane(h, 0) ^ (u64)wasm_i64x2_extract_lane(h, 1);
}

NOINLINE static void clamp(float *data, u32 count) {
  v128_t low = wasm_f32x4_splat(-0.5f), high = wasm_f32x4_splat(0.5f);
  for (u32 i = 0; i < count; i += 4) {
    v128_t v = wasm_v128_load(data + i);
    v128_t over = wasm_f32x4_gt(v, high);
    v = wasm_v128_bitselect(high, v, over);
    wasm_v128_store(data + i, wasm_f32x4_sqrt(wasm_f32x4_abs(wasm_f32x4_max(v, low))));
  }
}

RUN {
  u32 sum = 2166136261u;
  double floats = 0;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(121 + (u32)round);
    float *a = take(BYTES), *b = take(BYTES);
    u8 *bytes = take(BYTES), *hex = take(2 * BYTES);
    for (u32 i = 0; i < BYTES / 4; i++) {
      u32 r = next_random();
      a[i] = (float)(i32)(r & 0xffff) / 32768 - 1;
      b[i] = (float)(i32)(r >> 16) / 32768 - 1;
      ((u32 *)bytes)[i] = r & 0x3f7f3f7fu;
    }
    memset(hex, 0, 2 * BYTES);
    for (u32 k = 0; k < 8; k++) {
      floats += dot(a, b, BYTES / 4);
      clamp(a, BYTES / 4);
      sum = mix(sum, count_spaces(bytes, BYTES));
      brighten(bytes, BYTES);
      sum = mix(sum, (u32)products((int16_t *)bytes, (int16_t *)hex, BYTES / 2));
      to_hex(bytes, BYTES, hex);
      sum = mix(sum, (u32)mixed((u64 *)hex, BYTES / 4));
    }
  }
  return sum + floats;
}
