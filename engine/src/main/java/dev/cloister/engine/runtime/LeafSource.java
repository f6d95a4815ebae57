package dev.cloister.engine.runtime;

import java.lang.invoke.MethodHandle;

/// The loader of the classes of a call shape, as the initialiser of a leaf's class sees it.
@CalledByGeneratedCode
@FunctionalInterface
public interface LeafSource {
  /// {@return what the class with this number invokes, see [HostFunction.Unbound#leafTarget]}
  @CalledByGeneratedCode
  MethodHandle leafTarget(int number);
}
