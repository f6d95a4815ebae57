package dev.cloister.engine.snapshot;

import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.GcObject;
import dev.cloister.engine.runtime.I31;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceState;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncExternType;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the state of an instance.
///
/// First the objects, each with what it takes to make it; then what is in them, so that they can
/// refer to each other in any way; then tags of segments, memories, tables and globals.
final class StateWriter {
  /// More objects are not kept: finding them takes memory that nobody pays for.
  static final int MAX_OBJECTS = 1 << 20;

  /// The unit in which memory that is zero is left out, in bytes.
  static final int BLOCK_BYTES = 4 << 10;

  private final InstanceState state;
  private final Instance instance;
  private final WasmModule module;
  private final DataOutputStream out;
  private final Map<DefinedType, Integer> typeIndices = new HashMap<>();
  private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();

  /// The objects by number; those behind the scanned ones are still to be looked through.
  private final List<Object> objects = new ArrayList<>();

  StateWriter(InstanceState state, DataOutputStream out) {
    this.state = state;
    this.instance = state.instance();
    this.module = state.module();
    this.out = out;
  }

  void write() throws IOException {
    requireOwn();
    collectTypes();
    makeFunctions();
    collectObjects();
    writeObjects();
    writeSegments();
    writeMemories();
    writeTables();
    for (int i = module.importedGlobalCount(); i < module.globalCount(); i++) {
      writeValue(instance.global(i));
    }
  }

  private void requireOwn() {
    String entanglement = state.entanglement();
    if (entanglement != null) {
      throw new SnapshotException("the instance is not alone: " + entanglement);
    }
    for (Import declared : module.imports()) {
      if (!(declared.type() instanceof FuncExternType)) {
        throw new SnapshotException(
            "the module imports more than functions: " + declared.module() + "." + declared.name());
      }
    }
  }

  private void collectTypes() {
    DefinedType[] types = state.types();
    for (int i = types.length - 1; i >= 0; i--) {
      typeIndices.put(types[i], i);
    }
  }

  /// Has tables make the references that nobody has looked at yet, so that all are known.
  private void makeFunctions() {
    for (int i = 0; i < module.tableCount(); i++) {
      Table table = instance.table(i);
      for (int j = 0; j < table.size(); j++) {
        Object _ = table.get(j);
      }
    }
  }

  private void collectObjects() {
    for (int i = module.importedGlobalCount(); i < module.globalCount(); i++) {
      collect(instance.global(i), "global " + i);
    }
    for (int i = 0; i < module.tableCount(); i++) {
      Table table = instance.table(i);
      for (int j = 0; j < table.size(); j++) {
        collect(table.get(j), "table " + i);
      }
    }
    for (int i = 0; i < module.elements().size(); i++) {
      @Nullable Object[] segment = state.elementSegment(i);
      for (int j = 0; segment != null && j < segment.length; j++) {
        collect(segment[j], "element segment " + i);
      }
    }
    for (int i = 0; i < objects.size(); i++) {
      switch (objects.get(i)) {
        case WasmStruct struct -> {
          for (Object field : struct.fields()) {
            collect(field, "a structure");
          }
        }
        case WasmArray array -> {
          for (int j = 0; j < array.length() && array.holdsReferences(); j++) {
            collect(array.get(j), "an array");
          }
        }
        case ThrownException exception -> {
          for (Object value : exception.values()) {
            collect(value, "an exception");
          }
        }
        default -> throw new IllegalStateException("not an object of a guest");
      }
    }
  }

  /// Gives an object that is met for the first time a number.
  private void collect(@Nullable Object value, String where) {
    switch (value) {
      case null -> {}
      case Number _, V128 _, I31 _ -> {}
      case FuncRef function -> {
        if (state.functionIndex(function) < 0) {
          throw new SnapshotException(where + " refers to a function of another instance");
        }
      }
      case GcObject object -> {
        if (!typeIndices.containsKey(object.type())) {
          throw new SnapshotException(where + " refers to an object of another module");
        }
        add(object);
      }
      case ThrownException exception -> {
        if (state.tagIndex(exception.tag()) < 0) {
          throw new SnapshotException(where + " refers to an exception of another module");
        }
        add(exception);
      }
      default -> throw new SnapshotException(where + " refers to an object of the host");
    }
  }

  private void add(Object object) {
    if (numbers.putIfAbsent(object, objects.size()) == null) {
      if (objects.size() == MAX_OBJECTS) {
        throw new SnapshotException("there are more than " + MAX_OBJECTS + " objects");
      }
      objects.add(object);
    }
  }

