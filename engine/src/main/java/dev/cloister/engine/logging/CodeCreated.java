package dev.cloister.engine.logging;

import dev.cloister.engine.error.SourcePosition;
import org.jspecify.annotations.Nullable;

/// Code that an isolate can run was made, or was there when the log was switched on.
///
/// @param isolate the name of the isolate
/// @param scriptId the isolate's script for the module, or [#NO_SCRIPT] for a wrapper, which
///   belongs to no module
/// @param scriptUrl what the module is called, empty for a wrapper
/// @param functionIndex the index of the function, -1 for a wrapper
/// @param functionName its name in the module, if it has one; the signature of a wrapper
/// @param tier how it was made
/// @param bytes its part of the class files, an estimate
/// @param offset where its instructions start in the module, in bytes; -1 for a wrapper
/// @param source where in the source text that is, if the module says so
public record CodeCreated(
    String isolate,
    int scriptId,
    String scriptUrl,
    int functionIndex,
    @Nullable String functionName,
    String tier,
    int bytes,
    int offset,
    @Nullable SourcePosition source) {
  /// The script of wrappers.
  public static final int NO_SCRIPT = -1;
}
