package dev.cloister.isolate.abi;

/// The conventions that a plugin can follow.
public enum Abi {
  /// Exports with numeric parameters, called with typed values; no imports needed.
  PLAIN("plain", true),
  /// A WASI preview 1 command: `_start`, arguments, standard streams, exit code.
  WASI_COMMAND("wasi-command", true),
  /// A WASI preview 1 reactor: `_initialize` once, then its exports as plain ones.
  WASI_REACTOR("wasi-reactor", true),
  /// An Extism plug-in: bytes in, bytes out over the host's block memory.
  EXTISM("extism", false);

  private final String label;
  private final boolean available;

  Abi(String label, boolean available) {
    this.label = label;
    this.available = available;
  }

  /// The name in the API.
  public String label() {
    return label;
  }

  /// Whether plugins of this convention can be called; the others are recognised only.
  public boolean isAvailable() {
    return available;
  }
}
