package dev.cloister.engine.code;

import dev.cloister.engine.runtime.CodeKind;

/// How hot a function was found to be.
///
/// @param functionIndex which
/// @param samples how often a guest was found in it
/// @param priority how often it used up its budget of samples, see
///   [dev.cloister.engine.runtime.TierPolicy]
/// @param tier that of new calls
public record FunctionHeat(int functionIndex, int samples, int priority, CodeKind tier) {}
