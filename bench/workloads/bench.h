// What the workloads share. Freestanding: no C library, so that the modules import nothing and
// everything that runs was written here.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;

#define NOINLINE __attribute__((noinline))

// The one export: work that grows with n, and a checksum. Every call does the same and returns the
// same: what a call needs is set up by the call.
#ifdef __wasm__
#define RUN __attribute__((export_name("run"))) double run(i32 n)
#else
#define RUN double run(i32 n)
#endif

// A generator of its own for every workload (xorshift, Marsaglia 2003).
static u32 seed_state;

static inline void seed(u32 value) { seed_state = value; }

static inline u32 next_random(void) {
  u32 x = seed_state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return seed_state = x;
}

// One step of FNV-1a over 32 bits.
static inline u32 mix(u32 hash, u32 value) { return (hash ^ value) * 16777619u; }

// Called by code that clang makes of loops and of struct copies.
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  return __builtin_memcpy(to, from, n);
}
void *memmove(void *to, const void *from, size_t n) { return __builtin_memmove(to, from, n); }
void *memset(void *to, int value, size_t n) { return __builtin_memset(to, value, n); }

// A bump allocator that a run resets: for data whose lifetime is the run.
#define ARENA_BYTES (4u << 20)
static u8 arena[ARENA_BYTES] __attribute__((aligned(16)));
static u32 arena_used;

static inline void *take(u32 bytes) {
  u32 at = arena_used;
  arena_used = at + ((bytes + 15) & ~15u);
  if (arena_used > ARENA_BYTES) __builtin_trap();
  return arena + at;
}
