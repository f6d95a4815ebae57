// Numbers as text and back, as logs and data formats need them: integers in several bases,
// fixed-point and exponential decimals, padding, UTF-8, base64, and parsing of all that again.
#include "bench.h"

#define CAPACITY 65536u

static u8 text[CAPACITY];
static u8 packed[CAPACITY];

static u8 *decimal(u8 *to, u32 value, u32 width, u8 pad) {
  u8 digits[10];
  u32 count = 0;
  do {
    digits[count++] = (u8)('0' + value % 10);
    value /= 10;
  } while (value);
  for (u32 i = count; i < width; i++) *to++ = pad;
  while (count) *to++ = digits[--count];
  return to;
}

static u8 *decimal64(u8 *to, i64 value) {
  u64 rest = (u64)value;
  if (value < 0) {
    *to++ = '-';
    rest = -rest;
  }
  u8 digits[20];
  u32 count = 0;
  do {
    digits[count++] = (u8)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  while (count) *to++ = digits[--count];
  return to;
}

static u8 *hex(u8 *to, u32 value) {
  for (u32 shift = 32; shift;) {
    shift -= 4;
    *to++ = (u8)"0123456789abcdef"[value >> shift & 15];
  }
  return to;
}

// Six places, or with an exponent.
NOINLINE static u8 *number(u8 *to, double value) {
  if (value < 0) {
    *to++ = '-';
    value = -value;
  }
  i32 exponent = 0;
  if (value >= 1e7 || (value < 1e-4 && value > 0)) {
    for (; value >= 10; value /= 10) exponent++;
    for (; value < 1; value *= 10) exponent--;
  }
  u32 whole = (u32)value;
  u32 places = (u32)((value - whole) * 1e6 + 0.5);
  if (places >= 1000000) {
    places -= 1000000;
    whole++;
  }
  to = decimal(to, whole, 0, ' ');
  *to++ = '.';
  u8 *end = decimal(to, places, 6, '0');
  while (end > to + 1 && end[-1] == '0') end--;
  if (exponent) {
    *end++ = 'e';
    end = decimal64(end, exponent);
  }
  return end;
}

static u8 *scalar(u8 *to, u32 code) {
  if (code < 0x80) {
    *to++ = (u8)code;
  } else if (code < 0x800) {
    *to++ = (u8)(0xC0 | code >> 6);
    *to++ = (u8)(0x80 | (code & 63));
  } else {
    *to++ = (u8)(0xE0 | code >> 12);
    *to++ = (u8)(0x80 | (code >> 6 & 63));
    *to++ = (u8)(0x80 | (code & 63));
  }
  return to;
}

NOINLINE static double parse(const u8 **at) {
  const u8 *p = *at;
  double sign = 1, value = 0, unit = 1;
  if (*p == '-') {
    sign = -1;
    p++;
  }
  for (; *p >= '0' && *p <= '9'; p++) value = value * 10 + (*p - '0');
  if (*p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++) value += (*p - '0') * (unit /= 10);
  if (*p == 'e') {
    i32 exponent = 0, down = *++p == '-';
    for (p += down; *p >= '0' && *p <= '9'; p++) exponent = exponent * 10 + (*p - '0');
    for (; exponent; exponent--) value = down ? value / 10 : value * 10;
  }
  *at = p;
  return sign * value;
}

static const u8 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

NOINLINE static u32 to_base64(u8 *to, const u8 *from, u32 length) {
  u32 put = 0;
  for (u32 i = 0; i + 3 <= length; i += 3) {
    u32 three = (u32)from[i] << 16 | (u32)from[i + 1] << 8 | from[i + 2];
    for (u32 shift = 24; shift; put++) to[put] = alphabet[three >> (shift -= 6) & 63];
  }
  return put;
}

NOINLINE static u32 of_base64(u8 *to, const u8 *from, u32 length) {
  u32 put = 0, four = 0;
  for (u32 i = 0; i < length; i++) {
    u32 c = from[i], value;
    if (c >= 'a') value = c - 'a' + 26;
    else if (c >= 'A') value = c - 'A';
    else if (c >= '0') value = c - '0' + 52;
    else value = c == '+' ? 62 : 63;
    four = four << 6 | value;
    if ((i & 3) == 3) {
      to[put++] = (u8)(four >> 16);
      to[put++] = (u8)(four >> 8);
      to[put++] = (u8)four;
    }
  }
  return put;
}

RUN {
  u32 hash = 2166136261u;
  double sum = 0;
  seed(5);
  for (i32 round = 0; round < n; round++) {
    u8 *to = text;
    u32 numbers = 0;
    while (to < text + 24000) {
      u32 r = next_random();
      to = decimal(to, r >> (r & 31), 8, ' ');
      *to++ = '|';
      to = hex(to, r);
      *to++ = '|';
      to = decimal64(to, (i64)((u64)r * 0x9E3779B97F4A7C15ull) >> (r & 63));
      *to++ = '|';
      to = scalar(to, r >> 16);
      *to++ = '=';
      double scale = r & 8 ? 1e12 : r & 16 ? 1e-6 : 1;
      to = number(to, ((double)r - 2e9) / 65536 * scale);
      *to++ = '\n';
      numbers++;
    }
    u32 length = (u32)(to - text);
    *to = 0;
    for (const u8 *p = text; numbers; p++)
      if (*p == '=' && (p[1] == '-' || (p[1] >= '0' && p[1] <= '9'))) {
        p++;
        double value = parse(&p);
        sum += value < 0 ? -1 / (1 - value) : 1 / (1 + value);
        if (*p == '\n') numbers--;
      } else if (!*p) {
        break;
      }
    u32 coded = to_base64(packed, text, length);
    u32 back = of_base64(text, packed, coded);
    for (u32 i = 0; i < back; i += 7) hash = mix(hash, text[i]);
    hash = mix(hash, coded);
  }
  return hash + sum;
}
