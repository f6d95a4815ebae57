// SIMD on bytes and 16 bits: grey of RGBA, a box filter, a blend with saturation, a threshold.
#include "bench.h"

#include <wasm_simd128.h>

#define WIDTH 256u
#define HEIGHT 128u

// (77 r + 150 g + 29 b) / 256 of 16 pixels at a time.
NOINLINE static void to_grey(const u8 *rgba, u8 *grey) {
  v128_t weights = wasm_u16x8_const(77, 150, 29, 0, 77, 150, 29, 0);
  for (u32 i = 0; i < WIDTH * HEIGHT; i += 8) {
    v128_t sums[4];
    for (u32 k = 0; k < 2; k++) {
      v128_t v = wasm_v128_load(rgba + 4 * i + 16 * k);
      v128_t a = wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(v), weights);
      v128_t b = wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(v), weights);
      sums[2 * k] = wasm_u32x4_extadd_pairwise_u16x8(a);
      sums[2 * k + 1] = wasm_u32x4_extadd_pairwise_u16x8(b);
    }
    v128_t low = wasm_i32x4_add(wasm_i32x4_shuffle(sums[0], sums[1], 0, 2, 4, 6),
                                wasm_i32x4_shuffle(sums[0], sums[1], 1, 3, 5, 7));
    v128_t high = wasm_i32x4_add(wasm_i32x4_shuffle(sums[2], sums[3], 0, 2, 4, 6),
                                 wasm_i32x4_shuffle(sums[2], sums[3], 1, 3, 5, 7));
    v128_t words = wasm_u16x8_narrow_i32x4(wasm_u32x4_shr(low, 8), wasm_u32x4_shr(high, 8));
    wasm_v128_store64_lane(grey + i, wasm_u8x16_narrow_i16x8(words, words), 0);
  }
}

// The mean of nine pixels, (sum * 7282 + 32768) / 65536.
NOINLINE static void blur(const u8 *from, u8 *to) {
  for (u32 y = 1; y + 1 < HEIGHT; y++) {
    for (u32 x = 1; x + 9 <= WIDTH; x += 8) {
      v128_t sum = wasm_i16x8_splat(0);
      for (u32 k = 0; k < 3; k++) {
        const u8 *row = from + (y + k - 1) * WIDTH + x;
        sum = wasm_i16x8_add(sum, wasm_u16x8_load8x8(row - 1));
        sum = wasm_i16x8_add(sum, wasm_u16x8_load8x8(row));
        sum = wasm_i16x8_add(sum, wasm_u16x8_load8x8(row + 1));
      }
      v128_t ninth = wasm_i32x4_splat(7282), half = wasm_i32x4_splat(32768);
      v128_t low = wasm_i32x4_mul(wasm_u32x4_extend_low_u16x8(sum), ninth);
      v128_t high = wasm_i32x4_mul(wasm_u32x4_extend_high_u16x8(sum), ninth);
      low = wasm_u32x4_shr(wasm_i32x4_add(low, half), 16);
      high = wasm_u32x4_shr(wasm_i32x4_add(high, half), 16);
      v128_t words = wasm_u16x8_narrow_i32x4(low, high);
      wasm_v128_store64_lane(to + y * WIDTH + x, wasm_u8x16_narrow_i16x8(words, words), 0);
    }
  }
}

// The sharper picture: twice the pixel, less the blurred one.
NOINLINE static void sharpen(u8 *grey, const u8 *blurred) {
  for (u32 i = 0; i < WIDTH * HEIGHT; i += 16) {
    v128_t v = wasm_v128_load(grey + i), b = wasm_v128_load(blurred + i);
    v128_t more = wasm_u8x16_sub_sat(v, b), less = wasm_u8x16_sub_sat(b, v);
    wasm_v128_store(grey + i, wasm_u8x16_sub_sat(wasm_u8x16_add_sat(v, more), less));
  }
}

NOINLINE static u32 count_bright(const u8 *grey, u32 limit) {
  v128_t bound = wasm_u8x16_splat((u8)limit);
  u32 count = 0;
  for (u32 i = 0; i < WIDTH * HEIGHT; i += 16) {
    v128_t bright = wasm_u8x16_gt(wasm_v128_load(grey + i), bound);
    count += (u32)__builtin_popcount(wasm_i8x16_bitmask(bright));
  }
  return count;
}

NOINLINE static void average(u8 *a, const u8 *b) {
  for (u32 i = 0; i < WIDTH * HEIGHT; i += 16) {
    wasm_v128_store(a + i, wasm_u8x16_avgr(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  }
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(17 + (u32)round);
    u8 *rgba = take(4 * WIDTH * HEIGHT), *grey = take(WIDTH * HEIGHT), *soft = take(WIDTH * HEIGHT);
    for (u32 i = 0; i < WIDTH * HEIGHT; i++) ((u32 *)rgba)[i] = next_random();
    memset(soft, 0, WIDTH * HEIGHT);
    for (u32 k = 0; k < 8; k++) {
      to_grey(rgba + 4 * k, grey);
      blur(grey, soft);
      sharpen(grey, soft);
      average(soft, grey);
      sum = mix(sum, count_bright(soft, 100 + 8 * k));
    }
    for (u32 i = 0; i < WIDTH * HEIGHT; i += 61) sum = mix(sum, soft[i]);
  }
  return sum;
}
