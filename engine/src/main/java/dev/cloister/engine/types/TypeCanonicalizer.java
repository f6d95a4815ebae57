package dev.cloister.engine.types;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The table of all recursion groups in use, which makes equal types the same object (Spec 3.1.4,
/// V8 `canonical-types`). One for the whole process, since functions and objects travel between
/// modules and isolates. Any thread may use it.
///
/// Groups are held weakly: one goes when the last module, instance or host function that uses its
/// types is gone, and its ids are used again.
public final class TypeCanonicalizer {

  /*
   * A group is looked up by its shape: a list of ints that describes the definitions of all
   * members. A mentioned type that belongs to the same group is written as its index in the group,
   * another one, which is canonical already, as its id. Equal shapes are equal types by the rule of
   * the specification (unrolling is never needed).
   *
   * Ids are used again, so a shape may come to mention another type than the one it was made for.
   * That is harmless: a group holds on to the types it mentions, and the collector clears the weak
   * references to objects that die together at once. When an id is free, the references to all
   * groups whose shapes mention it are cleared, and a cleared entry is as good as none.
   */

  private static final TypeCanonicalizer SHARED = new TypeCanonicalizer();

  private final ReentrantLock lock = new ReentrantLock();
  // All below guarded by lock.
  private final Map<Shape, Entry> groups = new HashMap<>();
  private final ReferenceQueue<RecGroup> dead = new ReferenceQueue<>();
  private final IdRanges ids = new IdRanges();
  private long liveTypes;

  TypeCanonicalizer() {}

  /// Returns the canonicalizer of this process.
  public static TypeCanonicalizer shared() {
    return SHARED;
  }

  /// Returns the canonical group for `group`, whose members must all be defined: a known equal one,
  /// or `group` itself.
  public RecGroup canonicalize(RecGroup group) {
    Shape shape = Shape.of(group);
    lock.lock();
    try {
      removeDead();
      Entry entry = groups.get(shape);
      RecGroup known = entry == null ? null : entry.get();
      if (known != null) {
        return known;
      }
      group.seal();
      group.makeCanonical(ids.take(group.size()));
      groups.remove(shape); // The key of a dead entry must not stay.
      groups.put(shape, new Entry(group, shape, dead));
      liveTypes += group.size();
      return group;
    } finally {
      lock.unlock();
    }
  }

  /// Returns the number of types in use, as far as the collector has told.
  public long typeCount() {
    lock.lock();
    try {
      removeDead();
      return liveTypes;
    } finally {
      lock.unlock();
    }
  }

  private void removeDead() {
    Reference<? extends RecGroup> reference;
    while ((reference = dead.poll()) != null) {
      Entry entry = (Entry) reference;
      groups.remove(entry.shape, entry);
      liveTypes -= entry.size;
      ids.giveBack(entry.firstId, entry.size);
    }
  }

  /// A group in the table.
  private static final class Entry extends WeakReference<RecGroup> {
    final Shape shape;
    final int firstId;
    final int size;

    Entry(RecGroup group, Shape shape, ReferenceQueue<RecGroup> queue) {
      super(group, queue);
      this.shape = shape;
      this.firstId = group.firstId();
      this.size = group.size();
    }
  }

  /// What identifies a group.
  private static final class Shape {
    // No value type, abstract heap type or kind of defined type has the number of another one.
    private static final int MEMBER = 0;
    private static final int OTHER = 1;
    private static final int REF = 2;
    private static final int REF_NULL = 3;

    // Differ from process to process: all tenants share the table, and none shall be able to make
    // types that collide in it.
    private static final long SEED = new SecureRandom().nextLong();
    private static final long MULTIPLIER = new SecureRandom().nextLong() | 1;

    private int[] words = new int[16];
    private int size;
    private int hash;

    static Shape of(RecGroup group) {
      Shape shape = new Shape();
      for (int i = 0; i < group.size(); i++) {
        shape.addMember(group, group.type(i));
      }
      shape.words = Arrays.copyOf(shape.words, shape.size);
      shape.hash = hash(shape.words);
      return shape;
    }

    private static int hash(int[] words) {
      long hash = SEED;
      for (int word : words) {
        hash = Long.rotateLeft(hash ^ (word * MULTIPLIER), 29) * MULTIPLIER;
      }
      return (int) (hash ^ (hash >>> 32));
    }

    private void addMember(RecGroup group, DefinedType type) {
      add(type.isFinal() ? 1 : 0);
      DefinedType supertype = type.supertype();
      if (supertype == null) {
        add(-1);
      } else {
        addDefined(group, supertype);
      }
      switch (type.composite()) {
        case FuncType function -> {
          add(0);
          addAll(group, function.params());
          addAll(group, function.results());
        }
        case StructType struct -> {
          add(1);
          add(struct.fields().size());
          for (FieldType field : struct.fields()) {
            addField(group, field);
          }
        }
        case ArrayType array -> {
          add(2);
          addField(group, array.field());
        }
      }
    }

    private void addAll(RecGroup group, List<ValueType> types) {
      add(types.size());
      for (int i = 0; i < types.size(); i++) {
        addStorage(group, types.get(i));
      }
    }

    private void addField(RecGroup group, FieldType field) {
      add(field.mutable() ? 1 : 0);
      addStorage(group, field.storage());
    }

    private void addStorage(RecGroup group, StorageType type) {
      switch (type) {
        case NumType number -> add(number.code());
        case VecType vector -> add(vector.code());
        case PackedType packed -> add(packed.code());
        case RefType reference -> {
          switch (reference.heapType()) {
            case AbstractHeapType heap -> add(reference.nullable() ? REF_NULL : REF, heap.code());
            case DefinedType heap -> {
              add(reference.nullable() ? REF_NULL : REF);
              addDefined(group, heap);
            }
          }
        }
      }
    }

    private void addDefined(RecGroup group, DefinedType type) {
      if (type.group == group) {
        add(MEMBER, type.indexInGroup);
      } else {
        add(OTHER, type.id());
      }
    }

    private void add(int first, int second) {
      add(first);
      add(second);
    }

    private void add(int word) {
      if (size == words.length) {
        words = Arrays.copyOf(words, size * 2);
      }
      words[size++] = word;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Shape shape && Arrays.equals(words, shape.words);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
