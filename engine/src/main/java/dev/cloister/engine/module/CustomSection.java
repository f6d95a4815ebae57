package dev.cloister.engine.module;

/// A custom section (Spec 5.5.3).
///
/// @param offset where in the module the content after the name starts
/// @param length number of bytes of that content
public record CustomSection(String name, int offset, int length) {}
