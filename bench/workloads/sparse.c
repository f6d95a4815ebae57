// Sparse matrices: rows of (column, value) pairs times vectors, conjugate gradients with a
// diagonal preconditioner on a grid, PageRank on a graph with random edges.
#include "bench.h"

#define SIDE 40u
#define N (SIDE * SIDE)
#define PAGES 3000u
#define LINKS (8u * PAGES)

static u32 starts[N + 1], columns[5 * N];
static double values[5 * N];
static double x[N], r[N], p[N], q[N], z[N];
static u32 first[PAGES + 1], target[LINKS];
static float rank[2][PAGES];

static void grid(void) {
  u32 at = 0;
  for (u32 i = 0; i < N; i++) {
    starts[i] = at;
    u32 y = i / SIDE, c = i % SIDE;
    if (y) { columns[at] = i - SIDE; values[at++] = -1; }
    if (c) { columns[at] = i - 1; values[at++] = -1; }
    columns[at] = i;
    values[at++] = 4 + 1.0 / (1 + i % 13);
    if (c + 1 < SIDE) { columns[at] = i + 1; values[at++] = -1; }
    if (y + 1 < SIDE) { columns[at] = i + SIDE; values[at++] = -1; }
  }
  starts[N] = at;
}

NOINLINE static void multiply(double *to, const double *vector) {
  for (u32 i = 0; i < N; i++) {
    double sum = 0;
    for (u32 k = starts[i]; k < starts[i + 1]; k++) sum += values[k] * vector[columns[k]];
    to[i] = sum;
  }
}

NOINLINE static double dot(const double *a, const double *b) {
  double sum = 0;
  for (u32 i = 0; i < N; i++) sum += a[i] * b[i];
  return sum;
}

NOINLINE static double solve(u32 iterations) {
  for (u32 i = 0; i < N; i++) {
    x[i] = 0;
    r[i] = (double)(next_random() & 255) / 256;
    z[i] = r[i] / (4 + 1.0 / (1 + i % 13));
    p[i] = z[i];
  }
  double before = dot(r, z);
  for (u32 k = 0; k < iterations; k++) {
    multiply(q, p);
    double alpha = before / dot(p, q);
    for (u32 i = 0; i < N; i++) {
      x[i] += alpha * p[i];
      r[i] -= alpha * q[i];
      z[i] = r[i] / (4 + 1.0 / (1 + i % 13));
    }
    double now = dot(r, z);
    double beta = now / before;
    before = now;
    for (u32 i = 0; i < N; i++) p[i] = z[i] + beta * p[i];
  }
  return dot(x, x);
}

static void links(void) {
  u32 at = 0;
  for (u32 i = 0; i < PAGES; i++) {
    first[i] = at;
    for (u32 k = 1 + next_random() % 8; k && at < LINKS; k--) {
      u32 to = next_random() % PAGES;
      target[at++] = to * (u32)(next_random() % PAGES) / PAGES;
    }
  }
  first[PAGES] = at;
}

NOINLINE static float pages(u32 iterations) {
  for (u32 i = 0; i < PAGES; i++) rank[0][i] = 1.0f / PAGES;
  for (u32 k = 0; k < iterations; k++) {
    float *from = rank[k & 1], *to = rank[~k & 1];
    for (u32 i = 0; i < PAGES; i++) to[i] = 0.15f / PAGES;
    for (u32 i = 0; i < PAGES; i++) {
      u32 count = first[i + 1] - first[i];
      if (!count) continue;
      float share = 0.85f * from[i] / (float)count;
      for (u32 e = first[i]; e < first[i + 1]; e++) to[target[e]] += share;
    }
  }
  return rank[iterations & 1][0];
}

RUN {
  seed(17);
  grid();
  double sum = 0;
  for (i32 round = 0; round < n; round++) {
    sum += solve(20);
    links();
    sum += pages(20);
  }
  return sum;
}
