package dev.cloister.engine.runtime;

/// The loader of a module's classes, as their initialiser sees it.
@CalledByGeneratedCode
@FunctionalInterface
public interface LinkageSource {
  /// {@return the compiled module that the classes belong to}
  @CalledByGeneratedCode
  CodeLinkage linkage();
}
