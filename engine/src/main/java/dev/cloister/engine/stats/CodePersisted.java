package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;

/// Code of a module was written, to be loaded when the module is used again.
///
/// @param module the digest of its bytes
/// @param units the class files and chunks that were added
/// @param bytes their size
/// @param archiveBytes what is kept of the module now
/// @param wallMicros how long it took
public record CodePersisted(
    ModuleHash module, int units, long bytes, long archiveBytes, long wallMicros) {}
