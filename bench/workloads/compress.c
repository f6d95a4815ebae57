// Compression: LZ77 with hash chains, a canonical Huffman coder behind it, both ways, and a CRC.
#include "bench.h"

#define INPUT 49152u
#define HASHES 4096u

static u32 crc_table[256];

static u32 crc(const u8 *data, u32 length) {
  u32 c = ~0u;
  for (u32 i = 0; i < length; i++) c = crc_table[(c ^ data[i]) & 255] ^ c >> 8;
  return ~c;
}

// Tokens: 0 LENGTH bytes…, or LENGTH (3 to 255) LOW HIGH for a match that far behind.
NOINLINE static u32 pack(const u8 *in, u32 length, u8 *out, i32 *head, i32 *chain) {
  u32 at = 0, put = 0, literals = 0;
  for (u32 i = 0; i < HASHES; i++) head[i] = -1;
  while (at < length) {
    u32 best = 0, distance = 0;
    if (at + 3 <= length) {
      u32 hash = (in[at] << 16 | in[at + 1] << 8 | in[at + 2]) * 2654435761u >> 20;
      i32 candidate = head[hash];
      for (u32 tries = 0; candidate >= 0 && at - (u32)candidate < 65536 && tries < 24; tries++) {
        u32 k = 0;
        while (k < 255 && at + k < length && in[(u32)candidate + k] == in[at + k]) k++;
        if (k > best) { best = k; distance = at - (u32)candidate; }
        candidate = chain[candidate];
      }
      chain[at] = head[hash];
      head[hash] = (i32)at;
    }
    if (best >= 4) {
      for (; literals; ) {
        u32 count = literals > 255 ? 255 : literals;
        out[put++] = 0;
        out[put++] = (u8)count;
        for (u32 k = 0; k < count; k++) out[put++] = in[at - literals + k];
        literals -= count;
      }
      out[put++] = (u8)best;
      out[put++] = (u8)distance;
      out[put++] = (u8)(distance >> 8);
      for (u32 k = 1; k < best && at + k + 3 <= length; k++) {
        u32 hash = (in[at + k] << 16 | in[at + k + 1] << 8 | in[at + k + 2]) * 2654435761u >> 20;
        chain[at + k] = head[hash];
        head[hash] = (i32)(at + k);
      }
      at += best;
    } else {
      at++;
      literals++;
    }
  }
  for (; literals; ) {
    u32 count = literals > 255 ? 255 : literals;
    out[put++] = 0;
    out[put++] = (u8)count;
    for (u32 k = 0; k < count; k++) out[put++] = in[at - literals + k];
    literals -= count;
  }
  return put;
}

NOINLINE static u32 unpack(const u8 *in, u32 length, u8 *out) {
  u32 at = 0, put = 0;
  while (at < length) {
    u32 count = in[at++];
    if (count == 0) {
      count = in[at++];
      for (u32 k = 0; k < count; k++) out[put++] = in[at++];
    } else {
      u32 from = put - (in[at] | (u32)in[at + 1] << 8);
      at += 2;
      for (u32 k = 0; k < count; k++) out[put++] = out[from + k];
    }
  }
  return put;
}

// Code lengths by merging the two rarest trees, quadratic; 256 symbols.
NOINLINE static void code_lengths(const u32 *frequency, u8 *lengths) {
  u32 weight[512];
  i32 parent[512];
  u32 nodes = 256;
  for (u32 i = 0; i < 256; i++) { weight[i] = frequency[i] + 1; parent[i] = -1; }
  for (u32 merged = 0; merged < 255; merged++) {
    u32 a = 512, b = 512;
    for (u32 i = 0; i < nodes; i++) {
      if (parent[i] >= 0) continue;
      if (a == 512 || weight[i] < weight[a]) { b = a; a = i; }
      else if (b == 512 || weight[i] < weight[b]) b = i;
    }
    weight[nodes] = weight[a] + weight[b];
    parent[nodes] = -1;
    parent[a] = parent[b] = (i32)nodes++;
  }
  for (u32 i = 0; i < 256; i++) {
    u32 depth = 0;
    for (i32 k = (i32)i; parent[k] >= 0; k = parent[k]) depth++;
    lengths[i] = (u8)depth;
  }
}

NOINLINE static u32 encode(const u8 *in, u32 length, const u8 *lengths, u8 *out) {
  u32 codes[256], code = 0, bits = 0, held = 0, put = 0;
  for (u32 size = 1; size < 32; size++) {
    for (u32 i = 0; i < 256; i++) if (lengths[i] == size) codes[i] = code++;
    code <<= 1;
  }
  for (u32 i = 0; i < length; i++) {
    for (u32 k = lengths[in[i]]; k-- > 0;) {
      held = held << 1 | (codes[in[i]] >> k & 1);
      if (++bits == 8) { out[put++] = (u8)held; bits = held = 0; }
    }
  }
  if (bits) out[put++] = (u8)(held << (8 - bits));
  return put;
}

NOINLINE static void decode(const u8 *in, u32 length, const u8 *lengths, u8 *out) {
  u32 first[33], count[33] = {0}, start[33], code = 0, placed = 0, at = 0;
  u8 symbols[256];
  for (u32 size = 1; size <= 32; size++) {
    first[size] = code;
    start[size] = placed;
    for (u32 i = 0; i < 256; i++) if (lengths[i] == size) { symbols[placed++] = (u8)i; count[size]++; }
    code = (code + count[size]) << 1;
  }
  for (u32 i = 0; i < length; i++) {
    u32 value = 0;
    for (u32 size = 1;; size++, at++) {
      value = value << 1 | (in[at >> 3] >> (7 - (at & 7)) & 1);
      if (value - first[size] < count[size]) {
        out[i] = symbols[start[size] + value - first[size]];
        at++;
        break;
      }
    }
  }
}

RUN {
  u32 sum = 2166136261u;
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (u32 k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    crc_table[i] = c;
  }
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(21 + (u32)round);
    u8 *plain = take(INPUT), *tokens = take(2 * INPUT), *coded = take(2 * INPUT), *again = take(2 * INPUT);
    i32 *head = take(HASHES * 4), *chain = take(INPUT * 4);
    for (u32 i = 0; i < INPUT;) {
      u32 r = next_random();
      if (i > 600 && (r & 3)) {
        u32 from = i - 1 - (r >> 8) % 600, count = 3 + (r >> 2 & 31);
        for (u32 k = 0; k < count && i < INPUT; k++) plain[i++] = plain[from + k];
      } else {
        plain[i++] = (u8)('a' + (r >> 16) % 26);
      }
    }
    u32 size = pack(plain, INPUT, tokens, head, chain);
    u32 frequency[256] = {0};
    u8 lengths[256];
    for (u32 i = 0; i < size; i++) frequency[tokens[i]]++;
    code_lengths(frequency, lengths);
    u32 bytes = encode(tokens, size, lengths, coded);
    memset(again, 0, size);
    decode(coded, size, lengths, again);
    u32 length = unpack(again, size, tokens);
    if (length != INPUT || crc(tokens, length) != crc(plain, INPUT)) __builtin_trap();
    sum = mix(mix(sum, bytes), crc(coded, bytes));
  }
  return sum;
}
