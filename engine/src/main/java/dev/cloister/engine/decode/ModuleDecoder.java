package dev.cloister.engine.decode;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ValidatedBodies;
import dev.cloister.engine.module.WasmModule;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Decodes and validates modules whose bytes are all there. It is [StreamingDecoder] fed once, so
/// its faults are the same.
public final class ModuleDecoder {

  private ModuleDecoder() {}

  /// Decodes and validates a module.
  ///
  /// @param bytes the module, which is not copied: nobody may change it from now on
  /// @param features what it may use
  /// @param limits what it must keep
  /// @throws dev.cloister.engine.error.WasmException if it is malformed, invalid or exceeds a limit
  public static WasmModule decode(byte[] bytes, WasmFeatures features, WasmLimits limits) {
    return decode(bytes, features, limits, StreamingDecoder.NO_HELPERS);
  }

  /// Decodes and validates a module, if it is large on several threads.
  ///
  /// @param bytes the module, which is not copied: nobody may change it from now on
  /// @param features what it may use
  /// @param limits what it must keep
  /// @param helpers runs tasks on other threads when it can, or not at all
  /// @throws dev.cloister.engine.error.WasmException if it is malformed, invalid or exceeds a limit
  public static WasmModule decode(
      byte[] bytes, WasmFeatures features, WasmLimits limits, Executor helpers) {
    return decode(bytes, features, limits, helpers, DecodeMonitor.NONE, /* validated= */ null);
  }

  /// Decodes a module, and validates it if need be, if it is large on several threads.
  ///
  /// @param bytes the module, which is not copied: nobody may change it from now on
  /// @param features what it may use
  /// @param limits what it must keep
  /// @param helpers runs tasks on other threads when it can, or not at all
  /// @param monitor can end the work and is told how far it is
  /// @param validated what the validation of the very same bytes has found before, with the same
  ///   features and with limits that were not wider: then bodies are not validated; null if nothing
  /// @throws dev.cloister.engine.error.WasmException if it is malformed, invalid or exceeds a limit
  public static WasmModule decode(
      byte[] bytes,
      WasmFeatures features,
      WasmLimits limits,
      Executor helpers,
      DecodeMonitor monitor,
      @Nullable ValidatedBodies validated) {
    return StreamingDecoder.decode(bytes, features, limits, helpers, monitor, validated);
  }
}
