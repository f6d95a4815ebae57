// A scripting language: its source is parsed and compiled to code for a register machine in one
// pass, and run. Values are numbers, strings, tables and closures in 64 bits (NaN boxes); the
// machine has instructions for small constants and for comparisons that branch, as Lua's has.
#include "bench.h"

typedef u64 Value;
typedef struct { u32 length, hash; u8 text[]; } String;
typedef struct { Value key, value; } Entry;
typedef struct { Value *items; Entry *entries; u32 count, capacity, used, slots; } Table;
typedef struct { u32 code, constants, params, registers, captured; u8 capture[32]; } Function;
typedef struct { Value *at, own; } Cell;
typedef struct { Function *function; Cell *cells[]; } Closure;

#define TAG(t) (0xfff8000000000000u | (u64)(t) << 47)
enum { IS_NIL = 1, IS_FALSE, IS_TRUE, IS_INT, IS_STRING, IS_TABLE, IS_CLOSURE };
#define NIL TAG(IS_NIL)
#define FALSE TAG(IS_FALSE)
#define TRUE TAG(IS_TRUE)
#define kind(v) ((u32)((v) >> 47) - 0x1fff0u)
#define is_int(v) ((v) >> 47 == TAG(IS_INT) >> 47)
#define is_number(v) ((v) < TAG(0) || is_int(v))
#define low(v) ((i32)(u32)(v))
#define pointer(type, v) ((type *)(u32)(v))
#define from_int(i) (TAG(IS_INT) | (u32)(i))
#define from_bool(b) ((b) ? TRUE : FALSE)
#define truthy(v) ((v) != NIL && (v) != FALSE)
#define fail() __builtin_trap()

static inline Value from_double(double d) { return d == d ? __builtin_bit_cast(u64, d) : 0x7ff8000000000000u; }
static inline double number(Value v) {
  if (is_int(v)) return low(v);
  if (v >= TAG(0)) fail();
  return __builtin_bit_cast(double, v);
}
static inline Value small(double d) {
  i32 i = d >= -2147483648.0 && d <= 2147483647.0 ? (i32)d : 0;
  return i == d && (i || !(__builtin_bit_cast(u64, d) >> 63)) ? from_int(i) : from_double(d);
}
static inline i32 integer(Value v) { return is_int(v) ? low(v) : (i32)(i64)number(v); }

// ---- Strings and tables.

static String *new_string(u32 length) {
  String *s = take(sizeof(String) + length);
  s->length = length;
  s->hash = 0;
  return s;
}
static u32 hash_of(String *s) {
  if (!s->hash) {
    u32 h = 2166136261u;
    for (u32 i = 0; i < s->length; i++) h = mix(h, s->text[i]);
    s->hash = h | 1;
  }
  return s->hash;
}
static int same_text(String *a, String *b) {
  if (a == b) return 1;
  if (a->length != b->length || hash_of(a) != hash_of(b)) return 0;
  for (u32 i = 0; i < a->length; i++) if (a->text[i] != b->text[i]) return 0;
  return 1;
}
static inline int equal(Value a, Value b) {
  if (a == b) return 1;
  if (kind(a) == IS_STRING && kind(b) == IS_STRING) return same_text(pointer(String, a), pointer(String, b));
  return is_number(a) && is_number(b) && number(a) == number(b);
}
NOINLINE static Value to_string(Value v) {
  if (kind(v) == IS_STRING) return v;
  u8 digits[24];
  u32 n = 0;
  if (!is_number(v)) {
    const char *name = v == NIL ? "nil" : v == TRUE ? "true" : v == FALSE ? "false" : "object";
    String *s = new_string(0);
    while (name[s->length]) { s->text[s->length] = (u8)name[s->length]; s->length++; }
    arena_used += 16;
    return TAG(IS_STRING) | (u32)s;
  }
  double d = number(v);
  int negative = d < 0;
  u64 whole = (u64)(negative ? -d : d);
  do digits[n++] = (u8)('0' + whole % 10); while (whole /= 10);
  if (negative) digits[n++] = '-';
  String *s = new_string(n);
  for (u32 i = 0; i < n; i++) s->text[i] = digits[n - 1 - i];
  return TAG(IS_STRING) | (u32)s;
}
NOINLINE static Value concat(Value a, Value b) {
  String *x = pointer(String, to_string(a)), *y = pointer(String, to_string(b));
  String *s = new_string(x->length + y->length);
  memcpy(s->text, x->text, x->length);
  memcpy(s->text + x->length, y->text, y->length);
  return TAG(IS_STRING) | (u32)s;
}
NOINLINE static int compare(Value a, Value b) {
  if (kind(a) == IS_STRING && kind(b) == IS_STRING) {
    String *x = pointer(String, a), *y = pointer(String, b);
    for (u32 i = 0; i < x->length && i < y->length; i++)
      if (x->text[i] != y->text[i]) return x->text[i] < y->text[i] ? -1 : 1;
    return x->length < y->length ? -1 : x->length > y->length;
  }
  double x = number(a), y = number(b);
  return x < y ? -1 : x > y;
}
static Value new_table(void) {
  Table *t = take(sizeof(Table));
  *t = (Table){0};
  return TAG(IS_TABLE) | (u32)t;
}
static inline Table *table(Value v) {
  if (kind(v) != IS_TABLE) fail();
  return pointer(Table, v);
}
static void append(Table *t, Value v) {
  if (t->count == t->capacity) {
    t->capacity = t->capacity ? t->capacity * 2 : 4;
    Value *items = take(t->capacity * sizeof(Value));
    memcpy(items, t->items, t->count * sizeof(Value));
    t->items = items;
  }
  t->items[t->count++] = v;
}
static Entry *find(Table *t, Value key) {
  u32 h = kind(key) == IS_STRING ? hash_of(pointer(String, key)) : mix((u32)key, (u32)(key >> 32));
  for (u32 i = (h ^ h >> 15) & (t->slots - 1);; i = (i + 1) & (t->slots - 1))
    if (t->entries[i].key == NIL || equal(t->entries[i].key, key)) return &t->entries[i];
}
NOINLINE static Value get(Table *t, Value key) {
  if (is_int(key) && (u32)low(key) < t->count) return t->items[low(key)];
  return t->slots ? find(t, key)->value : NIL;
}
NOINLINE static void set(Table *t, Value key, Value value) {
  if (is_int(key) && (u32)low(key) < t->count) {
    t->items[low(key)] = value;
    return;
  }
  if (is_int(key) && (u32)low(key) == t->count) {
    append(t, value);
    return;
  }
  if (4 * t->used >= 3 * t->slots) {
    Table old = *t;
    t->slots = old.slots ? old.slots * 2 : 8;
    t->entries = take(t->slots * sizeof(Entry));
    for (u32 i = 0; i < t->slots; i++) t->entries[i] = (Entry){NIL, NIL};
    for (u32 i = 0; i < old.slots; i++)
      if (old.entries[i].key != NIL) *find(t, old.entries[i].key) = old.entries[i];
  }
  Entry *e = find(t, key);
  if (e->key == NIL) t->used++;
  *e = (Entry){key, value};
}

