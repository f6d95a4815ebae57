// Recursion: deep (a list of 4,000), wide (tak, Ackermann, mutual), and a search (queens).
#include "bench.h"

typedef struct Node { struct Node *next; u32 value; } Node;

NOINLINE static u32 fold(const Node *node, u32 depth) {
  if (!node) return depth;
  u32 rest = fold(node->next, depth + 1);
  return rest * 31 + node->value;
}

NOINLINE static i32 tak(i32 x, i32 y, i32 z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

NOINLINE static u32 ackermann(u32 m, u32 k) {
  if (m == 0) return k + 1;
  return ackermann(m - 1, k == 0 ? 1 : ackermann(m, k - 1));
}

NOINLINE static double female(u32 k);
NOINLINE static double male(u32 k) { return k == 0 ? 0 : k - female((u32)male(k - 1)); }
NOINLINE static double female(u32 k) { return k == 0 ? 1 : k - male((u32)female(k - 1)); }

NOINLINE static u32 queens(u32 all, u32 columns, u32 left, u32 right) {
  if (columns == all) return 1;
  u32 found = 0;
  for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
    u32 at = free & -free;
    found += queens(all, columns | at, (left | at) << 1, (right | at) >> 1);
  }
  return found;
}

RUN {
  double sum = 0;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(71 + (u32)round);
    Node *nodes = 0;
    for (u32 i = 0; i < 4000; i++) {
      Node *made = take(sizeof(Node));
      *made = (Node){nodes, next_random()};
      nodes = made;
    }
    for (u32 i = 0; i < 10; i++) sum += fold(nodes, i);
    sum += tak(12 + (round & 1), 8, 4);
    sum += ackermann(2, 60);
    sum += male(40) + female(30);
    sum += queens(255, 0, 0, 0);
  }
  return sum;
}
