package dev.cloister.engine.runtime;

/// Where optimized code keeps vectors in the processor's vector registers, by objects of the JDK's
/// Vector API; elsewhere they are two longs each. The results are the same.
public enum VectorUse {
  /// Nowhere.
  NEVER,
  /// In functions that compute with vectors enough, and are small enough, if the module
  /// `jdk.incubator.vector` was added to the JVM.
  WORTHWHILE,
  /// In all functions in which that is possible: for tests.
  ALWAYS
}
