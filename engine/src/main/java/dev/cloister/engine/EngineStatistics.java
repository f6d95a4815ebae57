package dev.cloister.engine;

import dev.cloister.engine.runtime.Stopper;

/// Figures of an engine at one moment.
///
/// @param isolates the number of isolates
/// @param nativeModules the number of live native modules
/// @param compilations how many native modules were compiled since the start
/// @param cacheHits how often a module was there already
/// @param wireBytes the sizes of all live modules
/// @param codeBytes the sizes of all class files of live modules
/// @param metadataBytes an estimate of what is kept of all decoded modules
/// @param stops how guests were stopped
/// @param knownFaults how often a faulty module was known from a moment before
/// @param memory what the engine itself takes of the heap
public record EngineStatistics(
    int isolates,
    int nativeModules,
    long compilations,
    long cacheHits,
    long wireBytes,
    long codeBytes,
    long metadataBytes,
    Stopper.Figures stops,
    long knownFaults,
    EngineMemory memory) {}
