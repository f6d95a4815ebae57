// An emulator of RV32IM (The RISC-V Instruction Set Manual, volume I): machine code that a small
// assembler below writes sorts numbers, counts primes, multiplies matrices and makes checksums.
#include "bench.h"

#define RAM_BYTES (256u << 10)
static u8 ram[RAM_BYTES] __attribute__((aligned(16)));

// ---- The assembler: one function an instruction format, labels as addresses.

static u32 at;

static u32 word(u32 value) {
  *(u32 *)(ram + at) = value;
  at += 4;
  return at - 4;
}

enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7, S2, S3, S4, S5, S6 };

static u32 type_r(u32 f7, u32 f3, u32 d, u32 a, u32 b) {
  return word(f7 << 25 | b << 20 | a << 15 | f3 << 12 | d << 7 | 0x33);
}
static u32 type_i(u32 op, u32 f3, u32 d, u32 a, i32 value) {
  return word((u32)value << 20 | a << 15 | f3 << 12 | d << 7 | op);
}
static u32 add(u32 d, u32 a, u32 b) { return type_r(0, 0, d, a, b); }
static u32 sub(u32 d, u32 a, u32 b) { return type_r(32, 0, d, a, b); }
static u32 xor(u32 d, u32 a, u32 b) { return type_r(0, 4, d, a, b); }
static u32 mul(u32 d, u32 a, u32 b) { return type_r(1, 0, d, a, b); }
static u32 mulhu(u32 d, u32 a, u32 b) { return type_r(1, 3, d, a, b); }
static u32 divu(u32 d, u32 a, u32 b) { return type_r(1, 5, d, a, b); }
static u32 remu(u32 d, u32 a, u32 b) { return type_r(1, 7, d, a, b); }
static u32 addi(u32 d, u32 a, i32 v) { return type_i(0x13, 0, d, a, v); }
static u32 slli(u32 d, u32 a, i32 v) { return type_i(0x13, 1, d, a, v); }
static u32 srli(u32 d, u32 a, i32 v) { return type_i(0x13, 5, d, a, v); }
static u32 andi(u32 d, u32 a, i32 v) { return type_i(0x13, 7, d, a, v); }
static u32 lw(u32 d, i32 offset, u32 a) { return type_i(0x03, 2, d, a, offset); }
static u32 lbu(u32 d, i32 offset, u32 a) { return type_i(0x03, 4, d, a, offset); }
static u32 jalr(u32 d, u32 a, i32 offset) { return type_i(0x67, 0, d, a, offset); }

static u32 store(u32 f3, u32 b, i32 offset, u32 a) {
  u32 v = (u32)offset;
  return word((v >> 5 & 127) << 25 | b << 20 | a << 15 | f3 << 12 | (v & 31) << 7 | 0x23);
}
static u32 sw(u32 b, i32 offset, u32 a) { return store(2, b, offset, a); }
static u32 sb(u32 b, i32 offset, u32 a) { return store(0, b, offset, a); }

static u32 branch_bits(u32 offset) {
  return (offset >> 12 & 1) << 31 | (offset >> 5 & 63) << 25 | (offset >> 1 & 15) << 8 |
         (offset >> 11 & 1) << 7;
}
static u32 branch(u32 f3, u32 a, u32 b, u32 target) {
  return word(branch_bits(target - at) | b << 20 | a << 15 | f3 << 12 | 0x63);
}
static u32 bne(u32 a, u32 b, u32 target) { return branch(1, a, b, target); }
static u32 blt(u32 a, u32 b, u32 target) { return branch(4, a, b, target); }
static u32 bgeu(u32 a, u32 b, u32 target) { return branch(7, a, b, target); }
static u32 bltu(u32 a, u32 b, u32 target) { return branch(6, a, b, target); }

// Makes an earlier branch go to what is written next.
static void land(u32 branch_at) {
  u32 *code = (u32 *)(ram + branch_at);
  *code = (*code & 0x01fff07f) | branch_bits(at - branch_at);
}