// ---- The code: op, a, b, c in a byte each; jumps are signed distances in b and c.

#define OPERATORS(X) X(ADD) X(SUB) X(MUL) X(DIV) X(MOD) X(QUOTIENT) X(AND) X(OR) X(XOR) X(SHL) X(SHR) X(USHR)
#define CONDITIONS(X) X(EQ) X(NE) X(LT) X(LE) X(GT) X(GE)
#define ONE(o) o,
#define SMALL(o) o##_I,
#define LARGE(o) o##_K,
#define FLIPPED(o) I_##o,
#define JUMPS(o) J##o,
#define JUMPS_SMALL(o) J##o##_I,
#define JUMPS_LARGE(o) J##o##_K,
typedef enum {
  MOVE, CONSTANT, INTEGER, LOAD_NIL, LOAD_TRUE, LOAD_FALSE, GET_CELL, SET_CELL, GET_GLOBAL, SET_GLOBAL,
  OPERATORS(ONE) OPERATORS(SMALL) OPERATORS(LARGE) OPERATORS(FLIPPED)
  CONDITIONS(ONE) CONDITIONS(JUMPS) CONDITIONS(JUMPS_SMALL) CONDITIONS(JUMPS_LARGE)
  NEGATE, NOT, COMPLEMENT, LENGTH, CONCAT, JUMP, JUMP_TRUE, JUMP_FALSE, FOR_BEGIN, FOR_NEXT,
  NEW_TABLE, APPEND, GET, GET_I, GET_K, SET, SET_I, SET_K, CLOSURE, CALL, CALL_0, CALL_1, CALL_2, CALL_3,
  RETURN, RETURN_NIL, CHAR_AT, CHARACTER, SUBSTRING, FLOOR, SQRT, MIN, MAX, TO_STRING, OPERATIONS
} Operation;
_Static_assert(OPERATIONS >= 80, "a big switch");

static u32 *code;
static Value *constants;
static u32 code_size, constant_count, function_count, global_count;
static Function functions[64];
static Value globals[128], global_names[128];

// ---- The compiler. Locals and temporaries are registers of the function, given out as a stack.

typedef struct Scope Scope;
struct Scope { Scope *outer; Function *function; Value names[100]; u32 locals, top; u8 captured_from[32]; Value captured[32]; };
static Scope *scope;
static const char *source;
enum { END, NAME, NUMBER, TEXT, OTHER };
static u32 token;
static Value token_value;
static u32 symbol;

