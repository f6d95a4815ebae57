package dev.cloister.engine.runtime;

/// The loader of the classes of a code image, as their initialiser sees it.
@CalledByGeneratedCode
@FunctionalInterface
public interface ImageSource {
  /// Takes the entry into the image. Once.
  @CalledByGeneratedCode
  void enterThrough(ImageEntry entry);
}
