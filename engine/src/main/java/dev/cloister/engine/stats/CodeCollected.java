package dev.cloister.engine.stats;

/// That a collection of code has ended.
///
/// @param number 1 for the first one of the engine
/// @param isRequested whether somebody asked for it, also among others; else so much code was
///   potentially dead that it was worth the trouble
/// @param isFollowUp whether it was asked for while the one before was running
/// @param isolates how many isolates were asked what they run
/// @param candidates how many units of code were potentially dead: generations, and what a module
///   has once for all of its generations
/// @param freed how many of them were freed
/// @param freedBytes the class files of these
/// @param wallMicros the time from the beginning to the end
public record CodeCollected(
    long number,
    boolean isRequested,
    boolean isFollowUp,
    int isolates,
    int candidates,
    int freed,
    long freedBytes,
    long wallMicros) {}