static u32 emit(Operation op, u32 a, u32 b, u32 c) {
  code[code_size] = op | a << 8 | b << 16 | c << 24;
  return code_size++;
}
static u32 constant(Value v) {
  u32 first = scope->function->constants, i = first;
  while (i < constant_count && constants[i] != v) i++;
  if (i - first > 255) fail();
  if (i == constant_count) constants[constant_count++] = v;
  return i - first;
}
static Value intern_names[256];
static u32 name_count;
static Value intern(const char *text, u32 length) {
  String *s = new_string(length);
  memcpy(s->text, text, length);
  for (u32 i = 0; i < name_count; i++) if (same_text(pointer(String, intern_names[i]), s)) return intern_names[i];
  return intern_names[name_count++] = TAG(IS_STRING) | (u32)s;
}
static int is_letter(u32 c) { return (c | 32) - 'a' < 26u || c == '_'; }
static int is_digit(u32 c) { return c - '0' < 10u; }
static void next(void) {
  while (*source == ' ' || *source == '\n') source++;
  const char *start = source;
  if (!*source) {
    token = END;
  } else if (is_letter((u8)*source)) {
    while (is_letter((u8)*source) || is_digit((u8)*source)) source++;
    token = NAME;
    token_value = intern(start, (u32)(source - start));
  } else if (is_digit((u8)*source)) {
    double d = 0, scale = 1;
    while (is_digit((u8)*source)) d = d * 10 + (*source++ - '0');
    if (*source == '.' && is_digit((u8)source[1]))
      for (source++; is_digit((u8)*source);) d += (*source++ - '0') * (scale /= 10);
    token = NUMBER;
    token_value = small(d);
  } else if (*source == '\'') {
    while (*++source != '\'') {}
    token = TEXT;
    token_value = intern(start + 1, (u32)(source++ - start) - 1);
  } else {
    token = OTHER;
    symbol = (u8)*source++;
    for (u32 c = (u8)*source; (symbol == '<' || symbol == '>' || symbol == '=' || symbol == '!' || symbol == '/' || symbol == '.' || (symbol & 255) == '>') &&
                              (c == '=' || c == (symbol & 255)); c = (u8)*source) {
      symbol = symbol << 8 | c;
      source++;
    }
  }
}
static int is_word(const char *word) {
  if (token != NAME) return 0;
  String *s = pointer(String, token_value);
  for (u32 i = 0; i < s->length; i++) if (s->text[i] != (u8)word[i]) return 0;
  return !word[s->length];
}
static int accept_word(const char *word) {
  if (!is_word(word)) return 0;
  next();
  return 1;
}
static int accept(u32 wanted) {
  if (token != OTHER || symbol != wanted) return 0;
  next();
  return 1;
}
static void expect(u32 wanted) { if (!accept(wanted)) fail(); }
static u32 reserve(void) {
  u32 r = scope->top++;
  if (r >= 250) fail();
  if (scope->top > scope->function->registers) scope->function->registers = scope->top;
  return r;
}
static i32 local(Scope *s, Value name) {
  for (u32 i = s->locals; i-- > 0;) if (s->names[i] == name) return (i32)i;
  return -1;
}
static i32 cell(Scope *s, Value name) {
  for (u32 i = 0; i < s->function->captured; i++) if (s->captured[i] == name) return (i32)i;
  if (!s->outer) return -1;
  i32 register_ = local(s->outer, name);
  i32 outer = register_ < 0 ? cell(s->outer, name) : -1;
  if (register_ < 0 && outer < 0) return -1;
  u32 i = s->function->captured++;
  s->captured[i] = name;
  s->function->capture[i] = (u8)(register_ >= 0 ? register_ : 128 + outer);
  return (i32)i;
}
static u32 global(Value name) {
  for (u32 i = 0; i < global_count; i++) if (global_names[i] == name) return i;
  global_names[global_count] = name;
  globals[global_count] = NIL;
  return global_count++;
}

static void expression(u32 to, u32 level);
static void block(void);

// Where a value is: in a register, or a constant that instructions can have.
typedef struct { enum { REGISTER, SMALL_CONSTANT, LARGE_CONSTANT } where; u32 value; } Operand;

typedef struct { u16 text; u8 level, op; } Operator;
static const Operator operators[] = {{'=' << 8 | '=', 3, EQ}, {'!' << 8 | '=', 3, NE},
    {'<', 4, LT}, {'<' << 8 | '=', 4, LE}, {'>', 4, GT}, {'>' << 8 | '=', 4, GE}, {'|', 5, OR}, {'^', 5, XOR}, {'&', 6, AND},
    {'<' << 8 | '<', 7, SHL}, {'>' << 8 | '>', 7, SHR}, {'$', 7, USHR}, {'.' << 8 | '.', 8, CONCAT}, {'+', 9, ADD}, {'-', 9, SUB},
    {'*', 10, MUL}, {'/', 10, DIV}, {'%', 10, MOD}, {'/' << 8 | '/', 10, QUOTIENT}};

// The operator that comes next if it binds as strongly as `level`, or none.
static const Operator *operator_of(u32 level) {
  for (u32 i = 0; token == OTHER && i < sizeof operators / sizeof *operators; i++)
    if (symbol == operators[i].text) return operators[i].level >= level ? &operators[i] : NULL;
  return NULL;
}
// A constant, or a local in place, if it is all of an operand of `level`; else code to a register.
static Operand operand(u32 level) {
  if (token == NUMBER) {
    const char *after = source;
    Value v = token_value;
    next();
    if (!operator_of(level) && (level > 1 || !(is_word("and") || is_word("or")))) {
      if (is_int(v) && low(v) < 128) return (Operand){SMALL_CONSTANT, (u8)low(v)};
      return (Operand){LARGE_CONSTANT, constant(v)};
    }
    source = after;
    token = NUMBER;
    token_value = v;
  }
  u32 r = reserve();
  u32 before = code_size;
  expression(r, level);
  if (code_size == before + 1 && (code[before] & 0xff) == MOVE) {
    code_size = before;
    return (Operand){REGISTER, code[before] >> 16 & 255};
  }
  return (Operand){REGISTER, r};
}