static u32 jal(u32 d, u32 target) {
  u32 o = target - at;
  return word((o >> 20 & 1) << 31 | (o >> 1 & 1023) << 21 | (o >> 11 & 1) << 20 |
              (o >> 12 & 255) << 12 | d << 7 | 0x6f);
}
static void li(u32 d, u32 value) {
  u32 high = (value + 0x800) & 0xfffff000;
  word(high | d << 7 | 0x37);
  addi(d, d, (i32)(value - high));
}

#define NUMBERS 0x10000u
#define SIEVE 0x18000u
#define MATRIX 0x20000u
#define STACK 0x3fff0u
#define COUNT 512u
#define LIMIT 6000u
#define SIZE 12u

// Fills with pseudo-random words, sorts them by insertion into halves (Shell 1959); s0 = checksum.
static void write_sort(void) {
  li(A0, NUMBERS);
  li(A1, COUNT);
  addi(T0, ZERO, 0);
  u32 fill = at;
  slli(T1, S1, 13);
  xor(S1, S1, T1);
  srli(T1, S1, 17);
  xor(S1, S1, T1);
  slli(T1, S1, 5);
  xor(S1, S1, T1);
  slli(T2, T0, 2);
  add(T2, T2, A0);
  sw(S1, 0, T2);
  addi(T0, T0, 1);
  blt(T0, A1, fill);
  srli(A2, A1, 1);  // the gap
  u32 gaps = at;
  add(T0, A2, ZERO);
  u32 outer = at;
  slli(T1, T0, 2);
  add(T1, T1, A0);
  lw(A3, 0, T1);
  add(A4, T0, ZERO);
  u32 inner = at;
  u32 done1 = bltu(A4, A2, at);
  sub(A5, A4, A2);
  slli(T1, A5, 2);
  add(T1, T1, A0);
  lw(A6, 0, T1);
  u32 done2 = bgeu(A3, A6, at);
  slli(T2, A4, 2);
  add(T2, T2, A0);
  sw(A6, 0, T2);
  add(A4, A5, ZERO);
  jal(ZERO, inner);
  land(done1);
  land(done2);
  slli(T2, A4, 2);
  add(T2, T2, A0);
  sw(A3, 0, T2);
  addi(T0, T0, 1);
  blt(T0, A1, outer);
  srli(A2, A2, 1);
  bne(A2, ZERO, gaps);
  addi(T0, ZERO, 0);
  u32 sum = at;
  slli(T1, T0, 2);
  add(T1, T1, A0);
  lw(T2, 0, T1);
  mulhu(A3, T2, S0);
  xor(S0, S0, T2);
  add(S0, S0, A3);
  addi(T0, T0, 1);
  blt(T0, A1, sum);
}

// Sieve of Eratosthenes over bytes; s0 += the number of primes times a square.
static void write_sieve(void) {
  li(A0, SIEVE);
  li(A1, LIMIT);
  addi(T0, ZERO, 0);
  u32 clear = at;
  add(T1, A0, T0);
  sb(ZERO, 0, T1);
  addi(T0, T0, 1);
  bltu(T0, A1, clear);
  addi(T0, ZERO, 2);
  addi(A2, ZERO, 0);
  u32 next = at;
  add(T1, A0, T0);
  lbu(T2, 0, T1);
  u32 skip = bne(T2, ZERO, at);
  addi(A2, A2, 1);
  add(A3, T0, T0);
  addi(A4, ZERO, 1);
  u32 end = bgeu(A3, A1, at);
  u32 mark = at;
  add(T1, A0, A3);
  sb(A4, 0, T1);
  add(A3, A3, T0);
  bltu(A3, A1, mark);
  land(end);
  land(skip);
  addi(T0, T0, 1);
  bltu(T0, A1, next);
  mul(A2, A2, A2);
  add(S0, S0, A2);
}

