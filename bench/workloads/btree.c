// An ordered map as a B-tree: inserts with splits, lookups, walks over ranges, replaced values.
#include "bench.h"

#define ORDER 16u
#define KEYS 6000u

// Of KEYS < 2 * ORDER; children of leaves are null.
typedef struct Node {
  u32 count;
  u32 keys[2 * ORDER - 1];
  u32 values[2 * ORDER - 1];
  struct Node *children[2 * ORDER];
} Node;

static Node *new_node(void) {
  Node *node = take(sizeof(Node));
  node->count = 0;
  node->children[0] = 0;
  return node;
}

// The place of the first key that is not below.
static inline u32 place(const Node *node, u32 key) {
  u32 low = 0, high = node->count;
  while (low < high) {
    u32 middle = (low + high) / 2;
    if (node->keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

NOINLINE static void split_child(Node *parent, u32 at) {
  Node *full = parent->children[at], *right = new_node();
  right->count = ORDER - 1;
  for (u32 i = 0; i < ORDER - 1; i++) {
    right->keys[i] = full->keys[i + ORDER];
    right->values[i] = full->values[i + ORDER];
  }
  if (full->children[0])
    for (u32 i = 0; i < ORDER; i++) right->children[i] = full->children[i + ORDER];
  full->count = ORDER - 1;
  for (u32 i = parent->count; i > at; i--) {
    parent->keys[i] = parent->keys[i - 1];
    parent->values[i] = parent->values[i - 1];
    parent->children[i + 1] = parent->children[i];
  }
  parent->keys[at] = full->keys[ORDER - 1];
  parent->values[at] = full->values[ORDER - 1];
  parent->children[at + 1] = right;
  parent->count++;
}

NOINLINE static void insert(Node **root, u32 key, u32 value) {
  if ((*root)->count == 2 * ORDER - 1) {
    Node *above = new_node();
    above->children[0] = *root;
    split_child(above, 0);
    *root = above;
  }
  for (Node *node = *root;;) {
    u32 at = place(node, key);
    if (at < node->count && node->keys[at] == key) {
      node->values[at] += value;
      return;
    }
    if (!node->children[0]) {
      for (u32 i = node->count; i > at; i--) {
        node->keys[i] = node->keys[i - 1];
        node->values[i] = node->values[i - 1];
      }
      node->keys[at] = key;
      node->values[at] = value;
      node->count++;
      return;
    }
    if (node->children[at]->count == 2 * ORDER - 1) {
      split_child(node, at);
      if (node->keys[at] == key) {
        node->values[at] += value;
        return;
      }
      if (node->keys[at] < key) at++;
    }
    node = node->children[at];
  }
}

NOINLINE static u32 *find(Node *node, u32 key) {
  for (; node; node = node->children[0] ? node->children[place(node, key)] : 0) {
    u32 at = place(node, key);
    if (at < node->count && node->keys[at] == key) return &node->values[at];
  }
  return 0;
}

// All from `low` to below `high`, in order.
static u32 walk(const Node *node, u32 low, u32 high, u32 hash) {
  for (u32 i = place(node, low); i <= node->count; i++) {
    if (node->children[0]) hash = walk(node->children[i], low, high, hash);
    if (i == node->count || node->keys[i] >= high) break;
    hash = mix(hash, node->keys[i] ^ node->values[i]);
  }
  return hash;
}

RUN {
  u32 hash = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(4711 + (u32)round);
    Node *root = new_node();
    for (u32 i = 0; i < KEYS; i++) insert(&root, next_random() % (8 * KEYS), i);
    u32 found = 0;
    for (u32 i = 0; i < 2 * KEYS; i++) {
      u32 *value = find(root, next_random() % (8 * KEYS));
      if (value) found += ++*value;
    }
    hash = mix(hash, found);
    for (u32 i = 0; i < 40; i++) {
      u32 low = next_random() % (8 * KEYS);
      hash = walk(root, low, low + 800, hash);
    }
  }
  return hash;
}
