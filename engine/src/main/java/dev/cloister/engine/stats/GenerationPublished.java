package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;

/// That calls enter a generation of a module's code from now on: a code image.
///
/// @param module the digest of the module's bytes
/// @param scriptUrl how stack traces and logs call the module
/// @param generation the number of the image among those of the module, in order of creation
/// @param tier how its functions are made, as `baseline` or `optimized`; `mixed` if not all alike
/// @param optimizedFunctions how many functions of a mixed one are optimized
/// @param cause why there is a generation
/// @param codeBytes the class files that it has at this moment; most follow when they are called
public record GenerationPublished(
    ModuleHash module,
    String scriptUrl,
    int generation,
    String tier,
    int optimizedFunctions,
    GenerationCause cause,
    long codeBytes) {}