static u32 begin_function(Scope *inner) {
  Function *f = &functions[function_count++];
  *f = (Function){.constants = constant_count};
  inner->outer = scope;
  inner->function = f;
  inner->locals = inner->top = 0;
  return function_count - 1;
}
// The parameters and body of a function, which the code around it jumps over; leaves the closure in
// a register.
static void function(u32 to) {
  Scope inner;
  u32 outer_code = code_size;
  u32 index = begin_function(&inner);
  scope = &inner;
  inner.function->code = code_size + 1;
  emit(JUMP, 0, 0, 0);
  expect('(');
  while (!accept(')')) {
    inner.names[inner.locals++] = token_value;
    reserve();
    inner.function->params++;
    next();
    accept(',');
  }
  block();
  emit(RETURN_NIL, 0, 0, 0);
  scope = inner.outer;
  u32 distance = code_size - outer_code - 1;
  code[outer_code] = JUMP | (distance & 0xffff) << 16;
  emit(CLOSURE, to, index, 0);
}

static void arguments(u32 first, u32 *count, u32 close) {
  *count = 0;
  while (!accept(close)) {
    u32 r = reserve();
    if (r != first + *count) fail();
    expression(r, 0);
    ++*count;
    accept(',');
  }
}
static int builtin(u32 to) {
  static const struct { const char *name; u8 op; } names[] = {{"charat", CHAR_AT}, {"chr", CHARACTER},
      {"substr", SUBSTRING}, {"floor", FLOOR}, {"sqrt", SQRT}, {"min", MIN}, {"max", MAX}, {"str", TO_STRING}, {"push", APPEND}};
  for (u32 i = 0; i < sizeof names / sizeof *names; i++) {
    if (!is_word(names[i].name)) continue;
    next();
    expect('(');
    u32 top = scope->top, count;
    arguments(top, &count, ')');
    if (names[i].op == APPEND) emit(APPEND, top, top + 1, 0);
    else emit(names[i].op, to, top, 0);
    scope->top = top;
    return 1;
  }
  return 0;
}
static void primary(u32 to) {
  if (token == NUMBER || token == TEXT) {
    Value v = token_value;
    next();
    if (is_int(v) && low(v) < 32768) emit(INTEGER, to, (u32)low(v) & 255, (u32)low(v) >> 8);
    else emit(CONSTANT, to, constant(v), 0);
  } else if (accept('(')) {
    expression(to, 0);
    expect(')');
  } else if (accept('[')) {
    u32 top = scope->top, r = reserve();
    emit(NEW_TABLE, r, 0, 0);
    while (!accept(']')) {
      u32 item = reserve();
      expression(item, 0);
      emit(APPEND, r, item, 0);
      scope->top = item;
      accept(',');
    }
    emit(MOVE, to, r, 0);
    scope->top = top;
  } else if (accept('{')) {
    u32 top = scope->top, r = reserve();
    emit(NEW_TABLE, r, 0, 0);
    while (!accept('}')) {
      u32 key = constant(token_value), item = reserve();
      next();
      expect(':');
      expression(item, 0);
      emit(SET_K, r, key, item);
      scope->top = item;
      accept(',');
    }
    emit(MOVE, to, r, 0);
    scope->top = top;
  } else if (accept_word("fn")) {
    function(to);
  } else if (accept_word("nil")) {
    emit(LOAD_NIL, to, 0, 0);
  } else if (accept_word("true")) {
    emit(LOAD_TRUE, to, 0, 0);
  } else if (accept_word("false")) {
    emit(LOAD_FALSE, to, 0, 0);
  } else if (token == NAME && !builtin(to)) {
    Value name = token_value;
    next();
    i32 i = local(scope, name);
    if (i >= 0) emit(MOVE, to, (u32)i, 0);
    else if ((i = cell(scope, name)) >= 0) emit(GET_CELL, to, (u32)i, 0);
    else emit(GET_GLOBAL, to, global(name), 0);
  } else if (token != NAME && token != OTHER) {
    fail();
  }
}
static void index_of(u32 to, u32 base) {
  u32 top = scope->top;
  Operand key = operand(0);
  expect(']');
  if (key.where == SMALL_CONSTANT) emit(GET_I, to, base, key.value);
  else if (key.where == LARGE_CONSTANT) emit(GET_K, to, base, key.value);
  else emit(GET, to, base, key.value);
  scope->top = top;
}
static void postfix(u32 to) {
  primary(to);
  for (;;) {
    if (accept('[')) {
      index_of(to, to);
    } else if (token == OTHER && symbol == '.') {
      next();
      emit(GET_K, to, to, constant(token_value));
      next();
    } else if (accept('(')) {
      u32 top = scope->top, count, callee = reserve();
      emit(MOVE, callee, to, 0);
      arguments(callee + 1, &count, ')');
      emit(count < 4 ? CALL_0 + count : CALL, callee, count, to);
      scope->top = top;
    } else {
      return;
    }
  }
}
// Where a jump over an operand of `and` or `or` last went: what is before must stay as it is.
static u32 joined;

