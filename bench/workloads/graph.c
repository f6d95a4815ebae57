// Graphs: shortest paths with a binary heap, breadth first search, union-find, a shuffled chase.
#include "bench.h"

#define NODES 4096u
#define EDGES 16384u

typedef struct { u32 to, weight, next; } Edge;

static Edge *edges;
static u32 *first, *distance, *heap, *place, *parent, heap_size;

static void swap(u32 i, u32 k) {
  u32 a = heap[i], b = heap[k];
  heap[i] = b;
  heap[k] = a;
  place[b] = i;
  place[a] = k;
}

static void up(u32 i) {
  for (; i && distance[heap[(i - 1) / 2]] > distance[heap[i]]; i = (i - 1) / 2) swap(i, (i - 1) / 2);
}

static void down(u32 i) {
  for (;;) {
    u32 least = i, l = 2 * i + 1, r = l + 1;
    if (l < heap_size && distance[heap[l]] < distance[heap[least]]) least = l;
    if (r < heap_size && distance[heap[r]] < distance[heap[least]]) least = r;
    if (least == i) return;
    swap(i, least);
    i = least;
  }
}

NOINLINE static u32 shortest(u32 from) {
  heap_size = 0;
  for (u32 v = 0; v < NODES; v++) { distance[v] = ~0u; place[v] = ~0u; }
  distance[from] = 0;
  heap[heap_size] = from;
  place[from] = heap_size++;
  u32 sum = 0;
  while (heap_size) {
    u32 v = heap[0];
    swap(0, --heap_size);
    down(0);
    sum = sum * 31 + distance[v];
    for (u32 e = first[v]; e != ~0u; e = edges[e].next) {
      u32 to = edges[e].to, d = distance[v] + edges[e].weight;
      if (d >= distance[to]) continue;
      distance[to] = d;
      if (place[to] == ~0u) { heap[heap_size] = to; place[to] = heap_size++; }
      up(place[to]);
    }
  }
  return sum;
}

NOINLINE static u32 levels(u32 from) {
  u32 *queue = heap, head = 0, tail = 0, sum = 0;
  for (u32 v = 0; v < NODES; v++) distance[v] = ~0u;
  distance[from] = 0;
  queue[tail++] = from;
  while (head < tail) {
    u32 v = queue[head++];
    sum += distance[v];
    for (u32 e = first[v]; e != ~0u; e = edges[e].next) {
      if (distance[edges[e].to] != ~0u) continue;
      distance[edges[e].to] = distance[v] + 1;
      queue[tail++] = edges[e].to;
    }
  }
  return sum;
}

static u32 root(u32 v) {
  while (parent[v] != v) v = parent[v] = parent[parent[v]];
  return v;
}

NOINLINE static u32 components(void) {
  u32 count = NODES;
  for (u32 v = 0; v < NODES; v++) parent[v] = v;
  for (u32 e = 0; e < EDGES; e += 5) {
    u32 a = root(edges[e].to), b = root(edges[EDGES - 1 - e].to);
    if (a != b) { parent[a] = b; count--; }
  }
  return count;
}

NOINLINE static u32 chase(u32 steps) {
  u32 at = 0;
  while (steps--) at = parent[at];
  return at;
}

RUN {
  u32 sum = 2166136261u;
  for (i32 round = 0; round < n; round++) {
    arena_used = 0;
    seed(91 + (u32)round);
    edges = take(EDGES * sizeof(Edge));
    first = take(NODES * 4);
    distance = take(NODES * 4);
    heap = take(NODES * 4 + 4);
    place = take(NODES * 4);
    parent = take(NODES * 4);
    for (u32 v = 0; v < NODES; v++) first[v] = ~0u;
    for (u32 e = 0; e < EDGES; e++) {
      u32 from = next_random() % NODES;
      edges[e] = (Edge){next_random() % NODES, 1 + next_random() % 100, first[from]};
      first[from] = e;
    }
    sum = mix(sum, shortest(0));
    sum = mix(sum, levels(1));
    sum = mix(sum, components());
    for (u32 v = 0; v < NODES; v++) parent[v] = v;
    for (u32 v = NODES; v-- > 1;) {
      u32 other = next_random() % v, t = parent[v];
      parent[v] = parent[other];
      parent[other] = t;
    }
    sum = mix(sum, chase(20000));
  }
  return sum;
}
