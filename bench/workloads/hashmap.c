// Hash maps: open addressing with integer keys and deletion, and chains with string keys.
#include "bench.h"

#define SLOTS 16384u
#define FREE 0u
#define GONE 1u

typedef struct { u32 key; u32 value; } Slot;

static Slot *slots;

static inline u32 spread(u32 key) {
  key ^= key >> 16;
  key *= 0x7feb352du;
  key ^= key >> 15;
  key *= 0x846ca68bu;
  return key ^ (key >> 16);
}

NOINLINE static Slot *find(u32 key) {
  u32 at = spread(key) & (SLOTS - 1);
  while (slots[at].key != FREE && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
  return slots[at].key == key ? &slots[at] : 0;
}

NOINLINE static void add(u32 key, u32 value) {
  u32 at = spread(key) & (SLOTS - 1);
  while (slots[at].key > GONE && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
  slots[at].value = slots[at].key == key ? slots[at].value + value : value;
  slots[at].key = key;
}

typedef struct Entry { struct Entry *next; u32 hash; u32 length; u32 count; u8 text[]; } Entry;

#define BUCKETS 1024u
static Entry **buckets;

NOINLINE static Entry *intern(const u8 *text, u32 length) {
  u32 hash = 2166136261u;
  for (u32 i = 0; i < length; i++) hash = mix(hash, text[i]);
  for (Entry *e = buckets[hash % BUCKETS]; e; e = e->next) {
    if (e->hash != hash || e->length != length) continue;
    u32 i = 0;
    while (i < length && e->text[i] == text[i]) i++;
    if (i == length) return e;
  }
  Entry *made = take(sizeof(Entry) + length);
  made->next = buckets[hash % BUCKETS];
  made->hash = hash;
  made->length = length;
  made->count = 0;
  for (u32 i = 0; i < length; i++) made->text[i] = text[i];
  return buckets[hash % BUCKETS] = made;
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(12345 + (u32)round);
    slots = take(SLOTS * sizeof(Slot));
    memset(slots, 0, SLOTS * sizeof(Slot));
    for (u32 i = 0; i < 9000; i++) add(2 + (next_random() & 0x1fff), i);
    for (u32 i = 0; i < 4000; i++) {
      Slot *slot = find(2 + (next_random() & 0x3fff));
      if (!slot) continue;
      sum = mix(sum, slot->value);
      if (i & 1) slot->key = GONE;
    }
    buckets = take(BUCKETS * sizeof(Entry *));
    memset(buckets, 0, BUCKETS * sizeof(Entry *));
    u8 word[12];
    for (u32 i = 0; i < 6000; i++) {
      u32 value = next_random() % 1500, length = 0;
      word[length++] = 'k';
      do word[length++] = (u8)('a' + value % 16); while ((value /= 16) != 0);
      sum = mix(sum, ++intern(word, length)->count);
    }
  }
  return sum;
}
