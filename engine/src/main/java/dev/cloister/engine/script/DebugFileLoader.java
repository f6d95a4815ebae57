package dev.cloister.engine.script;

import org.jspecify.annotations.Nullable;

/// Gets debug information that is not in the module itself, for an embedder that has a way to it.
///
/// Nothing is fetched without one: a URL in a module is a stranger's, and to follow it from a
/// server is a request in that server's name.
@FunctionalInterface
public interface DebugFileLoader {
  /// Has no file.
  DebugFileLoader NONE = (_, _) -> null;

  /// {@return the content of a file, or null if there is none to be had} Called when a stack of the
  /// module is asked for, at most once while its result is kept; may block.
  ///
  /// @param script the module that asks
  /// @param url what the module says, not checked in any way: absolute, or relative to where the
  ///   module came from
  byte @Nullable [] load(ScriptUrl script, String url);
}
