package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.oracle.Guest.Array;
import dev.cloister.engine.oracle.Guest.I31;
import dev.cloister.engine.oracle.Guest.Struct;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.VecType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Types of references at run time, structures and arrays (Spec 4.2.14, 4.6.6).
final class References {
  private References() {}

  /// The most elements that a test's array may have.
  private static final int MAX_ELEMENTS = 1 << 20;

  /// Whether a reference has a type.
  static boolean matches(@Nullable Object reference, RefType type) {
    return reference == null
        ? type.nullable()
        : Subtyping.isSubtype(typeOf(reference), type.heapType());
  }

  private static HeapType typeOf(Object reference) {
    return switch (reference) {
      case Guest.Function function -> function.type;
      case Struct struct -> struct.type;
      case Array array -> array.type;
      case I31 _ -> AbstractHeapType.I31;
      case Guest.Internalized _ -> AbstractHeapType.ANY;
      case Guest.Thrown _ -> AbstractHeapType.EXN;
      default -> AbstractHeapType.EXTERN;
    };
  }

  static <T> T require(Class<T> kind, @Nullable Object reference, TrapReason reason) {
    if (reference == null) {
      throw new Guest.Trap(reason);
    }
    return kind.cast(reference);
  }

  static @Nullable Object internalize(@Nullable Object reference) {
    return switch (reference) {
      case null -> null;
      case Guest.Externalized outside -> outside.internal();
      default -> new Guest.Internalized(reference);
    };
  }

  static @Nullable Object externalize(@Nullable Object reference) {
    return switch (reference) {
      case null -> null;
      case Guest.Internalized inside -> inside.external();
      default -> new Guest.Externalized(reference);
    };
  }

  /// What is kept of a value in a field (Spec 4.2.14).
  static @Nullable Object pack(@Nullable Object value, StorageType type) {
    return type instanceof PackedType packed && value instanceof Integer number
        ? (Object) (number & (packed == PackedType.I8 ? 0xff : 0xffff))
        : value;
  }

  /// What is read from a field.
  static @Nullable Object unpack(@Nullable Object value, StorageType type, boolean isSigned) {
    if (isSigned && type instanceof PackedType packed && value instanceof Integer number) {
      return packed == PackedType.I8 ? (int) number.byteValue() : (int) number.shortValue();
    }
    return value;
  }

  static StorageType field(Struct struct, int index) {
    return ((StructType) struct.type.composite()).fields().get(index).storage();
  }

  static StorageType element(Array array) {
    return ((ArrayType) array.type.composite()).field().storage();
  }

  static Array array(DefinedType type, long length) {
    if (length > MAX_ELEMENTS) {
      throw new Guest.TooLong("array of " + length + " elements");
    }
    return new Array(type, new Object[(int) length]);
  }

  /// Fills a range.
  static void fill(Array array, long from, @Nullable Object value, long length) {
    int first = checked(array, from, length);
    Arrays.fill(array.elements, first, first + (int) length, pack(value, element(array)));
  }

  static void copy(Array target, long to, Array source, long from, long length) {
    int written = checked(target, to, length);
    int read = checked(source, from, length);
    System.arraycopy(source.elements, read, target.elements, written, (int) length);
  }

  static void initElements(
      Array target, long to, List<@Nullable Object> segment, long from, long length) {
    int written = checked(target, to, length);
    int read = Oracle.range(from, length, segment.size(), TrapReason.TABLE_OUT_OF_BOUNDS);
    for (int i = 0; i < length; i++) {
      target.elements[written + i] = segment.get(read + i);
    }
  }

  static void initData(Array target, long to, byte[] segment, long from, long length) {
    int written = checked(target, to, length);
    StorageType type = element(target);
    int width = width(type);
    int read = Oracle.range(from, length * width, segment.length, TrapReason.MEMORY_OUT_OF_BOUNDS);
    for (int i = 0; i < length; i++) {
      target.elements[written + i] = decode(segment, read + i * width, type);
    }
  }

  static int width(StorageType type) {
    return switch (type) {
      case PackedType packed -> packed == PackedType.I8 ? 1 : 2;
      case NumType number ->
          switch (number) {
            case I32, F32 -> 4;
            case I64, F64 -> 8;
          };
      case VecType _ -> 16;
      case RefType _ -> throw new IllegalStateException("references have no bytes");
    };
  }

  private static Object decode(byte[] bytes, int from, StorageType type) {
    long low = 0;
    for (int i = 0; i < Math.min(width(type), 8); i++) {
      low |= (bytes[from + i] & 0xffL) << (8 * i);
    }
    return switch (type) {
      case PackedType _ -> (int) low;
      case NumType number -> Interpreter.number(number, low);
      case VecType _ -> new V128(low, (Long) decode(bytes, from + 8, NumType.I64));
      case RefType _ -> throw new IllegalStateException("references have no bytes");
    };
  }

  static int checked(Array array, long from, long length) {
    return Oracle.range(from, length, array.elements.length, TrapReason.ARRAY_OUT_OF_BOUNDS);
  }
}
