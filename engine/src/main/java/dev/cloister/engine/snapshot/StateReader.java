package dev.cloister.engine.snapshot;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.InstanceState;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.Values;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what [StateWriter] has written into a new instance.
///
/// The image is authentic, but may be of a fault: every number is checked, every value is checked
/// against the type of its place, and what is allocated is charged to the store before.
final class StateReader {
  /// Memory that is read between two looks at the stop flag, in blocks; a power of 2.
  private static final int BLOCKS_PER_CHECK = 1 << 8;

  private final InstanceState state;
  private final WasmModule module;
  private final DataInputStream in;
  private final List<Object> objects = new ArrayList<>();

  StateReader(InstanceState state, DataInputStream in) {
    this.state = state;
    this.module = state.module();
    this.in = in;
  }

  /// Reads all of `bytes` into the instance of `state`.
  ///
  /// @return the values of all globals
  /// @throws SnapshotException if they are not what is written for an instance of the module
  static @Nullable Object[] readAll(InstanceState state, InputStream bytes) {
    try (DataInputStream in = new DataInputStream(bytes)) {
      return new StateReader(state, in).read();
    } catch (IOException | IllegalArgumentException | TrapException e) {
      throw new SnapshotException("the image is faulty: " + e.getMessage(), e);
    }
  }

  /// {@return the values of all globals}
  @Nullable Object[] read() throws IOException {
    readObjects();
    readSegments();
    readMemories();
    readTables();
    @Nullable Object[] globals = new Object[module.globalCount()];
    for (int i = module.importedGlobalCount(); i < globals.length; i++) {
      globals[i] = readValue(module.globalType(i).valueType());
    }
    if (in.read() >= 0) {
      throw new IOException("there is something behind the end");
    }
    return globals;
  }

  private void readObjects() throws IOException {
    int count = readCount(StateWriter.MAX_OBJECTS, "objects");
    for (int i = 0; i < count; i++) {
      objects.add(newObject());
      if ((i & 0xFFF) == 0) {
        state.instance().store().throwIfStopped();
      }
    }
    for (Object object : objects) {
      switch (object) {
        case WasmStruct struct -> readFields(struct);
        case WasmArray array -> {
          StorageType storage = ((ArrayType) array.type().composite()).field().storage();
          for (int i = 0; i < array.length(); i++) {
            state.setElement(array, i, readStored(storage));
          }
        }
        case ThrownException exception -> {
          FuncType type = (FuncType) exception.tag().type().type().composite();
          List<@Nullable Object> values = new ArrayList<>();
          for (ValueType valueType : type.params()) {
            values.add(readValue(valueType));
          }
          state.setValues(exception, values);
        }
        default -> throw new IllegalStateException("not an object of a guest");
      }
    }
  }

