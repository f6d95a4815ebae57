package dev.cloister.engine.code;

import dev.cloister.engine.runtime.CodeKind;
import org.jspecify.annotations.Nullable;

/// Which code of a function may take the place of which (V8 `should_update_code_table`).
///
/// What was asked for by name, such as a tier-down, need not follow it.
final class PublishRule {
  private PublishRule() {}

  /// {@return whether new code is entered by calls from now on}
  ///
  /// @param prior what is entered now, null if there is none
  /// @param isDebugging whether the module's instances are to run debuggable code
  static boolean replaces(@Nullable CodeKind prior, CodeKind added, boolean isDebugging) {
    // Code that counts or polls is for single instances, as V8's code for stepping is for frames.
    if (added == CodeKind.FUEL || added == CodeKind.POLLED) {
      return false;
    }
    boolean isDebug = added == CodeKind.DEBUG;
    if (isDebugging || prior == null || prior == CodeKind.DEBUG) {
      return isDebug == isDebugging;
    }
    return !isDebug && !(prior == CodeKind.OPTIMIZED && added == CodeKind.BASELINE);
  }
}
