package dev.cloister.engine.runtime;

import dev.cloister.engine.types.DefinedType;

/// An object of the Wasm GC heap: a structure or an array (Spec 4.2.11).
///
/// Its type is canonical, so that a cast compares identities, whichever module made the object.
/// Confined to the store that made it; it may be handed out to the host.
@CalledByGeneratedCode
public abstract sealed class GcObject permits WasmStruct, WasmArray {
  final DefinedType type;

  /// Only kept, never read: the object's death is noticed by it.
  @SuppressWarnings("UnusedVariable")
  private final GcToken token;

  GcObject(DefinedType type, GcToken token) {
    this.type = type;
    this.token = token;
  }

  /// {@return the type that the object was made with}
  public final DefinedType type() {
    return type;
  }
}
