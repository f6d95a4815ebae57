// Growing: pages one at a time, a word written into each; for the mode `grow`.
#include "bench.h"

RUN {
  double sum = 0;
  for (i32 i = 0; i < n; i++) {
    i32 before = (i32)__builtin_wasm_memory_grow(0, 1);
    if (before < 0) return -1;
    *(volatile u32 *)((u32)before << 16) = (u32)i;
    sum += *(volatile u32 *)((u32)before << 16) + (double)__builtin_wasm_memory_size(0);
  }
  return sum;
}
