package dev.cloister.engine.compile;

import dev.cloister.engine.feature.WasmLimits;
import org.jspecify.annotations.Nullable;

/// What a compilation is for.
///
/// @param owner stands for the isolate, whose jobs have the same one
/// @param isolate its name
/// @param tag what the embedder calls the module, to find its jobs again
/// @param salt what sets the isolate's modules apart; empty if they are shared with all
/// @param limits that the module must keep
/// @param allowedMillis the processor time that the work may take
public record CompileRequest(
    Object owner,
    String isolate,
    @Nullable String tag,
    String salt,
    WasmLimits limits,
    long allowedMillis) {}