// s0 = the greatest common divisors of neighbours, added: a function that calls itself.
static void write_divisors(void) {
  u32 over = jal(ZERO, at);
  u32 gcd = at;
  addi(SP, SP, -16);
  sw(RA, 12, SP);
  u32 deeper = bne(A1, ZERO, at);
  lw(RA, 12, SP);
  addi(SP, SP, 16);
  jalr(ZERO, RA, 0);
  land(deeper);
  remu(T0, A0, A1);
  add(A0, A1, ZERO);
  add(A1, T0, ZERO);
  jal(RA, gcd);
  lw(RA, 12, SP);
  addi(SP, SP, 16);
  jalr(ZERO, RA, 0);
  u32 here = at;
  at = over;
  jal(ZERO, here);
  at = here;
  addi(S2, ZERO, 1);
  li(S3, 400);
  u32 loop = at;
  mul(A0, S2, S2);
  addi(A1, S2, 210);
  jal(RA, gcd);
  add(S0, S0, A0);
  divu(T1, S0, S2);
  xor(S0, S0, T1);
  addi(S2, S2, 1);
  blt(S2, S3, loop);
}

// A product of two square matrices of words, of which one is the table's own transpose.
static void write_matrix(void) {
  li(A0, MATRIX);
  li(A1, SIZE);
  li(A2, NUMBERS);
  addi(S2, ZERO, 0);
  u32 rows = at;
  addi(S3, ZERO, 0);
  u32 columns = at;
  addi(S4, ZERO, 0);
  addi(S5, ZERO, 0);
  u32 inner = at;
  mul(T0, S2, A1);
  add(T0, T0, S4);
  slli(T0, T0, 2);
  add(T0, T0, A2);
  lw(T1, 0, T0);
  mul(T0, S4, A1);
  add(T0, T0, S3);
  slli(T0, T0, 2);
  add(T0, T0, A2);
  lw(T2, 0, T0);
  andi(T2, T2, 255);
  mul(T1, T1, T2);
  add(S5, S5, T1);
  addi(S4, S4, 1);
  blt(S4, A1, inner);
  mul(T0, S2, A1);
  add(T0, T0, S3);
  slli(T0, T0, 2);
  add(T0, T0, A0);
  sw(S5, 0, T0);
  xor(S0, S0, S5);
  addi(S3, S3, 1);
  blt(S3, A1, columns);
  addi(S2, S2, 1);
  blt(S2, A1, rows);
}

// ---- The emulator.

static u32 load_word(u32 address) {
  if (address > RAM_BYTES - 4) __builtin_trap();
  return *(u32 *)(ram + address);
}

