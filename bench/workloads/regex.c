// Regular expressions: patterns compiled to a small program, run by backtracking and by a set of
// states (Thompson 1968), over text.
#include "bench.h"

typedef enum { CHAR, ANY, SET, SPLIT, JUMP, MATCH } Operation;
typedef struct { Operation op; u32 x, y; u32 set[8]; } Step;

static Step *program;
static u32 steps;
static const u8 *pattern;

static u32 emit(Operation op, u32 x, u32 y) {
  program[steps] = (Step){.op = op, .x = x, .y = y};
  return steps++;
}

// Makes room for one step at `at`; jumps behind it move.
static void insert(u32 at) {
  for (u32 i = steps; i > at; i--) {
    program[i] = program[i - 1];
    if (program[i].op == SPLIT || program[i].op == JUMP) {
      if (program[i].x >= at) program[i].x++;
      if (program[i].op == SPLIT && program[i].y >= at) program[i].y++;
    }
  }
  steps++;
}

static void add_to_set(Step *s, u32 from, u32 to) {
  for (u32 c = from; c <= to; c++) s->set[c >> 5] |= 1u << (c & 31);
}

static void alternatives(void);

static void atom(void) {
  u8 c = *pattern++;
  if (c == '(') {
    alternatives();
    pattern++;
  } else if (c == '.') {
    emit(ANY, 0, 0);
  } else if (c == '[') {
    int negated = *pattern == '^';
    if (negated) pattern++;
    Step *s = &program[emit(SET, 0, 0)];
    while (*pattern != ']') {
      u8 from = *pattern++, to = from;
      if (*pattern == '-') { to = pattern[1]; pattern += 2; }
      add_to_set(s, from, to);
    }
    pattern++;
    if (negated) for (u32 i = 0; i < 8; i++) s->set[i] = ~s->set[i];
  } else if (c == '\\') {
    Step *s = &program[emit(SET, 0, 0)];
    if (*pattern == 'd') add_to_set(s, '0', '9');
    else if (*pattern == 's') add_to_set(s, ' ', ' ');
    else if (*pattern == 'w') { add_to_set(s, 'a', 'z'); add_to_set(s, 'A', 'Z'); add_to_set(s, '0', '9'); }
    else add_to_set(s, *pattern, *pattern);
    pattern++;
  } else {
    emit(CHAR, c, 0);
  }
}

static void sequence(void) {
  while (*pattern && *pattern != '|' && *pattern != ')') {
    u32 start = steps;
    atom();
    if (*pattern == '*') {
      insert(start);
      emit(JUMP, start, 0);
      program[start] = (Step){.op = SPLIT, .x = start + 1, .y = steps};
      pattern++;
    } else if (*pattern == '+') {
      emit(SPLIT, start, steps + 1);
      pattern++;
    } else if (*pattern == '?') {
      insert(start);
      program[start] = (Step){.op = SPLIT, .x = start + 1, .y = steps};
      pattern++;
    }
  }
}

static void alternatives(void) {
  u32 start = steps;
  sequence();
  if (*pattern != '|') return;
  pattern++;
  insert(start);
  u32 jump = emit(JUMP, 0, 0);
  program[start] = (Step){.op = SPLIT, .x = start + 1, .y = steps};
  alternatives();
  program[jump].x = steps;
}

static int accepts(const Step *s, u8 c) {
  switch (s->op) {
    case CHAR: return s->x == c;
    case ANY: return c != '\n';
    case SET: return s->set[c >> 5] >> (c & 31) & 1;
    default: return 0;
  }
}

// The end of the match that begins at `at`, or -1.
NOINLINE static i32 backtrack(u32 pc, const u8 *text, u32 length, u32 at) {
  for (;;) {
    const Step *s = &program[pc];
    switch (s->op) {
      case MATCH: return (i32)at;
      case JUMP: pc = s->x; break;
      case SPLIT: {
        i32 end = backtrack(s->x, text, length, at);
        if (end >= 0) return end;
        pc = s->y;
        break;
      }
      default:
        if (at >= length || !accepts(s, text[at])) return -1;
        at++;
        pc++;
    }
  }
}

static u32 *listed, *listed_at, list_size, generation;

static void reach(u32 pc) {
  if (listed_at[pc] == generation) return;
  listed_at[pc] = generation;
  if (program[pc].op == JUMP) reach(program[pc].x);
  else if (program[pc].op == SPLIT) { reach(program[pc].x); reach(program[pc].y); }
  else listed[list_size++] = pc;
}

// How many prefixes of the text end a match that begins anywhere.
NOINLINE static u32 scan(const u8 *text, u32 length, u32 *spare) {
  u32 ends = 0;
  list_size = 0;
  generation++;
  for (u32 at = 0; at < length; at++) {
    reach(0);
    u32 *now = listed, count = list_size;
    listed = spare;
    spare = now;
    list_size = 0;
    generation++;
    int ended = 0;
    for (u32 i = 0; i < count; i++) {
      if (program[now[i]].op == MATCH) ended = 1;
      else if (accepts(&program[now[i]], text[at])) reach(now[i] + 1);
    }
    ends += (u32)ended;
  }
  return ends;
}

RUN {
  static const char *const patterns[] = {
      "\\w+@\\w+\\.(com|org|net)", "(\\d+-)*\\d+", "[A-Z][a-z]*\\s[A-Z][a-z]+", "a(b|c)*d?e+",
      "[^aeiou ]+(ing|ed)\\s", "(x+x+)?y"};
  static const char *const pieces[] = {"user@example.org", "555-12-9", "Grace Hopper", "abcbcde",
      "walking", "jumped", "xxxxxy", "some", "words", "between", "Alan", "Turing"};
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    generation = 0;
    seed(31 + (u32)round);
    u8 *text = take(32768);
    u32 length = 0;
    for (u32 i = 0; i < 500; i++) {
      for (const char *p = pieces[next_random() % 12]; *p; p++) text[length++] = (u8)*p;
      text[length++] = i % 9 == 8 ? '\n' : ' ';
    }
    program = take(128 * sizeof(Step));
    listed = take(512);
    u32 *spare = take(512);
    listed_at = take(512);
    for (u32 p = 0; p < sizeof patterns / sizeof *patterns; p++) {
      steps = 0;
      pattern = (const u8 *)patterns[p];
      alternatives();
      emit(MATCH, 0, 0);
      memset(listed_at, 0, 512);
      for (u32 at = 0; at < length;) {
        i32 end = backtrack(0, text, length, at);
        if (end > (i32)at) { sum = mix(sum, (u32)end - at); at = (u32)end; }
        else at++;
      }
      sum = mix(sum, scan(text, length, spare));
    }
  }
  return sum;
}
