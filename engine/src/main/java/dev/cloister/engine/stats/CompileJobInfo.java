package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;
import org.jspecify.annotations.Nullable;

/// A compilation at one moment.
///
/// @param id its number, which no other compilation of the engine has
/// @param isolate the name of the isolate that it is for
/// @param tag what the embedder calls the module, null if it said nothing
/// @param hash the SHA-256 of the wire bytes, null as long as they are not all there
/// @param mode how the module comes
/// @param state how far it is
/// @param receivedBytes the wire bytes that are there
/// @param validatedFunctions the own functions whose bodies were validated
/// @param functions the number of own functions, 0 as long as it is not known
/// @param startedMillis when it began, in milliseconds since 1970
/// @param workMillis the processor time that it took so far
public record CompileJobInfo(
    long id,
    String isolate,
    @Nullable String tag,
    @Nullable ModuleHash hash,
    CompileMode mode,
    CompileState state,
    long receivedBytes,
    int validatedFunctions,
    int functions,
    long startedMillis,
    long workMillis) {}