NOINLINE static u32 emulate(u32 pc, u32 seed_value, u32 *executed) {
  u32 x[32] = {[SP] = STACK, [S0] = 2166136261u, [S1] = seed_value};
  u32 count = 0;
  for (;;) {
    u32 code = load_word(pc), d = code >> 7 & 31, a = x[code >> 15 & 31], b = x[code >> 20 & 31];
    u32 next = pc + 4, value = 0;
    i32 immediate = (i32)code >> 20;
    count++;
    switch (code >> 2 & 31) {
      case 0x0d: value = code & 0xfffff000; break;
      case 0x05: value = pc + (code & 0xfffff000); break;
      case 0x1b: {
        u32 offset = (u32)((i32)code >> 31) << 20 | (code & 0xff000) | (code >> 9 & 0x800) |
                     (code >> 20 & 0x7fe);
        value = next;
        next = pc + offset;
        break;
      }
      case 0x19: value = next; next = (a + (u32)immediate) & ~1u; break;
      case 0x18: {
        u32 offset = (u32)((i32)code >> 31) << 12 | (code << 4 & 0x800) | (code >> 20 & 0x7e0) |
                     (code >> 7 & 0x1e);
        int taken;
        switch (code >> 12 & 7) {
          case 0: taken = a == b; break;
          case 1: taken = a != b; break;
          case 4: taken = (i32)a < (i32)b; break;
          case 5: taken = (i32)a >= (i32)b; break;
          case 6: taken = a < b; break;
          case 7: taken = a >= b; break;
          default: __builtin_trap();
        }
        if (taken) next = pc + offset;
        pc = next;
        continue;
      }
      case 0x00: {
        u32 address = a + (u32)immediate;
        if (address > RAM_BYTES - 4) __builtin_trap();
        switch (code >> 12 & 7) {
          case 0: value = (u32)*(int8_t *)(ram + address); break;
          case 1: value = (u32)*(int16_t *)(ram + address); break;
          case 2: value = *(u32 *)(ram + address); break;
          case 4: value = ram[address]; break;
          case 5: value = *(u16 *)(ram + address); break;
          default: __builtin_trap();
        }
        break;
      }
      case 0x08: {
        u32 address = a + ((u32)((i32)code >> 25) << 5 | d);
        if (address > RAM_BYTES - 4) __builtin_trap();
        switch (code >> 12 & 7) {
          case 0: ram[address] = (u8)b; break;
          case 1: *(u16 *)(ram + address) = (u16)b; break;
          case 2: *(u32 *)(ram + address) = b; break;
          default: __builtin_trap();
        }
        pc = next;
        continue;
      }
      case 0x04:
        switch (code >> 12 & 7) {
          case 0: value = a + (u32)immediate; break;
          case 1: value = a << (immediate & 31); break;
          case 2: value = (i32)a < immediate; break;
          case 3: value = a < (u32)immediate; break;
          case 4: value = a ^ (u32)immediate; break;
          case 5: value = code >> 30 & 1 ? (u32)((i32)a >> (immediate & 31)) : a >> (immediate & 31); break;
          case 6: value = a | (u32)immediate; break;
          default: value = a & (u32)immediate; break;
        }
        break;
      case 0x0c:
        switch ((code >> 12 & 7) | (code >> 25 & 1) << 3 | (code >> 30 & 1) << 4) {
          case 0x00: value = a + b; break;
          case 0x10: value = a - b; break;
          case 0x01: value = a << (b & 31); break;
          case 0x02: value = (i32)a < (i32)b; break;
          case 0x03: value = a < b; break;
          case 0x04: value = a ^ b; break;
          case 0x05: value = a >> (b & 31); break;
          case 0x15: value = (u32)((i32)a >> (b & 31)); break;
          case 0x06: value = a | b; break;
          case 0x07: value = a & b; break;
          case 0x08: value = a * b; break;
          case 0x09: value = (u32)((i64)(i32)a * (i32)b >> 32); break;
          case 0x0a: value = (u32)((i64)(i32)a * (i64)b >> 32); break;
          case 0x0b: value = (u32)((u64)a * b >> 32); break;
          case 0x0c:
            value = b == 0 ? ~0u : a == 0x80000000u && b == ~0u ? a : (u32)((i32)a / (i32)b);
            break;
          case 0x0d: value = b == 0 ? ~0u : a / b; break;
          case 0x0e:
            value = b == 0 ? a : a == 0x80000000u && b == ~0u ? 0 : (u32)((i32)a % (i32)b);
            break;
          case 0x0f: value = b == 0 ? a : a % b; break;
          default: __builtin_trap();
        }
        break;
      case 0x1c: *executed = count; return x[S0];  // ecall: the program ends
      default: __builtin_trap();
    }
    if (d) x[d] = value;
    pc = next;
  }
}

RUN {
  at = 0;
  write_sort();
  write_sieve();
  write_divisors();
  write_matrix();
  word(0x73);
  u32 sum = 2166136261u, executed = 0;
  for (i32 i = 0; i < n; i++) {
    sum = mix(sum, emulate(0, 77u + (u32)i, &executed));
    sum = mix(sum, executed);
  }
  return sum;
}
