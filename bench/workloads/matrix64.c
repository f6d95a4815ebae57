// Dense matrices in f64: product, decomposition and solution, convolution, relaxation on a grid.
#include "bench.h"

typedef double Real;
#define N 64

static Real a[N][N], b[N][N], c[N][N], x[N];

NOINLINE static void multiply(void) {
  for (u32 i = 0; i < N; i++) {
    for (u32 k = 0; k < N; k++) {
      Real sum = 0;
      for (u32 j = 0; j < N; j++) sum += a[i][j] * b[j][k];
      c[i][k] = sum;
    }
  }
}

NOINLINE static void solve(void) {
  for (u32 k = 0; k < N; k++) {
    u32 pivot = k;
    for (u32 i = k + 1; i < N; i++) {
      if (__builtin_fabs(c[i][k]) > __builtin_fabs(c[pivot][k])) pivot = i;
    }
    for (u32 j = 0; j < N; j++) { Real t = c[k][j]; c[k][j] = c[pivot][j]; c[pivot][j] = t; }
    Real t = x[k];
    x[k] = x[pivot];
    x[pivot] = t;
    for (u32 i = k + 1; i < N; i++) {
      Real factor = c[i][k] / c[k][k];
      for (u32 j = k; j < N; j++) c[i][j] -= factor * c[k][j];
      x[i] -= factor * x[k];
    }
  }
  for (u32 i = N; i-- > 0;) {
    for (u32 j = i + 1; j < N; j++) x[i] -= c[i][j] * x[j];
    x[i] /= c[i][i];
  }
}

NOINLINE static void convolve(void) {
  static const Real kernel[3][3] = {{1, 2, 1}, {2, 4, 2}, {1, 2, 1}};
  for (u32 i = 1; i < N - 1; i++) {
    for (u32 j = 1; j < N - 1; j++) {
      Real sum = 0;
      for (u32 k = 0; k < 3; k++) {
        for (u32 l = 0; l < 3; l++) sum += kernel[k][l] * a[i + k - 1][j + l - 1];
      }
      b[i][j] = sum / 16;
    }
  }
}

NOINLINE static Real relax(void) {
  Real change = 0;
  for (u32 i = 1; i < N - 1; i++) {
    for (u32 j = 1; j < N - 1; j++) {
      Real v = (b[i - 1][j] + b[i + 1][j] + b[i][j - 1] + b[i][j + 1]) / 4;
      change += __builtin_fabs(v - b[i][j]);
      b[i][j] = v;
    }
  }
  return change;
}

RUN {
  double sum = 0;
  for (i32 round = 0; round < n; round++) {
    seed(51 + (u32)round);
    for (u32 i = 0; i < N; i++) {
      for (u32 j = 0; j < N; j++) {
        a[i][j] = (Real)(next_random() >> 8) / 16777216;
        b[i][j] = (Real)(next_random() >> 8) / 16777216;
      }
      x[i] = (Real)i;
    }
    multiply();
    solve();
    for (u32 i = 0; i < N; i++) sum += x[i];
    convolve();
    for (u32 k = 0; k < 10; k++) sum += relax();
    Real norm = 0;
    for (u32 i = 0; i < N; i++) norm += b[i][i] * b[i][i];
    sum += __builtin_sqrt(norm);
  }
  return sum;
}
