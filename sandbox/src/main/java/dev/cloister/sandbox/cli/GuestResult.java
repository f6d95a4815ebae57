package dev.cloister.sandbox.cli;

import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.V128;
import dev.cloister.isolate.abi.WasmValue;
import org.jspecify.annotations.Nullable;

/// Shows what an export returned, one line per value.
final class GuestResult {
  private GuestResult() {}

  /// A number as the plain ABI writes it, a vector by its 128 bits, a reference by its kind.
  static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Integer number -> new WasmValue.I32(number).text();
      case Long number -> new WasmValue.I64(number).text();
      case Float number -> new WasmValue.F32(number).text();
      case Double number -> new WasmValue.F64(number).text();
      case V128 vector -> "0x%016x%016x".formatted(vector.high(), vector.low());
      case FuncRef _ -> "funcref";
      default -> "ref";
    };
  }
}
