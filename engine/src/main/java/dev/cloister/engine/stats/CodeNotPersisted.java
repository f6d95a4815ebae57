package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;

/// What was kept of a module's code cannot be used, or its new code not be kept. It is generated in
/// place of being loaded; nothing else fails.
///
/// @param module the digest of its bytes
/// @param isWriting whether new code was to be written
/// @param reason why, for people
public record CodeNotPersisted(ModuleHash module, boolean isWriting, String reason) {}
