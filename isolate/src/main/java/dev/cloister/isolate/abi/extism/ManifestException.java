package dev.cloister.isolate.abi.extism;

import org.jspecify.annotations.Nullable;

/// A manifest that is not one, or asks for what there is not.
public final class ManifestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /// A fault at `field`, such as `wasm[0].data`; empty for all of the document.
  ///
  /// @param detail what is wrong, and what is allowed
  public ManifestException(String field, String detail) {
    this(field, detail, null);
  }

  /// A fault that something else told of.
  public ManifestException(String field, String detail, @Nullable Throwable cause) {
    super((field.isEmpty() ? "the manifest" : field) + ": " + detail, cause);
    this.field = field;
  }

  /// Where it is; empty for all of the document.
  public String field() {
    return field;
  }
}
