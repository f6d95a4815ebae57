package dev.cloister.isolate.abi;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The conventions that a plugin can follow.
public enum Abi {
  /// Exports with numeric parameters, called with typed values; no imports needed.
  PLAIN("plain"),
  /// A WASI preview 1 command: `_start`, arguments, standard streams, exit code.
  WASI_COMMAND("wasi-command"),
  /// A WASI preview 1 reactor: `_initialize` once, then its exports as plain ones.
  WASI_REACTOR("wasi-reactor"),
  /// A command that is an HTTP handler by CGI; never detected, since any command may be one.
  WAGI("wagi"),
  /// A command that is an HTTP handler and takes and gives JSON; never detected.
  WWS("wws"),
  /// An Extism plug-in: bytes in, bytes out over the host's block memory.
  EXTISM("extism");

  private static final Map<String, Abi> BY_LABEL =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Abi::label, abi -> abi));

  private final String label;

  Abi(String label) {
    this.label = label;
  }

  /// The name in the API.
  public String label() {
    return label;
  }

  /// The convention of this name, or null.
  public static @Nullable Abi labelled(String label) {
    return BY_LABEL.get(label);
  }
}
