package dev.cloister.engine.script;

import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;

/// How debuggers and logs call a module: `wasm://wasm/NAME-HASH` or `wasm://wasm/HASH`, as V8 does.
///
/// The hash is the first 32 bits of the SHA-256 of the wire bytes, in eight hexadecimal digits.
///
/// @param text the whole URL
public record ScriptUrl(String text) {
  private static final int HASH_DIGITS = 8;

  /// {@return the URL of a module}
  ///
  /// @param hash that of its bytes
  public static ScriptUrl of(WasmModule module, ModuleHash hash) {
    String digits = hash.hex().substring(0, HASH_DIGITS);
    String name = module.name();
    return new ScriptUrl(
        "wasm://wasm/" + (name == null || name.isEmpty() ? "" : name + "-") + digits);
  }

  @Override
  public String toString() {
    return text;
  }
}
