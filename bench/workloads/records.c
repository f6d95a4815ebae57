// Sorting records by several keys: merge sort through a comparison function, heap sort of pointers.
#include "bench.h"

typedef struct { u32 group; float score; u8 name[8]; u32 id; } Record;
typedef int Compare(const Record *, const Record *);

static int by_name(const Record *a, const Record *b) {
  for (u32 i = 0; i < 8; i++) {
    if (a->name[i] != b->name[i]) return a->name[i] < b->name[i] ? -1 : 1;
  }
  return a->id < b->id ? -1 : a->id > b->id;
}

static int by_group_and_score(const Record *a, const Record *b) {
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->score != b->score) return a->score < b->score ? -1 : 1;
  return by_name(a, b);
}

static int by_id(const Record *a, const Record *b) { return a->id < b->id ? -1 : a->id > b->id; }

NOINLINE static void merge_sort(Record *a, Record *spare, u32 count, Compare *compare) {
  if (count <= 8) {
    for (u32 i = 1; i < count; i++) {
      Record r = a[i];
      u32 k = i;
      for (; k > 0 && compare(&a[k - 1], &r) > 0; k--) a[k] = a[k - 1];
      a[k] = r;
    }
    return;
  }
  u32 half = count / 2;
  merge_sort(a, spare, half, compare);
  merge_sort(a + half, spare + half, count - half, compare);
  memcpy(spare, a, half * sizeof(Record));
  u32 i = 0, k = half, at = 0;
  while (i < half && k < count) a[at++] = compare(&a[k], &spare[i]) < 0 ? a[k++] : spare[i++];
  while (i < half) a[at++] = spare[i++];
}

NOINLINE static void sift(Record **heap, u32 at, u32 count, Compare *compare) {
  Record *moved = heap[at];
  for (u32 child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && compare(heap[child], heap[child + 1]) < 0) child++;
    if (compare(moved, heap[child]) >= 0) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

NOINLINE static void heap_sort(Record **a, u32 count, Compare *compare) {
  for (u32 i = count / 2; i-- > 0;) sift(a, i, count, compare);
  for (u32 end = count; end-- > 1;) {
    Record *top = a[0];
    a[0] = a[end];
    a[end] = top;
    sift(a, 0, end, compare);
  }
}

RUN {
  static Compare *const orders[] = {by_name, by_group_and_score, by_id};
  const u32 count = 6000;
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(5 + (u32)round);
    Record *records = take(count * sizeof(Record)), *spare = take(count * sizeof(Record));
    Record **pointers = take(count * sizeof(Record *));
    for (u32 i = 0; i < count; i++) {
      u32 r = next_random();
      records[i] = (Record){.group = r & 31, .score = (float)(r >> 8 & 255) / 4, .id = r};
      for (u32 k = 0; k < 8; k++) records[i].name[k] = (u8)('a' + (next_random() & 3));
    }
    for (u32 order = 0; order < 3; order++) {
      merge_sort(records, spare, count, orders[order]);
      for (u32 i = 0; i < count; i += 17) sum = mix(sum, records[i].id);
    }
    for (u32 i = 0; i < count; i++) pointers[i] = &records[i];
    heap_sort(pointers, count, by_group_and_score);
    for (u32 i = 0; i < count; i += 17) sum = mix(sum, pointers[i]->id);
  }
  return sum;
}
