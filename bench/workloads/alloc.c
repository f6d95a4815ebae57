// An allocator under load: free lists by size with coalescing blocks, trees built and torn down,
// and blocks that live for a while and grow.
#include "bench.h"

#define HEAP (2u << 20)

// A block: size in bytes with bit 0 for "in use", the size of the block before, then the payload,
// which of a free block holds the links of its list.
typedef struct Block { u32 size, before; struct Block *next, *last; } Block;

#define HEADER 8u
#define LISTS 20

static Block *lists[LISTS];
static u8 *heap;

static inline u32 class_of(u32 size) { return 31 - (u32)__builtin_clz(size >> 4); }
static inline Block *after(Block *b) { return (Block *)((u8 *)b + (b->size & ~1u)); }

static void list(Block *b) {
  u32 c = class_of(b->size);
  b->last = 0;
  b->next = lists[c];
  if (lists[c]) lists[c]->last = b;
  lists[c] = b;
}

static void unlist(Block *b) {
  if (b->next) b->next->last = b->last;
  if (b->last) b->last->next = b->next;
  else lists[class_of(b->size)] = b->next;
}

NOINLINE static void *allocate(u32 bytes) {
  u32 size = (bytes + HEADER + 15) & ~15u;
  for (u32 c = class_of(size); c < LISTS; c++) {
    for (Block *b = lists[c]; b; b = b->next) {
      if (b->size < size) continue;
      unlist(b);
      if (b->size - size >= 32) {
        Block *rest = (Block *)((u8 *)b + size);
        rest->size = b->size - size;
        rest->before = size;
        after(rest)->before = rest->size;
        list(rest);
        b->size = size;
      }
      b->size |= 1;
      return (u8 *)b + HEADER;
    }
  }
  __builtin_trap();
}

NOINLINE static void release(void *p) {
  if (!p) return;
  Block *b = (Block *)((u8 *)p - HEADER);
  b->size &= ~1u;
  Block *behind = after(b);
  if (!(behind->size & 1)) {
    unlist(behind);
    b->size += behind->size;
  }
  if (b->before) {
    Block *front = (Block *)((u8 *)b - b->before);
    if (!(front->size & 1)) {
      unlist(front);
      front->size += b->size;
      b = front;
    }
  }
  after(b)->before = b->size;
  list(b);
}

static void start(void) {
  heap = take(HEAP);
  for (u32 i = 0; i < LISTS; i++) lists[i] = 0;
  Block *all = (Block *)heap, *end = (Block *)(heap + HEAP - 16);
  all->size = HEAP - 16;
  all->before = 0;
  end->size = 17;
  end->before = all->size;
  list(all);
}

typedef struct Tree { struct Tree *left, *right; u32 value; } Tree;

NOINLINE static Tree *build(u32 depth) {
  Tree *t = allocate(sizeof(Tree));
  t->value = next_random();
  t->left = depth ? build(depth - 1) : 0;
  t->right = depth ? build(depth - 1) : 0;
  return t;
}

NOINLINE static u32 tear(Tree *t) {
  u32 sum = t->value;
  if (t->left) sum = sum * 31 + tear(t->left);
  if (t->right) sum = sum * 31 + tear(t->right);
  release(t);
  return sum;
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(61 + (u32)round);
    start();
    Tree *kept = build(10);
    for (u32 i = 0; i < 12; i++) sum = mix(sum, tear(build(7)));
    static u32 *blocks[512];
    static u32 sizes[512];
    for (u32 i = 0; i < 512; i++) blocks[i] = 0;
    for (u32 i = 0; i < 12000; i++) {
      u32 r = next_random(), at = r & 511;
      if (blocks[at] && (r & 1024)) {
        u32 words = sizes[at] + (r >> 12 & 15);
        u32 *larger = allocate(words * 4);
        for (u32 k = 0; k < sizes[at]; k++) larger[k] = blocks[at][k];
        for (u32 k = sizes[at]; k < words; k++) larger[k] = r;
        release(blocks[at]);
        blocks[at] = larger;
        sizes[at] = words;
      } else {
        if (blocks[at]) sum = mix(sum, blocks[at][sizes[at] - 1]);
        release(blocks[at]);
        sizes[at] = 1 + (r >> 12 & 63);
        blocks[at] = allocate(sizes[at] * 4);
        blocks[at][sizes[at] - 1] = r;
      }
    }
    sum = mix(sum, tear(kept));
  }
  return sum;
}