static void expression(u32 to, u32 level) {
  u32 top = scope->top;
  if (accept('-')) {
    expression(to, 11);
    emit(NEGATE, to, to, 0);
  } else if (accept('!')) {
    expression(to, 11);
    emit(NOT, to, to, 0);
  } else if (accept('~')) {
    expression(to, 11);
    emit(COMPLEMENT, to, to, 0);
  } else if (accept('#')) {
    expression(to, 11);
    emit(LENGTH, to, to, 0);
  } else {
    postfix(to);
  }
  for (;;) {
    if (level <= 1 && (is_word("and") || is_word("or"))) {
      u32 op = is_word("and") ? JUMP_FALSE : JUMP_TRUE;
      next();
      u32 jump = emit(op, to, 0, 0);
      expression(to, 2);
      code[jump] |= (code_size - jump - 1) << 16;
      joined = code_size;
      continue;
    }
    const Operator *next_operator = operator_of(level);
    if (!next_operator) return;
    u32 op = next_operator->op;
    next();
    // What was just moved from a local can be read in place.
    u32 left = to;
    if ((code[code_size - 1] & 0xffff) == (MOVE | to << 8) && joined != code_size) left = code[--code_size] >> 16 & 255;
    if (op >= ADD && op <= USHR) {
      Operand right = operand(next_operator->level + 1);
      emit(right.where == SMALL_CONSTANT ? op - ADD + ADD_I : right.where == LARGE_CONSTANT ? op - ADD + ADD_K : op, to, left, right.value);
    } else {
      u32 right = reserve();
      expression(right, next_operator->level + 1);
      emit(op, to, left, right);
    }
    scope->top = top;
  }
}

// A condition and a jump if it does not hold; the place of the jump.
static u32 condition(void) {
  u32 top = scope->top, r = reserve();
  expression(r, 0);
  u32 last = code[code_size - 1], op = last & 255, jump;
  if (op >= EQ && op <= GE && joined != code_size) {
    // The comparison becomes one that jumps over the jump.
    u32 a = last >> 16 & 255, b = last >> 24;
    u32 before = code[code_size - 2];
    code_size--;
    if ((before & 0xffff) == (INTEGER | b << 8) && b >= scope->locals && before >> 16 < 128) {
      code[code_size - 1] = (op - EQ + JEQ_I) | a << 8 | (before & 0xff0000);
    } else if ((before & 0xffff) == (CONSTANT | b << 8) && b >= scope->locals) {
      code[code_size - 1] = (op - EQ + JEQ_K) | a << 8 | (before & 0xff0000);
    } else {
      emit(op - EQ + JEQ, a, b, 0);
    }
    jump = emit(JUMP, 0, 0, 0);
  } else {
    jump = emit(JUMP_FALSE, r, 0, 0);
  }
  scope->top = top;
  return jump;
}
static void land(u32 jump) { code[jump] = (code[jump] & 0xffff) | (code_size - jump - 1) << 16; }
static void jump_back(u32 target) {
  u32 distance = target - code_size - 1;
  emit(JUMP, 0, distance & 255, distance >> 8 & 255);
}

static void statement(void) {
  u32 top = scope->top;
  if (accept_word("let")) {
    Value name = token_value;
    next();
    u32 r = reserve();
    expect('=');
    expression(r, 0);
    scope->names[scope->locals++] = name;
    if (scope->locals != scope->top) fail();
    expect(';');
    return;
  }
  if (accept_word("if")) {
    u32 otherwise = condition();
    block();
    if (accept_word("else")) {
      u32 end = emit(JUMP, 0, 0, 0);
      land(otherwise);
      if (is_word("if")) statement();
      else block();
      land(end);
    } else {
      land(otherwise);
    }
  } else if (accept_word("while")) {
    u32 start = code_size, end = condition();
    block();
    jump_back(start);
    land(end);
  } else if (accept_word("for")) {
    u32 locals = scope->locals, r = reserve();
    Value name = token_value;
    next();
    expect('=');
    expression(r, 0);
    expect(',');
    expression(reserve(), 0);
    scope->names[scope->locals++] = name;
    scope->names[scope->locals++] = NIL;
    u32 begin = emit(FOR_BEGIN, r, 0, 0);
    block();
    land(begin);
    u32 distance = begin - code_size;
    emit(FOR_NEXT, r, distance & 255, distance >> 8 & 255);
    scope->locals = locals;
  } else if (accept_word("return")) {
    u32 r = reserve();
    expression(r, 0);
    emit(RETURN, r, 0, 0);
    expect(';');
  } else if (accept_word("fn")) {
    Value name = token_value;
    u32 r = reserve();
    next();
    if (scope->outer) {
      scope->names[scope->locals++] = name;
      emit(LOAD_NIL, r, 0, 0);
      function(r);
      return;
    }
    function(r);
    emit(SET_GLOBAL, r, global(name), 0);
  } else {
    Value name = token_value;
    int is_name = token == NAME;
    u32 r = reserve();
    u32 before = code_size;
    postfix(r);
    if (accept('=')) {
      u32 last = code[--code_size], op = last & 255, base = last >> 16 & 255, key = last >> 24;
      if (op == GET || op == GET_I || op == GET_K) {
        u32 value = reserve();
        if (value == key && op == GET) value = reserve();
        // The key's register was given back; keep it.
        while (op == GET && value <= key && key >= scope->locals) value = reserve();
        expression(value, 0);
        emit(op == GET ? SET : op == GET_I ? SET_I : SET_K, base, key, value);
      } else if (is_name && code_size == before) {
        i32 i = local(scope, name);
        expression(r, 0);
        u32 last_op = code[code_size - 1] & 255;
        if (i >= 0 && (code[code_size - 1] >> 8 & 255) == r && joined != code_size &&
            (last_op <= GET_GLOBAL || (last_op >= ADD && last_op <= I_USHR))) {
          // The last instruction can write to the variable itself.
          code[code_size - 1] = (code[code_size - 1] & 0xffff00ff) | (u32)i << 8;
        } else if (i >= 0) {
          emit(MOVE, (u32)i, r, 0);
        } else {
          if ((i = cell(scope, name)) >= 0) emit(SET_CELL, r, (u32)i, 0);
          else emit(SET_GLOBAL, r, global(name), 0);
        }
      } else {
        fail();
      }
    }
    expect(';');
  }
  scope->top = top;
}
static void block(void) {
  u32 locals = scope->locals, top = scope->top;
  expect('{');
  while (!accept('}')) statement();
  scope->locals = locals;
  scope->top = top;
}

