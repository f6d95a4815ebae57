// SIMD on text: base64 by tables and back, a search for a byte, letters to lower case.
#include "bench.h"

#include <wasm_simd128.h>

#define BYTES 12288u

// 12 bytes become 16 characters.
NOINLINE static u32 encode(const u8 *from, u32 length, u8 *to) {
  v128_t offsets = wasm_i8x16_const(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  u32 out = 0;
  for (u32 i = 0; i + 16 <= length; i += 12, out += 16) {
    v128_t v = wasm_v128_load(from + i);
    v = wasm_i8x16_shuffle(v, v, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    v128_t a = wasm_u32x4_shr(wasm_v128_and(v, wasm_i32x4_splat(0x0000fc00)), 10);
    v128_t b = wasm_i32x4_shl(wasm_v128_and(v, wasm_i32x4_splat(0x000003f0)), 4);
    v128_t c = wasm_u32x4_shr(wasm_v128_and(v, wasm_i32x4_splat(0x0fc00000)), 6);
    c = wasm_v128_and(c, wasm_i32x4_splat(0x003f0000));
    v128_t d = wasm_i32x4_shl(wasm_v128_and(v, wasm_i32x4_splat(0x003f0000)), 8);
    v128_t six = wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d));
    six = wasm_v128_and(six, wasm_i8x16_splat(63));
    v128_t kind = wasm_u8x16_sub_sat(six, wasm_i8x16_splat(51));
    v128_t is_upper = wasm_i8x16_lt(six, wasm_i8x16_splat(26));
    kind = wasm_v128_or(kind, wasm_v128_and(is_upper, wasm_i8x16_splat(13)));
    wasm_v128_store(to + out, wasm_i8x16_add(six, wasm_i8x16_swizzle(offsets, kind)));
  }
  return out;
}

// The first character that base64 has not, or the length.
NOINLINE static u32 first_foreign(const u8 *text, u32 length) {
  v128_t low = wasm_i8x16_const(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13,
      0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  v128_t high = wasm_i8x16_const(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10,
      0x10, 0x10, 0x10, 0x10, 0x10);
  for (u32 i = 0; i < length; i += 16) {
    v128_t v = wasm_v128_load(text + i);
    v128_t l = wasm_i8x16_swizzle(low, wasm_v128_and(v, wasm_i8x16_splat(15)));
    v128_t h = wasm_i8x16_swizzle(high, wasm_u8x16_shr(v, 4));
    if (wasm_v128_any_true(wasm_v128_and(l, h))) {
      v128_t bad = wasm_i8x16_ne(wasm_v128_and(l, h), wasm_i8x16_splat(0));
      return i + (u32)__builtin_ctz(wasm_i8x16_bitmask(bad));
    }
  }
  return length;
}

NOINLINE static u32 find(const u8 *text, u32 length, u8 wanted) {
  v128_t all = wasm_i8x16_splat((int8_t)wanted);
  for (u32 i = 0; i < length; i += 16) {
    u32 found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(text + i), all));
    if (found != 0) return i + (u32)__builtin_ctz(found);
  }
  return length;
}

NOINLINE static void to_lower(u8 *text, u32 length) {
  v128_t a = wasm_i8x16_splat('A'), z = wasm_i8x16_splat('Z'), bit = wasm_i8x16_splat(0x20);
  for (u32 i = 0; i < length; i += 16) {
    v128_t v = wasm_v128_load(text + i);
    v128_t is_upper = wasm_v128_and(wasm_i8x16_ge(v, a), wasm_i8x16_le(v, z));
    wasm_v128_store(text + i, wasm_v128_or(v, wasm_v128_and(is_upper, bit)));
  }
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(77 + (u32)round);
    u8 *bytes = take(BYTES + 16), *text = take(2 * BYTES);
    for (u32 i = 0; i < BYTES / 4; i++) ((u32 *)bytes)[i] = next_random();
    for (u32 k = 0; k < 16; k++) {
      u32 length = encode(bytes + k, BYTES - k, text);
      sum = mix(sum, first_foreign(text, length));
      for (u32 from = 0; from < length; from += 512) sum = mix(sum, find(text + from, 512, 'x'));
      to_lower(text, length);
      sum = mix(sum, ((u32 *)text)[k * 37]);
    }
  }
  return sum;
}