  private void writeObjects() throws IOException {
    out.writeInt(objects.size());
    for (Object object : objects) {
      switch (object) {
        case WasmStruct struct -> {
          out.writeByte(ObjectKind.STRUCT);
          out.writeInt(typeIndex(struct));
        }
        case WasmArray array -> {
          out.writeByte(ObjectKind.ARRAY);
          out.writeInt(typeIndex(array));
          out.writeInt(array.length());
        }
        case ThrownException exception -> {
          out.writeByte(ObjectKind.EXCEPTION);
          out.writeInt(state.tagIndex(exception.tag()));
        }
        default -> throw new IllegalStateException("not an object of a guest");
      }
    }
    for (Object object : objects) {
      switch (object) {
        case WasmStruct struct -> writeAll(struct.fields());
        case WasmArray array -> {
          for (int i = 0; i < array.length(); i++) {
            writeValue(array.get(i));
          }
        }
        case ThrownException exception -> {
          for (Object value : exception.values()) {
            writeValue(value);
          }
        }
        default -> throw new IllegalStateException("not an object of a guest");
      }
    }
  }

  private int typeIndex(GcObject object) {
    Integer index = typeIndices.get(object.type());
    if (index == null) {
      throw new IllegalStateException("type " + object.type() + " was not collected");
    }
    return index;
  }

  private void writeSegments() throws IOException {
    for (int i = 0; i < module.elements().size(); i++) {
      @Nullable Object[] segment = state.elementSegment(i);
      if (segment == null) {
        out.writeByte(SegmentKind.UNTOUCHED);
      } else if (segment.length == 0) {
        out.writeByte(SegmentKind.EMPTY);
      } else {
        out.writeByte(SegmentKind.VALUES);
        out.writeInt(segment.length);
        writeAll(segment);
      }
    }
    for (int i = 0; i < module.data().size(); i++) {
      out.writeBoolean(state.isDataDropped(i));
    }
  }

  /// Of each memory the size, and the blocks that are not all zero by their numbers.
  private void writeMemories() throws IOException {
    byte[] block = new byte[BLOCK_BYTES];
    for (int i = 0; i < module.memoryCount(); i++) {
      Memory memory = instance.memory(i);
      if (memory == null) {
        throw new IllegalStateException("there is no memory " + i);
      }
      out.writeLong(memory.pages64());
      long size = memory.sizeBytes();
      for (long at = 0; at < size; at += BLOCK_BYTES) {
        int length = (int) Math.min(BLOCK_BYTES, size - at);
        memory.read(at, block, 0, length);
        if (!isZero(block, length)) {
          out.writeLong(at / BLOCK_BYTES);
          out.write(block, 0, length);
        }
      }
      out.writeLong(-1);
    }
  }

  private static boolean isZero(byte[] block, int length) {
    for (int i = 0; i < length; i++) {
      if (block[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void writeTables() throws IOException {
    for (int i = 0; i < module.tableCount(); i++) {
      Table table = instance.table(i);
      out.writeInt(table.size());
      for (int j = 0; j < table.size(); j++) {
        writeValue(table.get(j));
      }
    }
  }

  private void writeAll(@Nullable Object[] values) throws IOException {
    for (Object value : values) {
      writeValue(value);
    }
  }

  /// Of numbers the bits: the reader knows their type. Packed ones are four bytes as well.
  private void writeValue(@Nullable Object value) throws IOException {
    switch (value) {
      case null -> out.writeByte(ReferenceKind.NULL);
      case Integer number -> out.writeInt(number);
      case Long number -> out.writeLong(number);
      case Float number -> out.writeInt(Float.floatToRawIntBits(number));
      case Double number -> out.writeLong(Double.doubleToRawLongBits(number));
      case V128(long low, long high) -> {
        out.writeLong(low);
        out.writeLong(high);
      }
      case I31 small -> {
        out.writeByte(ReferenceKind.I31);
        out.writeInt(small.value());
      }
      case FuncRef function -> {
        out.writeByte(ReferenceKind.FUNCTION);
        out.writeInt(state.functionIndex(function));
      }
      default -> {
        Integer number = numbers.get(value);
        if (number == null) {
          throw new IllegalStateException("an object was not collected");
        }
        out.writeByte(ReferenceKind.OBJECT);
        out.writeInt(number);
      }
    }
  }
}
