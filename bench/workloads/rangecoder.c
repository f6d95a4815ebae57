// An adaptive binary range coder, as LZMA and codecs of video have: each bit of a byte is coded
// with the probability that its context had so far. Both ways, with three mixed contexts.
#include "bench.h"

#define INPUT 10000u

static u8 input[INPUT], output[INPUT];
static u8 coded[2 * INPUT];
static unsigned short order0[256], order1[256][256], order2[4096];

static u32 low, range, code, at;

static void forget(void) {
  for (u32 i = 0; i < 256; i++) {
    order0[i] = 2048;
    for (u32 k = 0; k < 256; k++) order1[i][k] = 2048;
  }
  for (u32 i = 0; i < 4096; i++) order2[i] = 2048;
}

typedef struct { unsigned short *a, *b, *c; } Contexts;

static inline Contexts contexts(u32 node, u32 last, u32 before) {
  u32 hash = (last * 271 + before * 97 + node * 31) * 2654435761u >> 20;
  return (Contexts){&order0[node], &order1[last][node], &order2[hash]};
}

// Of twelve bits, never 0 nor 4096.
static inline u32 probability(Contexts c) {
  u32 p = (*c.a + 2u * *c.b + 3u * *c.c) / 6;
  return p < 32 ? 32 : p > 4064 ? 4064 : p;
}

static inline void learn(Contexts c, u32 bit) {
  if (bit) {
    *c.a -= *c.a >> 5;
    *c.b -= *c.b >> 4;
    *c.c -= *c.c >> 4;
  } else {
    *c.a += (4096 - *c.a) >> 5;
    *c.b += (4096 - *c.b) >> 4;
    *c.c += (4096 - *c.c) >> 4;
  }
}

// Carry-less (Subbotin, 1999): the range never straddles what was put out.
NOINLINE static u32 encode(const u8 *in, u32 length, u8 *out) {
  u32 put = 0, last = 0, before = 0;
  low = 0;
  range = ~0u;
  for (u32 i = 0; i < length; i++) {
    u32 node = 1;
    for (u32 k = 8; k--;) {
      u32 bit = in[i] >> k & 1;
      Contexts c = contexts(node, last, before);
      u32 zero = (range >> 12) * probability(c);
      if (bit) {
        low += zero;
        range -= zero;
      } else {
        range = zero;
      }
      learn(c, bit);
      node = node << 1 | bit;
      for (;;) {
        if ((low ^ (low + range)) >= 1u << 24) {
          if (range >= 1u << 16) break;
          range = -low & 0xFFFF;
        }
        out[put++] = (u8)(low >> 24);
        low <<= 8;
        range <<= 8;
      }
    }
    before = last;
    last = in[i];
  }
  for (u32 k = 0; k < 4; k++, low <<= 8) out[put++] = (u8)(low >> 24);
  return put;
}

NOINLINE static void decode(const u8 *in, u8 *out, u32 length) {
  u32 last = 0, before = 0;
  low = code = at = 0;
  range = ~0u;
  for (u32 k = 0; k < 4; k++) code = code << 8 | in[at++];
  for (u32 i = 0; i < length; i++) {
    u32 node = 1;
    while (node < 256) {
      Contexts c = contexts(node, last, before);
      u32 zero = (range >> 12) * probability(c);
      u32 bit = code - low >= zero;
      if (bit) {
        low += zero;
        range -= zero;
      } else {
        range = zero;
      }
      learn(c, bit);
      node = node << 1 | bit;
      for (;;) {
        if ((low ^ (low + range)) >= 1u << 24) {
          if (range >= 1u << 16) break;
          range = -low & 0xFFFF;
        }
        code = code << 8 | in[at++];
        low <<= 8;
        range <<= 8;
      }
    }
    out[i] = (u8)node;
    before = last;
    last = out[i];
  }
}

RUN {
  static const char words[] = "range coder adaptive model symbol context probability carry bit ";
  seed(77);
  for (u32 i = 0; i < INPUT;) {
    u32 from = next_random() % (sizeof words - 9), length = 2 + next_random() % 8;
    for (u32 k = 0; k < length && i < INPUT; k++) input[i++] = (u8)words[from + k];
  }
  u32 hash = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    input[(u32)round % INPUT] ^= 1;
    forget();
    u32 size = encode(input, INPUT, coded);
    hash = mix(hash, size);
    forget();
    decode(coded, output, INPUT);
    for (u32 i = 0; i < INPUT; i++)
      if (input[i] != output[i]) __builtin_trap();
    for (u32 i = 0; i < size; i += 16) hash = mix(hash, coded[i]);
  }
  return hash;
}
