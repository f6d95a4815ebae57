// Parsing: a JSON document into a tree, a walk over the tree, and text again.
#include "bench.h"

typedef enum { NIL, NO, YES, NUMBER, STRING, LIST, MAP } Kind;

typedef struct Value {
  Kind kind;
  u32 length;
  double number;
  const u8 *text;
  struct Value *first, *next;
  const u8 *name;
  u32 name_length;
} Value;

static const u8 *in;
static u8 *out;

static void put(const char *s) { while (*s) *out++ = (u8)*s++; }

static void put_number(u32 v) {
  u8 digits[10];
  u32 count = 0;
  do digits[count++] = (u8)('0' + v % 10); while ((v /= 10) != 0);
  while (count) *out++ = digits[--count];
}

static void skip_space(void) { while (*in == ' ' || *in == '\n' || *in == '\t') in++; }

static u32 read_string(const u8 **text) {
  u8 *to = take(64);
  *text = to;
  in++;
  while (*in != '"') {
    u8 c = *in++;
    if (c == '\\') {
      c = *in++;
      if (c == 'n') c = '\n';
      else if (c == 't') c = '\t';
    }
    *to++ = c;
  }
  in++;
  return (u32)(to - *text);
}

static double read_number(void) {
  double value = 0, scale = 1;
  int negative = *in == '-';
  if (negative) in++;
  while (*in >= '0' && *in <= '9') value = value * 10 + (*in++ - '0');
  if (*in == '.') {
    in++;
    while (*in >= '0' && *in <= '9') {
      value = value * 10 + (*in++ - '0');
      scale *= 10;
    }
  }
  return (negative ? -value : value) / scale;
}

NOINLINE static Value *parse(void) {
  Value *v = take(sizeof(Value));
  *v = (Value){0};
  skip_space();
  switch (*in) {
    case 'n': v->kind = NIL; in += 4; break;
    case 't': v->kind = YES; in += 4; break;
    case 'f': v->kind = NO; in += 5; break;
    case '"': v->kind = STRING; v->length = read_string(&v->text); break;
    case '[':
    case '{': {
      u8 end = *in == '[' ? ']' : '}';
      v->kind = *in++ == '[' ? LIST : MAP;
      Value **last = &v->first;
      skip_space();
      while (*in != end) {
        const u8 *name = 0;
        u32 name_length = 0;
        if (v->kind == MAP) {
          skip_space();
          name_length = read_string(&name);
          skip_space();
          in++;
        }
        Value *item = parse();
        item->name = name;
        item->name_length = name_length;
        *last = item;
        last = &item->next;
        v->length++;
        skip_space();
        if (*in == ',') in++;
        skip_space();
      }
      in++;
      break;
    }
    default: v->kind = NUMBER; v->number = read_number();
  }
  return v;
}

static void put_quoted(const u8 *text, u32 length) {
  *out++ = '"';
  for (u32 i = 0; i < length; i++) {
    if (text[i] == '\n') put("\\n");
    else if (text[i] == '"' || text[i] == '\\') { *out++ = '\\'; *out++ = text[i]; }
    else *out++ = text[i];
  }
  *out++ = '"';
}

NOINLINE static void print(const Value *v) {
  switch (v->kind) {
    case NIL: put("null"); break;
    case NO: put("false"); break;
    case YES: put("true"); break;
    case NUMBER: {
      double d = v->number;
      if (d < 0) { *out++ = '-'; d = -d; }
      put_number((u32)d);
      *out++ = '.';
      put_number((u32)((d - (double)(u32)d) * 1000));
      break;
    }
    case STRING: put_quoted(v->text, v->length); break;
    case LIST:
    case MAP:
      *out++ = v->kind == LIST ? '[' : '{';
      for (const Value *item = v->first; item; item = item->next) {
        if (item != v->first) *out++ = ',';
        if (v->kind == MAP) { put_quoted(item->name, item->name_length); *out++ = ':'; }
        print(item);
      }
      *out++ = v->kind == LIST ? ']' : '}';
  }
}

static double total(const Value *v) {
  double sum = v->kind == NUMBER ? v->number : v->kind;
  for (const Value *item = v->first; item; item = item->next) sum += total(item);
  return sum;
}

static void write_document(u32 records) {
  put("{\"version\": 3, \"items\": [\n");
  for (u32 i = 0; i < records; i++) {
    if (i) put(",\n");
    put("  {\"id\": "); put_number(i);
    put(", \"name\": \"item \\\"number\\\" "); put_number(next_random() % 1000);
    put("\", \"price\": -"); put_number(next_random() % 10000);
    put("."); put_number(100 + next_random() % 900);
    put(", \"tags\": [\"new\", \"line\\nbreak\", null, true, false, [1, 2, [3]]], \"size\": {\"w\": ");
    put_number(next_random() % 100); put(", \"h\": 7.5}}");
  }
  put("]}");
}

RUN {
  u32 sum = 2166136261u;
  double numbers = 0;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(99 + (u32)round);
    u8 *document = take(1 << 16), *printed = take(1 << 16);
    out = document;
    write_document(250);
    *out = 0;
    in = document;
    Value *root = parse();
    numbers += total(root);
    out = printed;
    print(root);
    for (const u8 *p = printed; p < out; p++) sum = mix(sum, *p);
  }
  return sum + numbers;
}
