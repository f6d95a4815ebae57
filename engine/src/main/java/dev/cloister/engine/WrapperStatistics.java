package dev.cloister.engine;

import dev.cloister.engine.code.SignatureClasses;

/// Figures of the wrappers of imports and exports at one moment. There is a pair for each shape of
/// signatures, shared by all modules.
///
/// @param signatures the shapes that have wrappers, or could have them at once
/// @param used those that live modules use; the others go with the next garbage collection
/// @param references how often live modules use one
/// @param bytes the class files of all wrappers
/// @param hits how often a module found a shape that was there
/// @param misses how often it did not
/// @param unloaded the shapes that are gone
public record WrapperStatistics(
    int signatures, int used, long references, long bytes, long hits, long misses, long unloaded) {
  static WrapperStatistics of(SignatureClasses classes) {
    SignatureClasses.Figures figures = classes.figures();
    return new WrapperStatistics(
        figures.signatures(),
        figures.used(),
        figures.references(),
        figures.bytes(),
        figures.hits(),
        figures.misses(),
        figures.misses() - figures.signatures());
  }
}
