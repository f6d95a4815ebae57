package dev.cloister.engine.codegen;

import dev.cloister.engine.runtime.GcHeap;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.VecType;

/// How a field or an element is stored on the JVM.
enum StorageKind {
  I8('B', JvmKind.INT, 1, "Int8Array"),
  I16('S', JvmKind.INT, 2, "Int16Array"),
  I32('I', JvmKind.INT, 4, "Int32Array"),
  I64('J', JvmKind.LONG, 8, "Int64Array"),
  F32('F', JvmKind.FLOAT, 4, "Float32Array"),
  F64('D', JvmKind.DOUBLE, 8, "Float64Array"),
  V128('V', JvmKind.V128, 16, "V128Array"),
  REF('L', JvmKind.REF, GcHeap.REFERENCE_BYTES, "RefArray");

  private final char code;
  private final JvmKind kind;
  private final int bytes;
  private final String arrayClass;

  StorageKind(char code, JvmKind kind, int bytes, String arrayClass) {
    this.code = code;
    this.kind = kind;
    this.bytes = bytes;
    this.arrayClass = Names.RUNTIME + arrayClass;
  }

  /// {@return how a storage type is stored}
  static StorageKind of(StorageType type) {
    return switch (type) {
      case PackedType packed ->
          switch (packed) {
            case I8 -> I8;
            case I16 -> I16;
          };
      case NumType number ->
          switch (number) {
            case I32 -> I32;
            case I64 -> I64;
            case F32 -> F32;
            case F64 -> F64;
          };
      case VecType _ -> V128;
      case RefType _ -> REF;
    };
  }

  /// {@return the kind with a letter of a [StructShape]}
  static StorageKind of(char code) {
    return switch (code) {
      case 'B' -> I8;
      case 'S' -> I16;
      case 'I' -> I32;
      case 'J' -> I64;
      case 'F' -> F32;
      case 'D' -> F64;
      case 'V' -> V128;
      default -> REF;
    };
  }

  /// {@return the letter that stands for the kind in a [StructShape]}
  char code() {
    return code;
  }

  /// {@return what the value is on the operand stack}
  JvmKind kind() {
    return kind;
  }

  /// {@return the bytes that the value takes in an object}
  int bytes() {
    return bytes;
  }

  /// {@return the descriptor of a Java field, or of the two that a vector is}
  String descriptor() {
    return switch (this) {
      case I8, I16, I32, I64, F32, F64 -> String.valueOf(code);
      case V128 -> I64.descriptor();
      case REF -> "Ljava/lang/Object;";
    };
  }

  /// {@return the runtime class of arrays of the kind}
  String arrayClass() {
    return arrayClass;
  }

  /// {@return whether the value is an integer that is stored in fewer bits}
  boolean isPacked() {
    return this == I8 || this == I16;
  }

  /// {@return the bits of a packed value}
  int mask() {
    return this == I8 ? 0xff : 0xffff;
  }
}