// ---- The machine.

#define STACK_VALUES 16384
static Value stack[STACK_VALUES];
typedef struct { Closure *closure; u32 pc, base, to; } Frame;
static Frame frames[512];

static double modulo(double a, double b) { return a - __builtin_floor(a / b) * b; }
static double quotient(double a, double b) { return __builtin_floor(a / b); }

#define ARITHMETIC(OP, X, Y, INTS, DOUBLES)                                            \
  {                                                                                    \
    Value x = X, y = Y;                                                                \
    if (is_int(x) && is_int(y)) { i64 p = low(x), q = low(y); INTS; }                  \
    else { double p = number(x), q = number(y); r[a] = from_double(DOUBLES); }         \
    break;                                                                             \
  }
#define WIDE(e) { i64 z = (e); r[a] = z == (i32)z ? from_int(z) : from_double((double)z); }
#define EACH(OP, INTS, DOUBLES)                                                       \
  case OP: ARITHMETIC(OP, r[b], r[c], INTS, DOUBLES)                                   \
  case OP##_I: ARITHMETIC(OP, r[b], from_int((int8_t)c), INTS, DOUBLES)                \
  case OP##_K: ARITHMETIC(OP, r[b], k[c], INTS, DOUBLES)                               \
  case I_##OP: ARITHMETIC(OP, from_int((int8_t)b), r[c], INTS, DOUBLES)
#define BITS(OP, e)                                                                    \
  case OP: { u32 p = (u32)integer(r[b]), q = (u32)integer(r[c]); r[a] = from_int(e); break; } \
  case OP##_I: { u32 p = (u32)integer(r[b]), q = (u32)(int8_t)c; r[a] = from_int(e); break; } \
  case OP##_K: { u32 p = (u32)integer(r[b]), q = (u32)integer(k[c]); r[a] = from_int(e); break; } \
  case I_##OP: { u32 p = (u32)(int8_t)b, q = (u32)integer(r[c]); r[a] = from_int(e); break; }
#define HOLDS(X, Y, op) ({ Value x = X, y = Y; is_int(x) && is_int(y) ? low(x) op low(y) : compare(x, y) op 0; })
#define SAME(X, Y, op) (equal(X, Y) op 1)
#define CASES(OP, TEST, op)                                                            \
  case OP: r[a] = from_bool(TEST(r[b], r[c], op)); break;                              \
  case J##OP: if (TEST(r[a], r[b], op)) pc++; break;                                   \
  case J##OP##_I: if (TEST(r[a], from_int((int8_t)b), op)) pc++; break;                \
  case J##OP##_K: if (TEST(r[a], k[b], op)) pc++; break;

