package dev.cloister.engine.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Wasm exception that left the outermost frame of a call: its tag's name, if it has one, and its
/// values.
public final class UncaughtWasmException extends WasmException {

  private static final long serialVersionUID = 1L;

  private final transient List<@Nullable Object> values;

  /// Creates the end of a call that an exception left.
  ///
  /// @param tag what the tag is called in messages
  /// @param values the exception's values, in the boxed form that function calls use
  public UncaughtWasmException(String tag, List<@Nullable Object> values) {
    super(ErrorCode.UNCAUGHT_EXCEPTION, "uncaught exception: " + tag + " with " + values);
    this.values = values;
  }

  /// Returns the values of the exception.
  public List<@Nullable Object> values() {
    return values;
  }
}
