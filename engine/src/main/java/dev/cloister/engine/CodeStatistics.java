package dev.cloister.engine;

import dev.cloister.engine.code.CodeManager;
import dev.cloister.engine.code.Tiering;

/// Figures of an engine's generated code at one moment, in bytes of class files.
///
/// @param committedBytes the code that was not freed
/// @param maxBytes how much of that there may be
/// @param definedBytes all code since the start
/// @param freedBytes what nobody runs and no call enters (*logically freed*)
/// @param unloadedBytes what the JVM has unloaded for sure; it may lag behind (*confirmed*)
/// @param potentiallyDeadBytes what no call enters and was not freed yet
/// @param collections the collections of code that were begun
/// @param finishedCollections those that have ended
/// @param outstandingIsolates how many isolates are still to report in the one that runs
/// @param flushes how often baseline code was given up
/// @param flushedBytes how much that was
/// @param refusals how often code was refused, for the budget or for the JVM's code cache
/// @param codeCacheUse what part of the JVM's code cache is used, from 0 to 1
/// @param samples how often the stack of a guest's thread was taken
/// @param guestSamples how often guest code was on top of it
/// @param samplerNanos the time that this took
/// @param generations the images that were made because functions were hot
/// @param needlessGenerations how often that was left, because better code would have been the same
/// @param postponedGenerations how often it was left, because there is too much code
public record CodeStatistics(
    long committedBytes,
    long maxBytes,
    long definedBytes,
    long freedBytes,
    long unloadedBytes,
    long potentiallyDeadBytes,
    long collections,
    long finishedCollections,
    int outstandingIsolates,
    long flushes,
    long flushedBytes,
    long refusals,
    double codeCacheUse,
    long samples,
    long guestSamples,
    long samplerNanos,
    long generations,
    long needlessGenerations,
    long postponedGenerations) {
  static CodeStatistics of(CodeManager manager) {
    CodeManager.Figures code = manager.figures();
    Tiering.Figures tiers = manager.tiering().figures();
    return new CodeStatistics(
        code.committedBytes(),
        code.maxBytes(),
        code.definedBytes(),
        code.freedBytes(),
        code.unloadedBytes(),
        code.potentiallyDeadBytes(),
        code.collections(),
        code.finishedCollections(),
        code.outstandingIsolates(),
        code.flushes(),
        code.flushedBytes(),
        code.refusals(),
        code.codeCacheUse(),
        tiers.samples(),
        tiers.guestSamples(),
        tiers.samplerNanos(),
        tiers.generations(),
        tiers.needless(),
        tiers.postponed());
  }
}
