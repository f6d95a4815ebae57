package dev.cloister.isolate.abi.extism;

/// What a plug-in says went wrong with a call.
///
/// @param message in its words, or what its code means
/// @param code what its function returned, or its exit code
public record ExtismFailure(String message, int code) {}
