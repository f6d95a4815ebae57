package dev.cloister.engine;

/// Code that was given up.
///
/// @param codeBytes the class files
/// @param metadataBytes an estimate of what is kept besides
public record FlushedCode(long codeBytes, long metadataBytes) {}
