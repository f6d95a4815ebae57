package dev.cloister.engine;

import dev.cloister.engine.runtime.CodeKind;

/// How hot a function was found to be, by samples of running guests.
///
/// @param functionIndex which
/// @param samples how often a guest was found in it
/// @param tier how the code is made that new calls run
public record FunctionProfile(int functionIndex, int samples, CodeKind tier) {}
