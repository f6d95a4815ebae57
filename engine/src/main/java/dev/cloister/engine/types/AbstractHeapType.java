package dev.cloister.engine.types;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A heap type that no module defines (Spec 2.3.3), with its byte in the binary format (Spec
/// 5.3.3).
public enum AbstractHeapType implements HeapType {
  /// All functions.
  FUNC(0x70),
  /// No function.
  NOFUNC(0x73),
  /// All references of the host.
  EXTERN(0x6F),
  /// No reference of the host.
  NOEXTERN(0x72),
  /// All internal references.
  ANY(0x6E),
  /// All internal references that can be compared.
  EQ(0x6D),
  /// Unboxed 31-bit integers.
  I31(0x6C),
  /// All structures.
  STRUCT(0x6B),
  /// All arrays.
  ARRAY(0x6A),
  /// No internal reference.
  NONE(0x71),
  /// All exceptions.
  EXN(0x69),
  /// No exception.
  NOEXN(0x74);

  private static final AbstractHeapType[] VALUES = values();

  private final int code;
  private final String text = name().toLowerCase(Locale.ROOT);

  AbstractHeapType(int code) {
    this.code = code;
  }

  /// Returns the type with the byte `code`, or null if there is none.
  public static @Nullable AbstractHeapType ofCode(int code) {
    for (AbstractHeapType type : VALUES) {
      if (type.code == code) {
        return type;
      }
    }
    return null;
  }

  /// Returns the byte that stands for this type in the binary format.
  public int code() {
    return code;
  }

  @Override
  public AbstractHeapType top() {
    return switch (this) {
      case FUNC, NOFUNC -> FUNC;
      case EXTERN, NOEXTERN -> EXTERN;
      case ANY, EQ, I31, STRUCT, ARRAY, NONE -> ANY;
      case EXN, NOEXN -> EXN;
    };
  }

  @Override
  public String toString() {
    return text;
  }
}
