// Search with backtracking: exact covers by dancing links (Knuth, 2000), for pentomino-like tilings
// and Sudoku, and queens by bits.
#include "bench.h"

#define NODES 4096u

typedef struct { u32 left, right, up, down, column; } Node;

static Node nodes[NODES];
static u32 sizes[512];
static u32 used;
static u32 steps;

static void columns(u32 count) {
  for (u32 i = 0; i <= count; i++) {
    nodes[i] = (Node){i ? i - 1 : count, i < count ? i + 1 : 0, i, i, i};
    sizes[i] = 0;
  }
  used = count + 1;
}

static void row(const u32 *of, u32 count) {
  u32 first = used;
  for (u32 i = 0; i < count; i++) {
    u32 at = used++, column = of[i] + 1;
    nodes[at] = (Node){i ? at - 1 : first + count - 1, i + 1 < count ? at + 1 : first,
        nodes[column].up, column, column};
    nodes[nodes[column].up].down = at;
    nodes[column].up = at;
    sizes[column]++;
  }
}

NOINLINE static void cover(u32 column) {
  nodes[nodes[column].right].left = nodes[column].left;
  nodes[nodes[column].left].right = nodes[column].right;
  for (u32 i = nodes[column].down; i != column; i = nodes[i].down)
    for (u32 j = nodes[i].right; j != i; j = nodes[j].right) {
      nodes[nodes[j].down].up = nodes[j].up;
      nodes[nodes[j].up].down = nodes[j].down;
      sizes[nodes[j].column]--;
    }
}

NOINLINE static void uncover(u32 column) {
  for (u32 i = nodes[column].up; i != column; i = nodes[i].up)
    for (u32 j = nodes[i].left; j != i; j = nodes[j].left) {
      sizes[nodes[j].column]++;
      nodes[nodes[j].down].up = j;
      nodes[nodes[j].up].down = j;
    }
  nodes[nodes[column].right].left = column;
  nodes[nodes[column].left].right = column;
}

static u32 search(u32 limit) {
  if (!nodes[0].right) return 1;
  if (steps++ > limit) return 0;
  u32 best = nodes[0].right;
  for (u32 i = best; i; i = nodes[i].right)
    if (sizes[i] < sizes[best]) best = i;
  if (!sizes[best]) return 0;
  u32 found = 0;
  cover(best);
  for (u32 i = nodes[best].down; i != best; i = nodes[i].down) {
    for (u32 j = nodes[i].right; j != i; j = nodes[j].right) cover(nodes[j].column);
    found += search(limit);
    for (u32 j = nodes[i].left; j != i; j = nodes[j].left) uncover(nodes[j].column);
  }
  uncover(best);
  return found;
}

// An 8 by 6 board, to be tiled by straight and bent pieces of three.
static u32 tilings(u32 limit) {
  columns(48);
  for (u32 y = 0; y < 6; y++)
    for (u32 x = 0; x < 8; x++) {
      u32 at = 8 * y + x;
      if (x < 6) row((u32[]){at, at + 1, at + 2}, 3);
      if (y < 4) row((u32[]){at, at + 8, at + 16}, 3);
      if (x < 7 && y < 5) {
        row((u32[]){at, at + 1, at + 8}, 3);
        row((u32[]){at, at + 1, at + 9}, 3);
        row((u32[]){at, at + 8, at + 9}, 3);
        row((u32[]){at + 1, at + 8, at + 9}, 3);
      }
    }
  steps = 0;
  return search(limit);
}

// Sudoku: each cell, each digit in each row, column and box. Some digits are given.
static u32 sudoku(u32 start, u32 limit) {
  static const char given[] =
      "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";
  columns(324);
  for (u32 cell = 0; cell < 81; cell++) {
    u32 y = cell / 9, x = cell % 9, box = y / 3 * 3 + x / 3;
    // The more givens are left out, the more solutions there are.
    u32 fixed = given[cell] == '.' || cell % 7 == start % 7 ? 0 : (u32)given[cell] - '0';
    for (u32 digit = 0; digit < 9; digit++) {
      if (fixed && fixed != digit + 1) continue;
      row((u32[]){cell, 81 + 9 * y + digit, 162 + 9 * x + digit, 243 + 9 * box + digit}, 4);
    }
  }
  steps = 0;
  return search(limit);
}

static u32 queens(u32 all, u32 columns_taken, u32 left, u32 right) {
  if (columns_taken == all) return 1;
  u32 found = 0;
  for (u32 free = all & ~(columns_taken | left | right); free;) {
    u32 bit = free & -free;
    free ^= bit;
    found += queens(all, columns_taken | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return found;
}

RUN {
  u32 hash = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    hash = mix(hash, tilings(400 + (u32)round));
    hash = mix(hash, steps);
    hash = mix(hash, sudoku((u32)round, 300));
    hash = mix(hash, steps);
    hash = mix(hash, queens(255, 0, 0, 0));
  }
  return hash;
}
