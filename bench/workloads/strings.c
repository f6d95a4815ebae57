// Text: words, search, replacement, case, UTF-8, base64.
#include "bench.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char *const words[] = {"alpha", "beta", "gamma", "delta", "na\xc3\xafve", ("\xe2\x82\xac" "uro"),
    "interpreter", "compiler", "of", "the", "a", "\xf0\x9f\x8c\x8d", "linear", "memory", "stack", "over"};

static u32 length_of(const char *s) {
  u32 n = 0;
  while (s[n]) n++;
  return n;
}

NOINLINE static u32 write_text(u8 *to, u32 count) {
  u32 at = 0;
  for (u32 i = 0; i < count; i++) {
    const char *word = words[next_random() & 15];
    for (u32 k = 0; word[k]; k++) to[at++] = (u8)word[k];
    to[at++] = i % 11 == 10 ? '\n' : ' ';
  }
  return at;
}

NOINLINE static u32 count_matches(const u8 *text, u32 length, const char *needle) {
  u32 size = length_of(needle), found = 0;
  for (u32 i = 0; i + size <= length; i++) {
    u32 k = 0;
    while (k < size && text[i + k] == (u8)needle[k]) k++;
    found += k == size;
  }
  return found;
}

NOINLINE static u32 replace(const u8 *from, u32 length, u8 *to, const char *old, const char *new) {
  u32 size = length_of(old), put = length_of(new), at = 0;
  for (u32 i = 0; i < length;) {
    u32 k = 0;
    while (k < size && i + k < length && from[i + k] == (u8)old[k]) k++;
    if (k == size) {
      for (k = 0; k < put; k++) to[at++] = (u8)new[k];
      i += size;
    } else {
      to[at++] = from[i++];
    }
  }
  return at;
}

NOINLINE static u32 code_points(const u8 *text, u32 length) {
  u32 sum = 0;
  for (u32 i = 0; i < length;) {
    u32 c = text[i], more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    c &= more == 0 ? 0x7f : 0x3fu >> more;
    for (u32 k = 1; k <= more; k++) c = c << 6 | (text[i + k] & 0x3f);
    sum = sum * 31 + c;
    i += more + 1;
  }
  return sum;
}

NOINLINE static u32 base64(const u8 *from, u32 length, u8 *to) {
  u32 at = 0;
  for (u32 i = 0; i + 2 < length; i += 3) {
    u32 v = (u32)from[i] << 16 | (u32)from[i + 1] << 8 | from[i + 2];
    to[at++] = (u8)alphabet[v >> 18];
    to[at++] = (u8)alphabet[v >> 12 & 63];
    to[at++] = (u8)alphabet[v >> 6 & 63];
    to[at++] = (u8)alphabet[v & 63];
  }
  return at;
}

NOINLINE static void title_case(u8 *text, u32 length) {
  int start = 1;
  for (u32 i = 0; i < length; i++) {
    if (text[i] == ' ' || text[i] == '\n') {
      start = 1;
    } else {
      if (start && text[i] >= 'a' && text[i] <= 'z') text[i] -= 32;
      start = 0;
    }
  }
}

NOINLINE static u32 longest_line(const u8 *text, u32 length) {
  u32 longest = 0, start = 0;
  for (u32 i = 0; i < length; i++) {
    if (text[i] != '\n') continue;
    if (i - start > longest) longest = i - start;
    start = i + 1;
  }
  return longest;
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(77 + (u32)round);
    u8 *text = take(1 << 17), *other = take(1 << 18), *coded = take(1 << 19);
    u32 length = write_text(text, 4000);
    sum = mix(sum, count_matches(text, length, "compiler of"));
    u32 changed = replace(text, length, other, "the", "every single");
    sum = mix(sum, code_points(other, changed));
    title_case(other, changed);
    sum = mix(sum, longest_line(other, changed));
    u32 size = base64(other, changed, coded);
    for (u32 i = 0; i < size; i += 7) sum = mix(sum, coded[i]);
  }
  return sum;
}
