package dev.cloister.engine.debug;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.DebugFrame;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A frame of a paused guest: where it is, and what it and its instance have.
///
/// Values are boxed as calls of functions have them: `Integer`, `Long`, `Float`, `Double`,
/// [dev.cloister.engine.runtime.V128], references as the object itself or null. Whatever is written
/// is checked against its type first. Safe to use by any thread while the guest pauses.
public final class PausedFrame {
  /// The most bytes that are read or written, and elements that are read, at once.
  public static final int MAX_BYTES = 1 << 20;

  private final PausedGuest guest;
  private final DebugFrame frame;
  private final int index;

  PausedFrame(PausedGuest guest, DebugFrame frame, int index) {
    this.guest = guest;
    this.frame = frame;
    this.index = index;
  }

  /// {@return the guest}
  public PausedGuest guest() {
    return guest;
  }

  /// {@return its number, the innermost frame's being 0}
  public int index() {
    return index;
  }

  /// {@return the module whose code runs}
  public DebugModule module() {
    return guest.debugger().moduleOf(access(() -> instance().module()));
  }

  /// {@return the index of the function in its module}
  public int functionIndex() {
    return access(frame::functionIndex);
  }

  /// {@return the name of the function, or null if it has none}
  public @Nullable String functionName() {
    return wasmModule().functionName(functionIndex());
  }

  /// {@return module offset of the instruction that is next or, in the frame of a caller, calls}
  public int offset() {
    return access(frame::offset);
  }

  // Locals and operands.

  /// {@return the number of locals, parameters among them}
  public int localCount() {
    return access(frame::localCount);
  }

  /// {@return the type that a local was declared with}
  ///
  /// @throws IndexOutOfBoundsException if there is no such local
  public ValueType localType(int local) {
    return wasmModule().localType(functionIndex(), local);
  }

  /// {@return a local}
  ///
  /// @throws IndexOutOfBoundsException if there is no such local
  public @Nullable Object local(int local) {
    return read(() -> frame.local(Objects.checkIndex(local, frame.localCount())));
  }

  /// Replaces a local.
  ///
  /// @throws IndexOutOfBoundsException if there is no such local
  /// @throws IllegalArgumentException if the value is not of the local's type
  public void setLocal(int local, @Nullable Object value) {
    change(() -> frame.setLocal(local, value));
  }

  /// {@return the number of operands; in the frame of a caller the arguments of its call are still
  /// there}
  public int operandCount() {
    return access(frame::operandCount);
  }

  /// {@return an operand, the lowest being number 0}
  ///
  /// @throws IndexOutOfBoundsException if there is no such operand
  public @Nullable Object operand(int operand) {
    return read(() -> frame.operand(operand));
  }

  /// Replaces an operand: one of the topmost ones of frame 0, and not a reference.
  ///
  /// @throws IndexOutOfBoundsException if there is no such operand
  /// @throws IllegalStateException if it cannot be replaced
  /// @throws IllegalArgumentException if the value is not of the operand's type
  public void setOperand(int operand, @Nullable Object value) {
    change(() -> frame.setOperand(operand, value));
  }

  // What the instance has.

  /// {@return the number of globals}
  public int globalCount() {
    return wasmModule().globalCount();
  }

  /// {@return a global of the instance}
  ///
  /// @throws IndexOutOfBoundsException if there is no such global
  public @Nullable Object global(int global) {
    return read(() -> instance().global(global));
  }

  /// Replaces a global of the instance.
  ///
  /// @throws IndexOutOfBoundsException if there is no such global
  /// @throws IllegalStateException if it is immutable
  /// @throws IllegalArgumentException if the value is not of its type
  public void setGlobal(int global, @Nullable Object value) {
    change(() -> instance().setGlobal(global, value));
  }

  /// {@return the number of memories}
  public int memoryCount() {
    return wasmModule().memoryCount();
  }

  /// {@return the size of a memory in bytes}
  ///
  /// @throws IndexOutOfBoundsException if there is no such memory
  public long memorySizeBytes(int memory) {
    return access(() -> memory(memory).sizeBytes());
  }

