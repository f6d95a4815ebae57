// Dynamic programming: edit distance, knapsack, longest common subsequence, matrix chains.
#include "bench.h"

#define LENGTH 256

static u32 smallest(u32 a, u32 b, u32 c) { return a < b ? a < c ? a : c : b < c ? b : c; }

NOINLINE static u32 edit_distance(const u8 *a, const u8 *b) {
  static u32 row[LENGTH + 1];
  for (u32 k = 0; k <= LENGTH; k++) row[k] = k;
  for (u32 i = 1; i <= LENGTH; i++) {
    u32 diagonal = row[0];
    row[0] = i;
    for (u32 k = 1; k <= LENGTH; k++) {
      u32 above = row[k];
      row[k] = smallest(above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
      diagonal = above;
    }
  }
  return row[LENGTH];
}

NOINLINE static u32 knapsack(const u32 *weights, const u32 *values, u32 count, u32 capacity) {
  static u32 best[2048];
  for (u32 c = 0; c <= capacity; c++) best[c] = 0;
  for (u32 i = 0; i < count; i++) {
    for (u32 c = capacity; c >= weights[i]; c--) {
      u32 with = best[c - weights[i]] + values[i];
      if (with > best[c]) best[c] = with;
    }
  }
  return best[capacity];
}

NOINLINE static u32 common(const u8 *a, const u8 *b) {
  static u16 table[LENGTH + 1][LENGTH + 1];
  for (u32 i = 1; i <= LENGTH; i++) {
    for (u32 k = 1; k <= LENGTH; k++) {
      u16 left = table[i][k - 1], up = table[i - 1][k];
      table[i][k] = a[i - 1] == b[k - 1] ? (u16)(table[i - 1][k - 1] + 1) : left > up ? left : up;
    }
  }
  u32 sum = 0;
  for (u32 i = LENGTH, k = LENGTH; i && k;) {
    if (a[i - 1] == b[k - 1]) { sum = sum * 31 + a[i - 1]; i--; k--; }
    else if (table[i][k - 1] > table[i - 1][k]) k--;
    else i--;
  }
  return sum;
}

NOINLINE static u32 chain(const u32 *sizes, u32 count) {
  static u32 cost[64][64];
  for (u32 span = 1; span < count; span++) {
    for (u32 i = 0; i + span < count; i++) {
      u32 least = ~0u;
      for (u32 k = i; k < i + span; k++) {
        u32 c = cost[i][k] + cost[k + 1][i + span] + sizes[i] * sizes[k + 1] * sizes[i + span + 1];
        if (c < least) least = c;
      }
      cost[i][i + span] = least;
    }
  }
  return cost[0][count - 1];
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    seed(41 + (u32)round);
    u8 a[LENGTH], b[LENGTH];
    u32 weights[60], values[60], sizes[51];
    for (u32 i = 0; i < LENGTH; i++) { a[i] = next_random() & 7; b[i] = next_random() & 7; }
    for (u32 i = 0; i < 60; i++) { weights[i] = 1 + next_random() % 90; values[i] = next_random() % 1000; }
    for (u32 i = 0; i < 51; i++) sizes[i] = 1 + next_random() % 40;
    sum = mix(sum, edit_distance(a, b));
    sum = mix(sum, knapsack(weights, values, 60, 2000));
    sum = mix(sum, common(a, b));
    sum = mix(sum, chain(sizes, 50));
  }
  return sum;
}
