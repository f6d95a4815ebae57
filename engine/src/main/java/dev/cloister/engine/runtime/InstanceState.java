package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.StructType;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The mutable state of an instance, for who copies it away and sets it again: what the public
/// methods of its parts do not show. On the thread that runs the store.
public final class InstanceState {
  private final Instance instance;

  /// The references that the instance has made, by identity; made when one is asked for.
  private @Nullable IdentityHashMap<FuncRef, Integer> functions;

  /// The state of an instance.
  public InstanceState(Instance instance) {
    this.instance = instance;
  }

  /// {@return the instance}
  public Instance instance() {
    return instance;
  }

  /// {@return the module}
  public WasmModule module() {
    return instance.module();
  }

  /// {@return why the instance is not all that its store has, in words, or null if it is} What is
  /// known to other instances cannot be told from here alone.
  public @Nullable String entanglement() {
    return instance.store.entanglementOf(instance);
  }

  /// {@return the module's types by index}
  public DefinedType[] types() {
    return instance.linkage().types();
  }

  /// {@return whether an element segment is empty, as it is when it was dropped}
  public boolean isElementSegmentEmpty(int index) {
    @Nullable Object[] segment = instance.knownElementSegment(index);
    return segment != null && segment.length == 0;
  }

  /// {@return the values of an element segment, or null if they still follow from the module}
  public @Nullable Object @Nullable [] elementSegment(int index) {
    return instance.knownElementSegment(index);
  }

  /// Sets the values of an element segment, each of its type.
  public void setElementSegment(int index, @Nullable Object[] values) {
    instance.setElementSegment(index, values);
  }

  /// {@return whether a data segment was dropped}
  public boolean isDataDropped(int index) {
    return instance.isDataDropped(index);
  }

  /// Drops a data segment.
  public void dropData(int index) {
    Instance.dropData(instance, index);
  }

  /// {@return the index of a function that the instance imports or has, or -1}
  public int functionIndex(FuncRef reference) {
    IdentityHashMap<FuncRef, Integer> known = functions;
    if (known == null) {
      known = new IdentityHashMap<>();
      instance.collectReferences(known);
      functions = known;
    }
    return known.getOrDefault(reference, -1);
  }

  /// {@return a function of the index space}
  ///
  /// @throws IllegalArgumentException if there is none, or no reference to it can be made
  public FuncRef function(int index) {
    if (index < 0 || index >= module().functionCount()) {
      throw new IllegalArgumentException("there is no function " + index);
    }
    return instance.reference(index);
  }

  /// {@return the index of a tag, or -1 if it is of another instance}
  public int tagIndex(Tag tag) {
    Tag[] tags = instance.tags();
    for (int i = 0; i < tags.length; i++) {
      if (tags[i] == tag) {
        return i;
      }
    }
    return -1;
  }

  /// {@return a tag}
  ///
  /// @throws IndexOutOfBoundsException if there is none
  public Tag tag(int index) {
    return instance.tags()[index];
  }

  /// {@return a structure whose fields are zero and null, until they are set}
  ///
  /// @param typeIndex that of a structure type of the module
  public WasmStruct newStruct(int typeIndex) {
    return instance.linkage().newStruct(typeIndex, instance.gcHeap);
  }

  /// {@return an array whose elements are zero and null, until they are set}
  ///
  /// @param type an array type
  public WasmArray newArray(DefinedType type, int length) {
    return WasmArray.create(type, length, instance);
  }

  /// {@return an exception whose values are null, until they are set}
  public ThrownException newException(int tagIndex) {
    return ThrownException.blank(instance.store, tag(tagIndex));
  }

  /// {@return an integer of 31 bits}
  public I31 i31(int value) {
    return I31.of(value, instance.gcHeap);
  }

  /// Sets all fields of a new structure.
  ///
  /// @param values as many as it has fields, each of its type
  public void setFields(WasmStruct struct, @Nullable Object[] values) {
    int fields = ((StructType) struct.type().composite()).fields().size();
    Objects.checkFromToIndex(fields, values.length, values.length);
    struct.write(values);
  }

  /// Sets an element of a new array.
  ///
  /// @param value of the elements' type
  public void setElement(WasmArray array, int index, @Nullable Object value) {
    array.set(Objects.checkIndex(index, array.length), value);
  }

  /// Sets the values of a new exception.
  ///
  /// @param values as many as its tag says, each of its type
  public void setValues(ThrownException exception, List<@Nullable Object> values) {
    exception.fill(values);
  }
}
