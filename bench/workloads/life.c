// Bits in 64-bit words: Conway's life on a torus, 64 cells at a time by full adders, flood fill on
// a board of bits, populations, and moves found by shifting as chess programs find them.
#include "bench.h"

#define ROWS 256u
#define WORDS 4u

static u64 board[2][ROWS][WORDS];

NOINLINE static void generation(u64 (*to)[WORDS], u64 (*from)[WORDS]) {
  for (u32 y = 0; y < ROWS; y++) {
    u64 *rows[3] = {from[(y + ROWS - 1) % ROWS], from[y], from[(y + 1) % ROWS]};
    for (u32 w = 0; w < WORDS; w++) {
      u64 one = 0, two = 0, four = 0;
      for (u32 r = 0; r < 3; r++) {
        u64 here = rows[r][w];
        u64 left = here << 1 | rows[r][(w + WORDS - 1) % WORDS] >> 63;
        u64 right = here >> 1 | rows[r][(w + 1) % WORDS] << 63;
        u64 added[3] = {left, right, r == 1 ? 0 : here};
        for (u32 i = 0; i < 3; i++) {
          u64 carry = one & added[i];
          one ^= added[i];
          u64 more = two & carry;
          two ^= carry;
          four |= more;
        }
      }
      to[y][w] = two & ~four & (one | rows[1][w]);
    }
  }
}

static u32 population(u64 (*of)[WORDS]) {
  u32 count = 0;
  for (u32 y = 0; y < ROWS; y++)
    for (u32 w = 0; w < WORDS; w++) count += (u32)__builtin_popcountll(of[y][w]);
  return count;
}

// Sliding pieces on eight by eight, by filling along rays.
NOINLINE static u64 rook_moves(u64 from, u64 empty) {
  u64 all = 0, file_a = 0x0101010101010101ull, file_h = file_a << 7;
  for (u32 direction = 0; direction < 4; direction++) {
    u64 reached = from;
    for (u32 i = 0; i < 7; i++) {
      u64 next = direction == 0 ? reached << 8
          : direction == 1 ? reached >> 8
          : direction == 2 ? (reached & ~file_h) << 1 : (reached & ~file_a) >> 1;
      reached |= next & empty;
      all |= next;
    }
  }
  return all & ~from;
}

// The cells that can be reached from one.
NOINLINE static u32 flood(u64 walls, u64 start) {
  u64 filled = start & ~walls, file_a = 0x0101010101010101ull;
  for (;;) {
    u64 wider = filled | filled << 8 | filled >> 8 | (filled & ~(file_a << 7)) << 1
        | (filled & ~file_a) >> 1;
    wider &= ~walls;
    if (wider == filled) return (u32)__builtin_popcountll(filled);
    filled = wider;
  }
}

RUN {
  seed(31);
  for (u32 y = 0; y < ROWS; y++)
    for (u32 w = 0; w < WORDS; w++)
      board[0][y][w] = (u64)(next_random() & next_random()) << 32 | (next_random() & next_random());
  u32 hash = 2166136261u;
  for (i32 step = 0; step < n; step++) {
    generation(board[~step & 1], board[step & 1]);
    hash = mix(hash, population(board[~step & 1]));
    for (u32 y = 0; y < 64; y++) {
      u64 occupied = board[~step & 1][y][0];
      u64 moves = rook_moves(occupied & -occupied, ~occupied);
      // One by one, as moves are tried.
      for (; moves; moves &= moves - 1) hash = mix(hash, (u32)__builtin_ctzll(moves));
      hash = mix(hash, flood(occupied, 1ull << (y & 63)) + (u32)__builtin_clzll(occupied | 1));
    }
  }
  return hash;
}
