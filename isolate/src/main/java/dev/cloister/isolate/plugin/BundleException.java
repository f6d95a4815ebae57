package dev.cloister.isolate.plugin;

import org.jspecify.annotations.Nullable;

/// A bundle that is not one, or holds what cannot be in one.
public final class BundleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String entry;

  /// A fault of `entry`; empty for all of the bundle.
  ///
  /// @param detail what is wrong, and what is allowed
  BundleException(String entry, String detail) {
    this(entry, detail, null);
  }

  /// A fault that something else told of.
  BundleException(String entry, String detail, @Nullable Throwable cause) {
    super((entry.isEmpty() ? "the bundle" : "\"" + entry + "\"") + ": " + detail, cause);
    this.entry = entry;
  }

  /// Where it is; empty for all of the bundle.
  public String entry() {
    return entry;
  }
}
