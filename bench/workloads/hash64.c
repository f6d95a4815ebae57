// Hashes in 64 bits, as hash tables and checksums of files use them: XXH64 over long input,
// wyhash-like mixing by 128-bit products over short keys, CRC-64 by table.
#include "bench.h"

#define P1 0x9E3779B185EBCA87ull
#define P2 0xC2B2AE3D27D4EB4Full
#define P3 0x165667B19E3779F9ull
#define P4 0x85EBCA77C2B2AE63ull
#define P5 0x27D4EB2F165667C5ull

#define BYTES 65536u

static u8 data[BYTES];
static u64 crc_table[256];

static inline u64 rotate(u64 v, u32 k) { return v << k | v >> (64 - k); }

static inline u64 load64(const u8 *p) {
  u64 v;
  __builtin_memcpy(&v, p, 8);
  return v;
}

static inline u32 load32(const u8 *p) {
  u32 v;
  __builtin_memcpy(&v, p, 4);
  return v;
}

static inline u64 step(u64 state, u64 word) { return rotate(state + word * P2, 31) * P1; }
static inline u64 merge(u64 h, u64 state) { return (h ^ step(0, state)) * P1 + P4; }

NOINLINE static u64 xxh64(const u8 *p, u32 length, u64 start) {
  const u8 *end = p + length;
  u64 h;
  if (length >= 32) {
    u64 a = start + P1 + P2, b = start + P2, c = start, d = start - P1;
    for (; end - p >= 32; p += 32) {
      a = step(a, load64(p));
      b = step(b, load64(p + 8));
      c = step(c, load64(p + 16));
      d = step(d, load64(p + 24));
    }
    h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    h = merge(merge(merge(merge(h, a), b), c), d);
  } else {
    h = start + P5;
  }
  h += length;
  for (; end - p >= 8; p += 8) h = rotate(h ^ step(0, load64(p)), 27) * P1 + P4;
  if (end - p >= 4) {
    h = rotate(h ^ load32(p) * P1, 23) * P2 + P3;
    p += 4;
  }
  for (; p < end; p++) h = rotate(h ^ *p * P5, 11) * P1;
  h = (h ^ h >> 33) * P2;
  h = (h ^ h >> 29) * P3;
  return h ^ h >> 32;
}

// Both halves of a product, one xored into the other; without a 128-bit type, as portable code
// does it.
static inline u64 fold(u64 a, u64 b) {
  u64 al = (u32)a, ah = a >> 32, bl = (u32)b, bh = b >> 32;
  u64 ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
  u64 middle = (ll >> 32) + (u32)lh + (u32)hl;
  return (hh + (lh >> 32) + (hl >> 32) + (middle >> 32)) ^ (middle << 32 | (u32)ll);
}

NOINLINE static u64 short_hash(const u8 *p, u32 length, u64 start) {
  u64 h = start ^ fold(start ^ P3, P4);
  for (; length > 16; length -= 16, p += 16) h = fold(load64(p) ^ P1, load64(p + 8) ^ h);
  u64 a = 0, b = 0;
  if (length >= 8) {
    a = load64(p);
    b = load64(p + length - 8);
  } else if (length >= 4) {
    a = load32(p);
    b = load32(p + length - 4);
  } else if (length) {
    a = (u64)p[0] << 16 | (u64)p[length >> 1] << 8 | p[length - 1];
  }
  return fold(P2 ^ length, fold(a ^ P2, b ^ h));
}

NOINLINE static u64 crc64(const u8 *p, u32 length) {
  u64 c = ~0ull;
  for (u32 i = 0; i < length; i++) c = crc_table[(c ^ p[i]) & 255] ^ c >> 8;
  return ~c;
}

RUN {
  seed(99);
  for (u32 i = 0; i < BYTES; i++) data[i] = (u8)(next_random() >> 11);
  for (u32 i = 0; i < 256; i++) {
    u64 c = i;
    for (u32 k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xC96C5795D7870F42ull : 0);
    crc_table[i] = c;
  }
  u64 h = P5;
  for (i32 round = 0; round < n; round++) {
    for (u32 i = 0; i < 8; i++) h = xxh64(data + i, BYTES - 8 * i - 8, h);
    for (u32 i = 0; i < 16000; i++) h = short_hash(data + i, h & 31, h);
    for (u32 i = 0; i < 4000; i++) h ^= xxh64(data + 4 * i, 8 + (u32)(h & 31), i);
    h ^= crc64(data + (u32)(h & 7), 32768);
  }
  return (double)(h >> 12);
}
