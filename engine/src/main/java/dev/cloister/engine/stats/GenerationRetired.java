package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;

/// That calls from outside enter a generation of a module's code no more. Instances that run it
/// leave it at their next call; it is freed when none is left.
///
/// @param module the digest of the module's bytes
/// @param scriptUrl how stack traces and logs call the module
/// @param generation the number of the image, as when it was published
/// @param tier as when it was published
/// @param codeBytes the class files that it has
/// @param metadataBytes an estimate of what the JVM keeps besides
public record GenerationRetired(
    ModuleHash module,
    String scriptUrl,
    int generation,
    String tier,
    long codeBytes,
    long metadataBytes) {}
