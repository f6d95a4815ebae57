package dev.cloister.engine.types;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TypeCanonicalizerTest {

  private final TypeCanonicalizer canonicalizer = new TypeCanonicalizer();

  private DefinedType single(boolean isFinal, CompositeType type) {
    RecGroup group = new RecGroup(1);
    group.define(0, isFinal, null, type);
    return canonicalizer.canonicalize(group).type(0);
  }

  /// A group of two structures that point to each other; the second has a field more.
  private RecGroup pair(StorageType extra) {
    RecGroup group = new RecGroup(2);
    FieldType toFirst = new FieldType(RefType.of(true, group.type(0)), true);
    FieldType toSecond = new FieldType(RefType.of(true, group.type(1)), true);
    group.define(0, true, null, new StructType(List.of(toSecond)));
    group.define(1, true, null, new StructType(List.of(toFirst, new FieldType(extra, true))));
    return canonicalizer.canonicalize(group);
  }

  @Test
  void equalTypes_areOneObject() {
    FuncType type = new FuncType(List.of(I32, F32), List.of(I32));
    DefinedType first = single(true, type);
    assertThat(single(true, new FuncType(List.of(I32, F32), List.of(I32)))).isSameAs(first);
    assertThat(single(false, type)).isNotSameAs(first);
    assertThat(single(true, new FuncType(List.of(F32, I32), List.of(I32)))).isNotSameAs(first);
    assertThat(single(true, new FuncType(List.of(I32), List.of(F32, I32)))).isNotSameAs(first);
  }

  @Test
  void equalGroups_areOneObject() {
    RecGroup first = pair(I32);
    assertThat(pair(I32)).isSameAs(first);
    assertThat(pair(F32)).isNotSameAs(first);
    assertThat(pair(PackedType.I8)).isNotSameAs(first);
    assertThat(pair(RefType.ANYREF)).isNotSameAs(pair(RefType.of(false, AbstractHeapType.ANY)));
  }

  @Test
  void groups_thatMentionEqualTypes_areEqual() {
    CompositeType small = new StructType(List.of());
    CompositeType first = new ArrayType(new FieldType(RefType.of(true, single(true, small)), true));
    CompositeType again = new ArrayType(new FieldType(RefType.of(true, single(true, small)), true));
    CompositeType other =
        new ArrayType(new FieldType(RefType.of(true, single(false, small)), true));
    assertThat(single(true, first)).isSameAs(single(true, again));
    assertThat(single(true, first)).isNotSameAs(single(true, other));
  }

  @Test
  void ids_ofLiveTypes_areDistinct() {
    Set<Integer> ids = new HashSet<>();
    RecGroup group = pair(I32);
    DefinedType single = single(true, FuncType.EMPTY);
    ids.add(group.type(0).id());
    ids.add(group.type(1).id());
    ids.add(single.id());
    assertThat(ids).hasSize(3);
  }

  @Test
  void supertypes_areFoundAtAnyDepth() {
    RecGroup group = new RecGroup(4);
    for (int i = 0; i < 3; i++) {
      group.define(i, false, i == 0 ? null : group.type(i - 1), FuncType.EMPTY);
    }
    group.define(3, false, group.type(0), FuncType.EMPTY);
    RecGroup canonical = canonicalizer.canonicalize(group);
    for (int i = 0; i < 3; i++) {
      assertThat(canonical.type(i).depth()).isEqualTo(i);
      for (int j = 0; j < 3; j++) {
        assertThat(canonical.type(i).isSubtypeOf(canonical.type(j))).isEqualTo(i >= j);
      }
    }
    assertThat(canonical.type(3).isSubtypeOf(canonical.type(0))).isTrue();
    assertThat(canonical.type(3).isSubtypeOf(canonical.type(1))).isFalse();
    assertThat(canonical.type(2).isSubtypeOf(canonical.type(3))).isFalse();
  }

  @Test
  void deadTypes_areForgotten() throws InterruptedException {
    DefinedType kept = single(true, FuncType.EMPTY);
    for (int i = 1; i < 200; i++) {
      single(
          true,
          new FuncType(List.copyOf(IntStream.range(0, i).mapToObj(_ -> I32).toList()), List.of()));
    }
    for (int i = 0; i < 100 && canonicalizer.typeCount() > 1; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(canonicalizer.typeCount()).isEqualTo(1);
    assertThat(single(true, FuncType.EMPTY)).isSameAs(kept);
    // An id that is free again never belongs to two live types.
    DefinedType fresh = single(false, FuncType.EMPTY);
    assertThat(fresh.id()).isNotEqualTo(kept.id());
  }

  @Test
  void manyThreads_getTheSameObjects() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<DefinedType>> results =
          threads.invokeAll(
              IntStream.range(0, 64)
                  .mapToObj(_ ->
                      (java.util.concurrent.Callable<DefinedType>)
                          () -> single(true, new FuncType(List.of(F32), List.of())))
                  .toList());
      DefinedType first = results.getFirst().get();
      for (Future<DefinedType> result : results) {
        assertThat(result.get()).isSameAs(first);
      }
    }
  }
}
