package dev.cloister.isolate.instance;

import dev.cloister.engine.module.ModuleHash;

/// A version of a plugin: what instances of the one may not be used for the other.
///
/// @param plugin the plugin's name
/// @param module the digest of the version's module
public record VersionKey(String plugin, ModuleHash module) {}
