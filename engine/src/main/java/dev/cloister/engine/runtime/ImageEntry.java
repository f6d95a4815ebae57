package dev.cloister.engine.runtime;

/// The entry into one code image of a module, stateless. Subclasses are generated: one of a module,
/// which has the module's constants, and below it one of each image. Safe to use by any thread.
@CalledByGeneratedCode
public abstract class ImageEntry {
  /// Called by the generated subclasses.
  @CalledByGeneratedCode
  protected ImageEntry() {}

  /// {@return a new instance of the module that is not yet linked and runs no code image yet}
  public abstract Instance newInstance(Store store, CodeLinkage linkage);
}
