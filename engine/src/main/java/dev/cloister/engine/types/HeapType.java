package dev.cloister.engine.types;

/// What a reference can point to (Spec 2.3.3).
public sealed interface HeapType permits AbstractHeapType, DefinedType {

  /// Returns the abstract heap type at the top of this type's hierarchy: `any`, `func`, `extern` or
  /// `exn`.
  AbstractHeapType top();

  /// Returns the abstract heap type at the bottom of this type's hierarchy, which has no values:
  /// `none`, `nofunc`, `noextern` or `noexn`.
  default AbstractHeapType bottom() {
    return switch (top()) {
      case FUNC -> AbstractHeapType.NOFUNC;
      case EXTERN -> AbstractHeapType.NOEXTERN;
      case EXN -> AbstractHeapType.NOEXN;
      case ANY, EQ, I31, STRUCT, ARRAY, NONE, NOFUNC, NOEXTERN, NOEXN -> AbstractHeapType.NONE;
    };
  }
}