  private Object newObject() throws IOException {
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case ObjectKind.STRUCT -> {
        int index = readCount(state.types().length - 1, "a type index");
        requireComposite(state.types()[index].composite() instanceof StructType, index);
        yield state.newStruct(index);
      }
      case ObjectKind.ARRAY -> {
        int index = readCount(state.types().length - 1, "a type index");
        DefinedType type = state.types()[index];
        requireComposite(type.composite() instanceof ArrayType, index);
        yield state.newArray(type, in.readInt());
      }
      case ObjectKind.EXCEPTION ->
          state.newException(readCount(module.tagCount() - 1, "a tag index"));
      default -> throw new IOException("there is no kind " + kind + " of objects");
    };
  }

  private static void requireComposite(boolean isRight, int index) throws IOException {
    if (!isRight) {
      throw new IOException("type " + index + " is of another kind");
    }
  }

  private void readFields(WasmStruct struct) throws IOException {
    List<FieldType> fields = ((StructType) struct.type().composite()).fields();
    @Nullable Object[] values = new Object[fields.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = readStored(fields.get(i).storage());
    }
    state.setFields(struct, values);
  }

  private void readSegments() throws IOException {
    for (int i = 0; i < module.elements().size(); i++) {
      int kind = in.readUnsignedByte();
      switch (kind) {
        case SegmentKind.UNTOUCHED -> {
          if (module.elements().get(i).functionIndices() == null) {
            throw new IOException("element segment " + i + " has no values");
          }
        }
        case SegmentKind.EMPTY -> state.setElementSegment(i, new Object[0]);
        case SegmentKind.VALUES -> readSegment(i);
        default -> throw new IOException("there is no kind " + kind + " of segments");
      }
    }
    for (int i = 0; i < module.data().size(); i++) {
      if (in.readBoolean()) {
        state.dropData(i);
      }
    }
  }

  private void readSegment(int index) throws IOException {
    int declared = module.elements().get(index).size();
    int length = readCount(declared, "the length of an element segment");
    if (length != declared) {
      throw new IOException("element segment " + index + " has " + length + " elements");
    }
    RefType type = module.elements().get(index).type();
    @Nullable Object[] values =
        module.elements().get(index).functionIndices() != null
            ? new FuncRef[length]
            : new Object[length];
    for (int i = 0; i < length; i++) {
      Object value = readValue(type);
      if (values instanceof FuncRef[] && value != null && !(value instanceof FuncRef)) {
        throw new IOException("element segment " + index + " has something else than functions");
      }
      values[i] = value;
    }
    state.setElementSegment(index, values);
  }

  private void readMemories() throws IOException {
    byte[] block = new byte[StateWriter.BLOCK_BYTES];
    for (int i = 0; i < module.memoryCount(); i++) {
      Memory memory = state.instance().memory(i);
      if (memory == null) {
        throw new IOException("there is no memory " + i);
      }
      long pages = in.readLong();
      long delta = pages - memory.pages64();
      if (delta < 0 || pages > Memory.MAX_BYTES >>> memory.type().pageSizeLog2()) {
        throw new IOException("memory " + i + " has " + pages + " pages");
      }
      if (memory.grow(delta) < 0) {
        throw LimitExceededException.refused(
            "memory size in bytes", pages << memory.type().pageSizeLog2());
      }
      readBlocks(memory, block);
    }
  }

  private void readBlocks(Memory memory, byte[] block) throws IOException {
    long size = memory.sizeBytes();
    long last = -1;
    for (long number = in.readLong(); number >= 0; number = in.readLong()) {
      if (number <= last || number > (size - 1) / StateWriter.BLOCK_BYTES) {
        throw new IOException("a memory of " + size + " bytes has no block " + number);
      }
      last = number;
      long at = number * StateWriter.BLOCK_BYTES;
      int length = (int) Math.min(StateWriter.BLOCK_BYTES, size - at);
      in.readFully(block, 0, length);
      memory.write(at, block, 0, length);
      if ((number & (BLOCKS_PER_CHECK - 1)) == 0) {
        state.instance().store().throwIfStopped();
      }
    }
  }

  private void readTables() throws IOException {
    for (int i = 0; i < module.tableCount(); i++) {
      Table table = state.instance().table(i);
      int size = readCount(Table.MAX_ELEMENTS, "the size of a table");
      int delta = size - table.size();
      if (delta < 0) {
        throw new IOException("table " + i + " has " + size + " elements");
      }
      if (table.grow(/* value= */ null, delta) < 0) {
        throw LimitExceededException.refused("table size in elements", size);
      }
      RefType type = table.type().element();
      for (int j = 0; j < size; j++) {
        table.set(j, readValue(type));
      }
    }
  }

  private @Nullable Object readStored(StorageType storage) throws IOException {
    return switch (storage) {
      case PackedType packed -> {
        int value = in.readInt();
        yield packed == PackedType.I8 ? (Object) (int) (byte) value : (Object) (int) (short) value;
      }
      case ValueType type -> readValue(type);
    };
  }

  private @Nullable Object readValue(ValueType type) throws IOException {
    return switch (type) {
      case NumType number ->
          switch (number) {
            case I32 -> (Object) in.readInt();
            case I64 -> in.readLong();
            case F32 -> Float.intBitsToFloat(in.readInt());
            case F64 -> Double.longBitsToDouble(in.readLong());
          };
      case VecType _ -> new V128(in.readLong(), in.readLong());
      case RefType reference -> readReference(reference);
    };
  }

  private @Nullable Object readReference(RefType type) throws IOException {
    int kind = in.readUnsignedByte();
    Object value =
        switch (kind) {
          case ReferenceKind.NULL -> null;
          case ReferenceKind.OBJECT -> objects.get(readCount(objects.size() - 1, "an object"));
          case ReferenceKind.I31 -> state.i31(in.readInt());
          case ReferenceKind.FUNCTION -> state.function(in.readInt());
          default -> throw new IOException("there is no kind " + kind + " of references");
        };
    if (isOfAny(type) && (value instanceof FuncRef || value instanceof ThrownException)) {
      throw new IOException("a function or exception is where " + type + " belongs");
    }
    return Values.requireType(value, type);
  }

  /// Whether the host's check of values lets everything pass as a `type`: what is of the host is
  /// not told apart there.
  private static boolean isOfAny(RefType type) {
    return type.heapType() == AbstractHeapType.ANY || type.heapType() == AbstractHeapType.EXTERN;
  }

  /// Reads a number from 0 to `most`.
  private int readCount(int most, String what) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > most) {
      throw new IOException(what + " is " + Integer.toUnsignedString(count) + ", at most " + most);
    }
    return count;
  }
}