NOINLINE static Value execute(Closure *closure) {
  u32 depth = 0, base = 0, pc = closure->function->code;
  Value *r = stack, *k = constants + closure->function->constants;
  for (;;) {
    u32 instruction = code[pc++], a = instruction >> 8 & 255, b = instruction >> 16 & 255, c = instruction >> 24;
    i32 jump = (i32)instruction >> 16;
    switch ((Operation)(instruction & 255)) {
      case MOVE: r[a] = r[b]; break;
      case CONSTANT: r[a] = k[b]; break;
      case INTEGER: r[a] = from_int(jump); break;
      case LOAD_NIL: r[a] = NIL; break;
      case LOAD_TRUE: r[a] = TRUE; break;
      case LOAD_FALSE: r[a] = FALSE; break;
      case GET_CELL: r[a] = *closure->cells[b]->at; break;
      case SET_CELL: *closure->cells[b]->at = r[a]; break;
      case GET_GLOBAL: r[a] = globals[b]; break;
      case SET_GLOBAL: globals[b] = r[a]; break;
      EACH(ADD, WIDE(p + q), p + q)
      EACH(SUB, WIDE(p - q), p - q)
      EACH(MUL, WIDE(p * q), p * q)
      EACH(DIV, r[a] = small((double)p / (double)q), p / q)
      EACH(MOD, if (q <= 0) r[a] = small(modulo((double)p, (double)q)); else { i64 z = p % q; r[a] = from_int(z < 0 ? z + q : z); }, modulo(p, q))
      EACH(QUOTIENT, if (q <= 0 || p < 0) r[a] = small(quotient((double)p, (double)q)); else r[a] = from_int((i32)p / (i32)q), quotient(p, q))
      BITS(AND, p & q)
      BITS(OR, p | q)
      BITS(XOR, p ^ q)
      BITS(SHL, p << (q & 31))
      BITS(SHR, (u32)((i32)p >> (q & 31)))
      BITS(USHR, p >> (q & 31))
      CASES(EQ, SAME, ==)
      CASES(NE, SAME, !=)
      CASES(LT, HOLDS, <)
      CASES(LE, HOLDS, <=)
      CASES(GT, HOLDS, >)
      CASES(GE, HOLDS, >=)
      case NEGATE: r[a] = is_int(r[b]) && low(r[b]) && low(r[b]) != INT32_MIN ? from_int(-low(r[b])) : from_double(-number(r[b])); break;
      case NOT: r[a] = from_bool(!truthy(r[b])); break;
      case COMPLEMENT: r[a] = from_int(~(u32)integer(r[b])); break;
      case LENGTH: r[a] = kind(r[b]) == IS_STRING ? from_int(pointer(String, r[b])->length) : from_int(table(r[b])->count); break;
      case CONCAT: r[a] = concat(r[b], r[c]); break;
      case JUMP: pc += (u32)jump; break;
      case JUMP_TRUE: if (truthy(r[a])) pc += (u32)jump; break;
      case JUMP_FALSE: if (!truthy(r[a])) pc += (u32)jump; break;
      case FOR_BEGIN:
        if (HOLDS(r[a], r[a + 1], >=)) pc += (u32)jump + 1;
        break;
      case FOR_NEXT: {
        if (is_int(r[a]) && low(r[a]) != INT32_MAX) r[a] = from_int(low(r[a]) + 1);
        else r[a] = from_double(number(r[a]) + 1);
        if (HOLDS(r[a], r[a + 1], <)) pc += (u32)jump;
        break;
      }
      case NEW_TABLE: r[a] = new_table(); break;
      case APPEND: append(table(r[a]), r[b]); break;
      case GET: {
        Value v = r[b], i = r[c];
        if (kind(v) != IS_TABLE) fail();
        Table *t = pointer(Table, v);
        r[a] = is_int(i) && (u32)low(i) < t->count ? t->items[low(i)] : get(t, i);
        break;
      }
      case GET_I: r[a] = get(table(r[b]), from_int(c)); break;
      case GET_K: r[a] = get(table(r[b]), k[c]); break;
      case SET: {
        Value v = r[a], i = r[b];
        if (kind(v) != IS_TABLE) fail();
        Table *t = pointer(Table, v);
        if (is_int(i) && (u32)low(i) < t->count) t->items[low(i)] = r[c];
        else set(t, i, r[c]);
        break;
      }
      case SET_I: set(table(r[a]), from_int(b), r[c]); break;
      case SET_K: set(table(r[a]), k[b], r[c]); break;
      case CLOSURE: {
        Function *f = &functions[b];
        Closure *made = take(sizeof(Closure) + f->captured * sizeof(Cell *));
        made->function = f;
        for (u32 i = 0; i < f->captured; i++) {
          u32 from = f->capture[i];
          if (from >= 128) {
            made->cells[i] = closure->cells[from - 128];
          } else {
            // Captured variables are copied: closures here only read or own what they capture.
            Cell *own = take(sizeof(Cell));
            own->own = from == a ? TAG(IS_CLOSURE) | (u32)made : r[from];
            own->at = &own->own;
            made->cells[i] = own;
          }
        }
        r[a] = TAG(IS_CLOSURE) | (u32)made;
        break;
      }
      case CALL: case CALL_0: case CALL_1: case CALL_2: case CALL_3: {
        if (kind(r[a]) != IS_CLOSURE) fail();
        Closure *callee = pointer(Closure, r[a]);
        Function *f = callee->function;
        if (depth == 512 || base + a + 1 + f->registers > STACK_VALUES) fail();
        frames[depth++] = (Frame){closure, pc, base, c};
        base += a + 1;
        r = stack + base;
        for (u32 i = b; i < f->params; i++) r[i] = NIL;
        closure = callee;
        pc = f->code;
        k = constants + f->constants;
        break;
      }
      case RETURN: case RETURN_NIL: {
        Value result = (instruction & 255) == RETURN ? r[a] : NIL;
        if (depth == 0) return result;
        Frame *f = &frames[--depth];
        closure = f->closure;
        pc = f->pc;
        base = f->base;
        r = stack + base;
        k = constants + closure->function->constants;
        r[f->to] = result;
        break;
      }
      case CHAR_AT: {
        if (kind(r[b]) != IS_STRING) fail();
        String *s = pointer(String, r[b]);
        u32 i = (u32)integer(r[b + 1]);
        r[a] = i < s->length ? from_int(s->text[i]) : NIL;
        break;
      }
      case CHARACTER: {
        String *s = new_string(1);
        s->text[0] = (u8)integer(r[b]);
        r[a] = TAG(IS_STRING) | (u32)s;
        break;
      }
      case SUBSTRING: {
        if (kind(r[b]) != IS_STRING) fail();
        String *s = pointer(String, r[b]);
        u32 from = (u32)integer(r[b + 1]), to = (u32)integer(r[b + 2]);
        if (to > s->length) to = s->length;
        if (from > to) from = to;
        String *part = new_string(to - from);
        memcpy(part->text, s->text + from, to - from);
        r[a] = TAG(IS_STRING) | (u32)part;
        break;
      }
      case FLOOR: r[a] = small(__builtin_floor(number(r[b]))); break;
      case SQRT: r[a] = small(__builtin_sqrt(number(r[b]))); break;
      case MIN: r[a] = HOLDS(r[b], r[b + 1], <) ? r[b] : r[b + 1]; break;
      case MAX: r[a] = HOLDS(r[b], r[b + 1], <) ? r[b + 1] : r[b]; break;
      case TO_STRING: r[a] = to_string(r[b]); break;
      default: fail();
    }
  }
}

