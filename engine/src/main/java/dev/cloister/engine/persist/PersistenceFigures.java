package dev.cloister.engine.persist;

/// What an engine has loaded and written of compiled code since it was started.
///
/// @param loadedUnits the class files and chunks that were read in place of being generated
/// @param loadedBytes their size
/// @param loadedNanos how long reading and checking them took, of all threads
/// @param writtenUnits the class files and chunks that were written
/// @param writtenBytes their size
/// @param writtenNanos how long writing took
/// @param droppedBytes what was not kept because there was no room
/// @param pendingBytes what is held in memory to be written
public record PersistenceFigures(
    long loadedUnits,
    long loadedBytes,
    long loadedNanos,
    long writtenUnits,
    long writtenBytes,
    long writtenNanos,
    long droppedBytes,
    long pendingBytes) {}
