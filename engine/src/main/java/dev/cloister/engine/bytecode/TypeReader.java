package dev.cloister.engine.bytecode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.TypeSpace;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import dev.cloister.engine.util.ByteReader;

/// Reads value, storage and heap types (Spec 5.3), and refuses those whose feature is switched off.
/// Allocates nothing.
public final class TypeReader {

  private static final int I32 = 0x7F;
  private static final int I64 = 0x7E;
  private static final int F32 = 0x7D;
  private static final int F64 = 0x7C;
  private static final int V128 = 0x7B;
  private static final int I8 = 0x78;
  private static final int I16 = 0x77;
  private static final int REF = 0x64;
  private static final int REF_NULL = 0x63;

  private final ByteReader reader;
  private final TypeSpace types;
  private final WasmFeatures features;

  /// Creates a reader that takes bytes from `reader` and resolves type indices in `types`.
  @SuppressWarnings("exports") // For the decoder: the cursor stays inside the engine.
  public TypeReader(ByteReader reader, TypeSpace types, WasmFeatures features) {
    this.reader = reader;
    this.types = types;
    this.features = features;
  }

  /// Reads a value type.
  public ValueType readValueType() {
    int code = reader.peek();
    return switch (code) {
      case I32 -> number(NumType.I32);
      case I64 -> number(NumType.I64);
      case F32 -> number(NumType.F32);
      case F64 -> number(NumType.F64);
      case V128 -> {
        require(WasmFeature.SIMD, "v128");
        reader.readByte();
        yield VecType.V128;
      }
      case REF, REF_NULL -> readRefType();
      default -> {
        if (code >= 0 && AbstractHeapType.ofCode(code) == null) {
          throw new MalformedException("malformed value type " + hex(code), reader.position());
        }
        RefType type = readRefType();
        if (type.heapType() == AbstractHeapType.FUNC
            && !features.has(WasmFeature.REFERENCE_TYPES)) {
          throw switchedOff(WasmFeature.REFERENCE_TYPES, "funcref", reader.position() - 1);
        }
        yield type;
      }
    };
  }

  private NumType number(NumType type) {
    reader.readByte();
    return type;
  }

  /// Reads the type of a field.
  public StorageType readStorageType() {
    int code = reader.peek();
    if (code == I8 || code == I16) {
      require(WasmFeature.GC, "packed field");
      reader.readByte();
      return code == I8 ? PackedType.I8 : PackedType.I16;
    }
    return readValueType();
  }

  /// Reads a reference type.
  public RefType readRefType() {
    int start = reader.position();
    int code = reader.readByte();
    if (code == REF || code == REF_NULL) {
      if (!features.has(WasmFeature.TYPED_FUNCTION_REFERENCES)) {
        throw switchedOff(WasmFeature.TYPED_FUNCTION_REFERENCES, "reference type", start);
      }
      return RefType.of(code == REF_NULL, readHeapType());
    }
    return RefType.of(true, abstractHeapType(code, "reference", start));
  }

  /// Reads a heap type.
  public HeapType readHeapType() {
    int start = reader.position();
    int code = reader.peek();
    if (code >= 0x40 && code < 0x80) {
      reader.readByte();
      return abstractHeapType(code, "heap", start);
    }
    long index = reader.readS33();
    if (index < 0) {
      throw new MalformedException("malformed heap type " + index, start);
    }
    if (!features.has(WasmFeature.TYPED_FUNCTION_REFERENCES)) {
      throw switchedOff(WasmFeature.TYPED_FUNCTION_REFERENCES, "heap type", start);
    }
    if (index >= types.typeCount()) {
      throw new InvalidModuleException(
          "unknown type " + index + ", there are " + types.typeCount(), start);
    }
    return types.type((int) index);
  }

  private AbstractHeapType abstractHeapType(int code, String kind, int start) {
    AbstractHeapType type = AbstractHeapType.ofCode(code);
    if (type == null) {
      throw new MalformedException("malformed " + kind + " type " + hex(code), start);
    }
    WasmFeature feature =
        switch (type) {
          case FUNC -> WasmFeature.CORE;
          case EXTERN -> WasmFeature.REFERENCE_TYPES;
          case EXN, NOEXN -> WasmFeature.EXCEPTIONS;
          case ANY, EQ, I31, STRUCT, ARRAY, NONE, NOFUNC, NOEXTERN -> WasmFeature.GC;
        };
    if (!features.has(feature)) {
      throw switchedOff(feature, kind + " type " + type, start);
    }
    return type;
  }

  private void require(WasmFeature feature, String what) {
    if (!features.has(feature)) {
      throw switchedOff(feature, what, reader.position());
    }
  }

  private static MalformedException switchedOff(WasmFeature feature, String what, int offset) {
    return new MalformedException(
        "malformed type: " + what + " needs feature " + feature.id() + ", which is switched off",
        offset);
  }

  private static String hex(int code) {
    return String.format("%02x", code);
  }
}