static const char program[] =
    "fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }\n"
    "fn sieve(n) { let marks = []; for i = 0, n { push(marks, true); } let count = 0;\n"
    "  for i = 2, n { if marks[i] { count = count + 1; let k = i * i; while k < n { marks[k] = false; k = k + i; } } }\n"
    "  return count; }\n"
    "fn words(n) { let text = ''; let seed = 7; for i = 0, n { seed = (seed * 69 + 5) % 8191;\n"
    "    text = text .. chr(97 + seed % 7) .. chr(97 + seed % 3); if seed % 4 == 0 { text = text .. ' '; } }\n"
    "  return text; }\n"
    "fn frequencies(text) { let counts = {}; let start = 0; let different = 0;\n"
    "  for i = 0, #text + 1 { let c = charat(text, i);\n"
    "    if c == 32 or c == nil { if i > start { let word = substr(text, start, i); let old = counts[word];\n"
    "        if old == nil { different = different + 1; old = 0; } counts[word] = old + 1; } start = i + 1; } }\n"
    "  counts.different = different; return counts; }\n"
    "fn sort(list, less) { fn part(low, high) { let i = low; let j = high; let middle = list[(low + high) // 2];\n"
    "    while i <= j { while less(list[i], middle) { i = i + 1; } while less(middle, list[j]) { j = j - 1; }\n"
    "      if i <= j { let t = list[i]; list[i] = list[j]; list[j] = t; i = i + 1; j = j - 1; } }\n"
    "    if low < j { part(low, j); } if i < high { part(i, high); } return nil; }\n"
    "  part(0, #list - 1); return list; }\n"
    "fn point(x, y) { return {x: x, y: y, add: fn(p, q) { return point(p.x + q.x, p.y + q.y); },\n"
    "    length: fn(p) { return sqrt(p.x * p.x + p.y * p.y); } }; }\n"
    "fn walk(n) { let p = point(0.5, 0); let step = point(1.25, 0.75); for i = 0, n { p = p.add(p, step); }\n"
    "  return floor(p.length(p) * 1000); }\n"
    "fn compose(f, g) { return fn(x) { return f(g(x)); }; }\n"
    "fn functions(n) { let double = fn(x) { return x * 2; }; let next = fn(x) { return x + 1; };\n"
    "  let both = compose(double, compose(next, double)); let sum = 0;\n"
    "  for i = 0, n { sum = sum + both(i) % 1000; } return sum; }\n"
    "fn checksum(text) { let h = 17; for i = 0, #text { h = (h ^ charat(text, i)) * 31 & 16777215; h = h ^ (h $ 7); } return h; }\n"
    "fn collatz(n) { let longest = 0; for i = 1, n { let x = i; let steps = 0;\n"
    "    while x != 1 { if x % 2 == 0 { x = x // 2; } else { x = x * 3 + 1; } steps = steps + 1; } longest = max(longest, steps); }\n"
    "  return longest; }\n"
    "fn matrix(n) { let a = []; for i = 0, n { let row = []; for j = 0, n { push(row, (i * 3 + j * 5) % 11 / 4); } push(a, row); }\n"
    "  let trace = 0; for i = 0, n { for j = 0, n { let s = 0; for k = 0, n { s = s + a[i][k] * a[k][j]; } if i == j { trace = trace + s; } } }\n"
    "  return floor(trace * 16); }\n"
    "fn main(seed) { let text = words(90); let list = []; let x = seed;\n"
    "  for i = 0, 300 { x = (x * 1103 + 12345) % 65521; push(list, x); }\n"
    "  sort(list, fn(a, b) { return a < b; }); let h = 0; for i = 0, #list { h = (h * 7 + list[i]) % 1000003; }\n"
    "  let names = ['pear', 'apple', 'fig', 'plum', 'cherry', 'date']; sort(names, fn(a, b) { return a > b; });\n"
    "  return h + fib(15) + sieve(1500) * 3 + frequencies(text).different + walk(150) + functions(400)\n"
    "    + checksum(text .. names[0] .. str(h)) + collatz(120) + matrix(12); }\n"
    "return main(start);\n";

static double run_program(u32 start) {
  arena_used = 0;
  code = take(4096 * sizeof(u32));
  constants = take(1024 * sizeof(Value));
  code_size = constant_count = function_count = global_count = name_count = 0;
  source = program;
  Scope outer;
  scope = NULL;
  begin_function(&outer);
  scope = &outer;
  Value start_name = intern("start", 5);
  globals[global(start_name)] = from_int(start);
  next();
  while (token != END) statement();
  Closure *closure = take(sizeof(Closure));
  closure->function = &functions[0];
  return number(execute(closure));
}

RUN {
  double sum = 0;
  for (i32 i = 0; i < n; i++) sum = sum * 0.5 + run_program((u32)i + 1);
  return sum;
}
