// Cryptography and hashes in 32 and 64 bits: ChaCha20 (RFC 8439), SHA-512 (FIPS 180-4), SipHash-2-4.
#include "bench.h"

static inline u32 rotate32(u32 v, u32 k) { return v << k | v >> (32 - k); }
static inline u64 rotate64(u64 v, u32 k) { return v >> k | v << (64 - k); }

#define QUARTER(a, b, c, d)                                  \
  a += b; d = rotate32(d ^ a, 16); c += d; b = rotate32(b ^ c, 12); \
  a += b; d = rotate32(d ^ a, 8); c += d; b = rotate32(b ^ c, 7)

NOINLINE static void chacha(u8 *data, u32 length, const u32 *key) {
  u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (u32 i = 0; i < 12; i++) state[4 + i] = key[i];
  for (u32 at = 0; at < length; at += 64, state[12]++) {
    u32 x[16];
    for (u32 i = 0; i < 16; i++) x[i] = state[i];
    for (u32 i = 0; i < 10; i++) {
      QUARTER(x[0], x[4], x[8], x[12]);
      QUARTER(x[1], x[5], x[9], x[13]);
      QUARTER(x[2], x[6], x[10], x[14]);
      QUARTER(x[3], x[7], x[11], x[15]);
      QUARTER(x[0], x[5], x[10], x[15]);
      QUARTER(x[1], x[6], x[11], x[12]);
      QUARTER(x[2], x[7], x[8], x[13]);
      QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (u32 i = 0; i < 16; i++) {
      u32 v = x[i] + state[i];
      for (u32 k = 0; k < 4; k++) data[at + 4 * i + k] ^= (u8)(v >> 8 * k);
    }
  }
}

// The round constants are the cube roots of primes: here from a generator, which costs the same.
static u64 constants[80];

NOINLINE static void sha512_block(u64 *h, const u8 *block) {
  u64 w[80], s[8];
  for (u32 i = 0; i < 16; i++) {
    w[i] = 0;
    for (u32 k = 0; k < 8; k++) w[i] = w[i] << 8 | block[8 * i + k];
  }
  for (u32 i = 16; i < 80; i++) {
    u64 a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate64(a, 1) ^ rotate64(a, 8) ^ a >> 7) + w[i - 7]
        + (rotate64(b, 19) ^ rotate64(b, 61) ^ b >> 6);
  }
  for (u32 i = 0; i < 8; i++) s[i] = h[i];
  for (u32 i = 0; i < 80; i++) {
    u64 t1 = s[7] + (rotate64(s[4], 14) ^ rotate64(s[4], 18) ^ rotate64(s[4], 41))
        + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
    u64 t2 = (rotate64(s[0], 28) ^ rotate64(s[0], 34) ^ rotate64(s[0], 39))
        + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (u32 k = 7; k > 0; k--) s[k] = s[k - 1];
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (u32 i = 0; i < 8; i++) h[i] += s[i];
}

#define SIP_ROUND                                                        \
  a += b; b = rotate64(b, 51) ^ a; a = rotate64(a, 32); c += d; d = rotate64(d, 48) ^ c; \
  a += d; d = rotate64(d, 43) ^ a; c += b; b = rotate64(b, 47) ^ c; c = rotate64(c, 32)

NOINLINE static u64 siphash(const u8 *data, u32 length, u64 k0, u64 k1) {
  u64 a = k0 ^ 0x736f6d6570736575u, b = k1 ^ 0x646f72616e646f6du;
  u64 c = k0 ^ 0x6c7967656e657261u, d = k1 ^ 0x7465646279746573u;
  for (u32 at = 0; at + 8 <= length; at += 8) {
    u64 m = 0;
    for (u32 k = 8; k-- > 0;) m = m << 8 | data[at + k];
    d ^= m;
    SIP_ROUND;
    SIP_ROUND;
    a ^= m;
  }
  c ^= 0xff;
  SIP_ROUND;
  SIP_ROUND;
  SIP_ROUND;
  SIP_ROUND;
  return a ^ b ^ c ^ d;
}

RUN {
  u32 sum = 2166136261u;
  arena_used = 0;
  const u32 length = 16384;
  u8 *data = take(length);
  for (i32 round = 0; round < n; round++) {
    seed(101 + (u32)round);
    u32 key[12];
    for (u32 i = 0; i < 12; i++) key[i] = next_random();
    for (u32 i = 0; i < 80; i++) constants[i] = (u64)next_random() << 32 | next_random();
    for (u32 i = 0; i < length; i++) data[i] = (u8)i;
    chacha(data, length, key);
    u64 h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (u32 at = 0; at < length; at += 128) sha512_block(h, data + at);
    u64 s = siphash(data, length, h[0], h[1]);
    sum = mix(mix(sum, (u32)s), (u32)(s >> 32));
  }
  return sum;
}