  /// {@return bytes of a memory}
  ///
  /// @param length at most [#MAX_BYTES]
  /// @throws IndexOutOfBoundsException if there is no such memory or range
  public byte[] readMemory(int memory, long address, int length) {
    requireLimit(length);
    return access(() -> {
      Memory found = memory(memory);
      Objects.checkFromIndexSize(address, (long) length, found.sizeBytes());
      return found.copy(address, length);
    });
  }

  /// Replaces bytes of a memory.
  ///
  /// @param bytes at most [#MAX_BYTES]
  /// @throws IndexOutOfBoundsException if there is no such memory or range
  public void writeMemory(int memory, long address, byte[] bytes) {
    requireLimit(bytes.length);
    change(() -> {
      Memory found = memory(memory);
      Objects.checkFromIndexSize(address, (long) bytes.length, found.sizeBytes());
      found.write(address, bytes, 0, bytes.length);
    });
  }

  /// {@return the number of elements of a table}
  ///
  /// @throws IndexOutOfBoundsException if there is no such table
  public int tableSize(int table) {
    return access(() -> instance().table(table).size());
  }

  /// {@return an element of a table}
  ///
  /// @throws IndexOutOfBoundsException if there is no such table or element
  public @Nullable Object tableElement(int table, int element) {
    return read(() -> {
      Objects.checkIndex(element, instance().table(table).size());
      return instance().table(table).get(element);
    });
  }

  /// Replaces an element of a table.
  ///
  /// @throws IndexOutOfBoundsException if there is no such table or element
  /// @throws IllegalArgumentException if the value is not of the elements' type
  public void setTableElement(int table, int element, @Nullable Object value) {
    change(() -> {
      Objects.checkIndex(element, instance().table(table).size());
      instance().table(table).setElement(element, value);
    });
  }

  // Objects.

  /// {@return the fields of a structure of the guest}
  public List<@Nullable Object> fields(WasmStruct structure) {
    return access(() -> new ArrayList<@Nullable Object>(Arrays.asList(structure.fields())));
  }

  /// Replaces a field of a structure of the guest.
  ///
  /// @throws IndexOutOfBoundsException if there is no such field
  /// @throws IllegalStateException if it is immutable
  /// @throws IllegalArgumentException if the value is not of its type
  public void setField(WasmStruct structure, int field, @Nullable Object value) {
    change(() -> structure.setField(field, value));
  }

  /// {@return elements of an array of the guest}
  ///
  /// @param count at most [#MAX_BYTES]
  /// @throws IndexOutOfBoundsException if there is no such range
  public List<@Nullable Object> elements(WasmArray array, int from, int count) {
    requireLimit(count);
    return access(() -> {
      Objects.checkFromIndexSize(from, count, array.length());
      List<@Nullable Object> elements = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        elements.add(array.get(from + i));
      }
      return elements;
    });
  }

  /// Replaces an element of an array of the guest.
  ///
  /// @throws IndexOutOfBoundsException if there is no such element
  /// @throws IllegalStateException if the elements are immutable
  /// @throws IllegalArgumentException if the value is not of their type
  public void setElement(WasmArray array, int element, @Nullable Object value) {
    change(() -> array.setElement(element, value));
  }

  private WasmModule wasmModule() {
    return access(() -> instance().module());
  }

  private Instance instance() {
    return frame.instance();
  }

  private Memory memory(int memory) {
    Memory found = memory < 0 ? null : instance().memory(memory);
    if (found == null) {
      throw new IndexOutOfBoundsException("no memory " + memory);
    }
    return found;
  }

  private static void requireLimit(int count) {
    if (count > MAX_BYTES) {
      throw new LimitExceededException("bytes or elements at once", count, MAX_BYTES);
    }
  }

  private <T> T access(Supplier<T> action) {
    return guest.access(action);
  }

  /// The same for what may be null.
  private @Nullable Object read(Supplier<@Nullable Object> action) {
    @Nullable Object[] value = new Object[1];
    change(() -> value[0] = action.get());
    return value[0];
  }

  private void change(Runnable action) {
    guest.access(() -> {
      action.run();
      return this;
    });
  }
}
