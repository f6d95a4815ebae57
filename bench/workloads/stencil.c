// Grids of doubles: heat in three dimensions (seven points), waves in two (nine points, three
// time steps at hand), and a multigrid-like restriction and prolongation.
#include "bench.h"

#define N 32
#define M 128

static double heat[2][N][N][N];
static double wave[3][M][M];
static double coarse[M / 2][M / 2];

NOINLINE static void diffuse(double (*to)[N][N], double (*from)[N][N], double k) {
  for (u32 z = 1; z < N - 1; z++)
    for (u32 y = 1; y < N - 1; y++)
      for (u32 x = 1; x < N - 1; x++) {
        double around = from[z - 1][y][x] + from[z + 1][y][x] + from[z][y - 1][x]
            + from[z][y + 1][x] + from[z][y][x - 1] + from[z][y][x + 1];
        to[z][y][x] = from[z][y][x] + k * (around - 6 * from[z][y][x]);
      }
}

NOINLINE static void swing(double (*next)[M], double (*now)[M], double (*last)[M], double c) {
  for (u32 y = 1; y < M - 1; y++)
    for (u32 x = 1; x < M - 1; x++) {
      double near = now[y - 1][x] + now[y + 1][x] + now[y][x - 1] + now[y][x + 1];
      double far = now[y - 1][x - 1] + now[y - 1][x + 1] + now[y + 1][x - 1] + now[y + 1][x + 1];
      double bend = (4 * near + far - 20 * now[y][x]) / 6;
      next[y][x] = 2 * now[y][x] - last[y][x] + c * bend;
    }
}

NOINLINE static void smooth(double (*fine)[M]) {
  for (u32 y = 0; y < M / 2; y++)
    for (u32 x = 0; x < M / 2; x++)
      coarse[y][x] = (fine[2 * y][2 * x] + fine[2 * y][2 * x + 1] + fine[2 * y + 1][2 * x]
          + fine[2 * y + 1][2 * x + 1]) * 0.25;
  for (u32 y = 2; y < M - 2; y++)
    for (u32 x = 2; x < M - 2; x++) fine[y][x] += 0.1 * (coarse[y / 2][x / 2] - fine[y][x]);
}

RUN {
  seed(7);
  for (u32 z = 0; z < N; z++)
    for (u32 y = 0; y < N; y++)
      for (u32 x = 0; x < N; x++)
        heat[0][z][y][x] = heat[1][z][y][x] = (double)(next_random() & 1023) / 1024;
  memset(wave, 0, sizeof wave);
  for (u32 i = 0; i < 20; i++) wave[1][next_random() % M][next_random() % M] = 1;
  double sum = 0;
  for (i32 step = 0; step < n; step++) {
    diffuse(heat[~step & 1], heat[step & 1], 0.125);
    swing(wave[(step + 2) % 3], wave[(step + 1) % 3], wave[step % 3], 0.25);
    smooth(wave[(step + 2) % 3]);
    sum += heat[~step & 1][step % N][N / 2][N / 2] + wave[(step + 2) % 3][M / 2][step % M];
  }
  return sum;
}
