// Big integers of 32-bit limbs: a factorial, its decimal digits, and a modular power (Montgomery).
#include "bench.h"

static u32 multiply_small(u32 *a, u32 size, u32 factor) {
  u64 carry = 0;
  for (u32 i = 0; i < size; i++) {
    carry += (u64)a[i] * factor;
    a[i] = (u32)carry;
    carry >>= 32;
  }
  if (carry) a[size++] = (u32)carry;
  return size;
}

static u32 divide_small(u32 *a, u32 *size, u32 divisor) {
  u64 rest = 0;
  for (u32 i = *size; i-- > 0;) {
    rest = rest << 32 | a[i];
    a[i] = (u32)(rest / divisor);
    rest %= divisor;
  }
  while (*size && a[*size - 1] == 0) --*size;
  return (u32)rest;
}

#define LIMBS 32

// to = a * b / 2^(32 * LIMBS) modulo m; HAC algorithm 14.36.
NOINLINE static void montgomery(u32 *to, const u32 *a, const u32 *b, const u32 *m, u32 inverse) {
  u32 t[LIMBS + 2] = {0};
  for (u32 i = 0; i < LIMBS; i++) {
    u64 carry = 0;
    for (u32 k = 0; k < LIMBS; k++) {
      carry += (u64)a[i] * b[k] + t[k];
      t[k] = (u32)carry;
      carry >>= 32;
    }
    carry += t[LIMBS];
    t[LIMBS] = (u32)carry;
    t[LIMBS + 1] = (u32)(carry >> 32);
    u32 q = t[0] * inverse;
    carry = ((u64)q * m[0] + t[0]) >> 32;
    for (u32 k = 1; k < LIMBS; k++) {
      carry += (u64)q * m[k] + t[k];
      t[k - 1] = (u32)carry;
      carry >>= 32;
    }
    carry += t[LIMBS];
    t[LIMBS - 1] = (u32)carry;
    t[LIMBS] = t[LIMBS + 1] + (u32)(carry >> 32);
  }
  int larger = t[LIMBS] != 0;
  for (u32 k = LIMBS; !larger && k-- > 0 && t[k] <= m[k];) {
    if (t[k] < m[k]) { larger = -1; break; }
  }
  i64 borrow = 0;
  for (u32 k = 0; k < LIMBS; k++) {
    borrow += (i64)t[k] - (larger < 0 ? 0 : m[k]);
    to[k] = (u32)borrow;
    borrow >>= 32;
  }
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(3 + (u32)round);
    u32 *a = take(4096), size = 1;
    a[0] = 1;
    for (u32 i = 2; i <= 400; i++) size = multiply_small(a, size, i);
    while (size) sum = mix(sum, divide_small(a, &size, 1000000000u));

    u32 m[LIMBS], base[LIMBS], power[LIMBS], inverse = 1;
    for (u32 i = 0; i < LIMBS; i++) { m[i] = next_random(); base[i] = next_random(); }
    m[0] |= 1;
    m[LIMBS - 1] |= 0x80000000u;
    base[LIMBS - 1] &= 0x7fffffffu;
    for (u32 i = 0; i < 5; i++) inverse *= 2 - m[0] * inverse;
    inverse = 0 - inverse;
    memcpy(power, base, sizeof power);
    for (u32 bit = 0; bit < 256; bit++) {
      montgomery(power, power, power, m, inverse);
      if (next_random() & 1) montgomery(power, power, base, m, inverse);
    }
    for (u32 i = 0; i < LIMBS; i++) sum = mix(sum, power[i]);
  }
  return sum;
}
