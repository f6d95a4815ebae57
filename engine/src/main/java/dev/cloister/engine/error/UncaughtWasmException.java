package dev.cloister.engine.error;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// The end of a call by a Wasm exception that left its outermost frame.
public final class UncaughtWasmException extends WasmException {

  private static final long serialVersionUID = 1L;

  /// The most values that the message shows, numbers and null as they are.
  private static final int SHOWN_VALUES = 8;

  private final transient List<@Nullable Object> values;

  /// Creates the end of a call that an exception left.
  ///
  /// @param tag what the tag is called in messages
  /// @param values the exception's values, in the boxed form that function calls use
  /// @param exception the exception itself, as it travelled through the guest
  public UncaughtWasmException(
      String tag, List<@Nullable Object> values, RuntimeException exception) {
    super(ErrorCode.UNCAUGHT_EXCEPTION, "uncaught exception: " + tag + " with " + text(values));
    this.values = Collections.unmodifiableList(new ArrayList<>(values));
    initCause(exception);
  }

  private static String text(List<@Nullable Object> values) {
    StringJoiner text = new StringJoiner(", ", "[", "]");
    for (Object value : values.subList(0, Math.min(values.size(), SHOWN_VALUES))) {
      text.add(value == null || value instanceof Number ? String.valueOf(value) : "a value");
    }
    if (values.size() > SHOWN_VALUES) {
      text.add("…");
    }
    return text.toString();
  }

  /// Returns the values of the exception.
  public List<@Nullable Object> values() {
    return values;
  }
}
