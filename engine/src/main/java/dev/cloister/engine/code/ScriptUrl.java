package dev.cloister.engine.code;

import dev.cloister.engine.module.WasmModule;

/// How debuggers and logs call a module: `wasm://wasm/NAME-HASH` or `wasm://wasm/HASH`, as V8 does.
///
/// The hash is the first 32 bits of the SHA-256 of the wire bytes, in eight hexadecimal digits.
///
/// @param text the whole URL
public record ScriptUrl(String text) {
  private static final int HASH_DIGITS = 8;

  /// {@return the URL of a module}
  static ScriptUrl of(WasmModule module) {
    String hash = module.wireBytes().sha256().hex().substring(0, HASH_DIGITS);
    String name = module.name();
    return new ScriptUrl(
        "wasm://wasm/" + (name == null || name.isEmpty() ? "" : name + "-") + hash);
  }

  @Override
  public String toString() {
    return text;
  }
}
