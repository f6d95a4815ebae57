package dev.cloister.engine.runtime;

/// The entry into one code image of a module, stateless. Subclasses are generated.
@CalledByGeneratedCode
public abstract class ImageEntry {
  /// Called by the generated subclasses.
  @CalledByGeneratedCode
  protected ImageEntry() {}
}
