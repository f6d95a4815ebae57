package dev.cloister.engine.runtime;

/// Makes instances of one module. Implemented by a generated class; safe to use by any thread.
@CalledByGeneratedCode
@FunctionalInterface
public interface InstanceFactory {
  /// {@return a new instance that is not yet linked and runs no code image yet}
  Instance newInstance(Store store, CodeLinkage linkage);
}
