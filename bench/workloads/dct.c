// What a codec of still images does to blocks of eight by eight: a cosine transform in integers,
// quantisation, zigzag, runs of zeros into variable-length codes in a bit stream, and all the way
// back.
#include "bench.h"

#define SIDE 128u
#define CAPACITY 65536u

static u8 pixels[SIDE * SIDE], decoded[SIDE * SIDE];
static u8 stream[CAPACITY];
static u32 bits, bit_count, put;
static u8 zigzag[64];
static i32 cosines[8][8];

// 2^12 * cos(k * pi / 16), k from 0 to 4, from which all others follow.
static const i32 base[5] = {4096, 4017, 3784, 3406, 2896};

static i32 cosine(u32 k) {
  static const i32 low[4] = {2276, 1567, 799, 0};
  k %= 32;
  if (k > 16) k = 32 - k;
  if (k > 8) return -cosine(16 - k);
  return k <= 4 ? base[k] : low[k - 5];
}

static void prepare(void) {
  for (u32 u = 0; u < 8; u++)
    for (u32 x = 0; x < 8; x++) cosines[u][x] = u ? cosine((2 * x + 1) * u) : 2896;
  u32 at = 0;
  for (u32 sum = 0; sum < 15; sum++)
    for (u32 i = 0; i <= sum; i++) {
      u32 y = sum & 1 ? i : sum - i, x = sum - y;
      if (x < 8 && y < 8) zigzag[at++] = (u8)(8 * y + x);
    }
}

NOINLINE static void forward(i32 *block) {
  i32 half[64];
  for (u32 y = 0; y < 8; y++)
    for (u32 u = 0; u < 8; u++) {
      i32 sum = 0;
      for (u32 x = 0; x < 8; x++) sum += block[8 * y + x] * cosines[u][x];
      half[8 * y + u] = (sum + 2048) >> 12;
    }
  for (u32 u = 0; u < 8; u++)
    for (u32 v = 0; v < 8; v++) {
      i32 sum = 0;
      for (u32 y = 0; y < 8; y++) sum += half[8 * y + u] * cosines[v][y];
      block[8 * v + u] = (sum + 8192) >> 14;
    }
}

NOINLINE static void backward(i32 *block) {
  i32 half[64];
  for (u32 u = 0; u < 8; u++)
    for (u32 y = 0; y < 8; y++) {
      i32 sum = 0;
      for (u32 v = 0; v < 8; v++) sum += block[8 * v + u] * cosines[v][y];
      half[8 * y + u] = (sum + 2048) >> 12;
    }
  for (u32 y = 0; y < 8; y++)
    for (u32 x = 0; x < 8; x++) {
      i32 sum = 0;
      for (u32 u = 0; u < 8; u++) sum += half[8 * y + u] * cosines[u][x];
      block[8 * y + x] = (sum + 8192) >> 14;
    }
}

static inline void emit(u32 value, u32 count) {
  bits = bits << count | value;
  bit_count += count;
  while (bit_count >= 8) {
    stream[put++ % CAPACITY] = (u8)(bits >> (bit_count - 8));
    bit_count -= 8;
  }
}

static inline u32 fetch(u32 count) {
  while (bit_count < count) {
    bits = bits << 8 | stream[put++ % CAPACITY];
    bit_count += 8;
  }
  bit_count -= count;
  return bits >> bit_count & ((1u << count) - 1);
}

// A run of zeros in four bits, the number of bits of the value in four, the value; 0 0 ends.
NOINLINE static void encode(const i32 *block, i32 quality) {
  u32 run = 0;
  for (u32 i = 0; i < 64; i++) {
    i32 step = quality + (i32)i / 4;
    i32 value = block[zigzag[i]] / step;
    if (!value) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) emit(0xF0, 8);
    u32 size = 32 - (u32)__builtin_clz((u32)(value < 0 ? -value : value));
    emit(run << 4 | size, 8);
    emit((u32)(value < 0 ? value - 1 : value) & ((1u << size) - 1), size);
    run = 0;
  }
  emit(0, 8);
}

NOINLINE static void decode(i32 *block, i32 quality) {
  for (u32 i = 0; i < 64; i++) block[i] = 0;
  for (u32 i = 0;;) {
    u32 code = fetch(8);
    if (!code) return;
    i += code >> 4;
    u32 size = code & 15;
    if (!size) {
      i++;
      continue;
    }
    i32 value = (i32)fetch(size);
    if (!(value >> (size - 1))) value += 1 - (1 << size);
    i32 step = quality + (i32)i / 4;
    block[zigzag[i++ & 63]] = value * step;
  }
}

RUN {
  prepare();
  seed(8);
  for (u32 y = 0; y < SIDE; y++)
    for (u32 x = 0; x < SIDE; x++)
      pixels[y * SIDE + x] = (u8)((x * y / 64 + (x / 16 ^ y / 16) * 24 + (next_random() & 7)) & 255);
  u32 hash = 2166136261u;
  i32 block[64];
  for (i32 round = 0; round < n; round++) {
    i32 quality = 6 + round % 8;
    bits = bit_count = put = 0;
    for (u32 y = 0; y < SIDE; y += 8)
      for (u32 x = 0; x < SIDE; x += 8) {
        for (u32 i = 0; i < 64; i++) block[i] = pixels[(y + i / 8) * SIDE + x + i % 8] - 128;
        forward(block);
        encode(block, quality);
      }
    emit(0, 7);
    hash = mix(hash, put);
    bits = bit_count = put = 0;
    u32 error = 0;
    for (u32 y = 0; y < SIDE; y += 8)
      for (u32 x = 0; x < SIDE; x += 8) {
        decode(block, quality);
        backward(block);
        for (u32 i = 0; i < 64; i++) {
          i32 value = block[i] + 128;
          u32 at = (y + i / 8) * SIDE + x + i % 8;
          decoded[at] = (u8)(value < 0 ? 0 : value > 255 ? 255 : value);
          error += (u32)((decoded[at] - pixels[at]) * (decoded[at] - pixels[at]));
        }
      }
    hash = mix(hash, error);
  }
  return hash;
}
