package dev.cloister.engine.stats;

/// What happened in one phase of compiling, of the whole engine.
///
/// @param phase `decode` (with validation, unless the bodies are known to be valid), `plan`,
///   `generate`, `load` (code that was kept), `define`, or `persist`
/// @param tier the kind of the code, or `all` where it does not matter
/// @param count how often
/// @param nanos how long, of all threads together
/// @param bytes of Wasm for `decode` and `plan`, of class files for the others
public record CompilationPhase(String phase, String tier, long count, long nanos, long bytes) {}
