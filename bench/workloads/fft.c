// A fast Fourier transform in f64, there and back, with its own sines.
#include "bench.h"

#define N 2048u
static double re[N], im[N], cosines[N / 2], sines[N / 2];

static double sine(double x) {
  double term = x, sum = x;
  for (u32 i = 1; i < 14; i++) {
    term *= -x * x / (double)((2 * i) * (2 * i + 1));
    sum += term;
  }
  return sum;
}

NOINLINE static void transform(double sign) {
  for (u32 i = 1, k = 0; i < N; i++) {
    u32 bit = N >> 1;
    for (; k & bit; bit >>= 1) k ^= bit;
    k ^= bit;
    if (i < k) {
      double t = re[i];
      re[i] = re[k];
      re[k] = t;
      t = im[i];
      im[i] = im[k];
      im[k] = t;
    }
  }
  for (u32 size = 2; size <= N; size <<= 1) {
    u32 half = size >> 1, step = N / size;
    for (u32 i = 0; i < N; i += size) {
      for (u32 k = 0; k < half; k++) {
        double c = cosines[k * step], s = sign * sines[k * step];
        double x = re[i + k + half] * c - im[i + k + half] * s;
        double y = re[i + k + half] * s + im[i + k + half] * c;
        re[i + k + half] = re[i + k] - x;
        im[i + k + half] = im[i + k] - y;
        re[i + k] += x;
        im[i + k] += y;
      }
    }
  }
}

RUN {
  const double pi = 3.14159265358979323846;
  double sum = 0;
  for (u32 i = 0; i < N / 2; i++) {
    sines[i] = sine(2 * pi * i / N);
    cosines[i] = sine(2 * pi * i / N + pi / 2);
  }
  for (i32 round = 0; round < n; round++) {
    seed(111 + (u32)round);
    for (u32 i = 0; i < N; i++) {
      re[i] = (double)(next_random() >> 8) / 16777216;
      im[i] = 0;
    }
    transform(-1);
    for (u32 i = N / 4; i < N; i++) re[i] = im[i] = 0;
    transform(1);
    for (u32 i = 0; i < N; i += 13) sum += re[i] / N;
  }
  return sum;
}
