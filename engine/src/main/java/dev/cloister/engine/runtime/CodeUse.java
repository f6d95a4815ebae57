package dev.cloister.engine.runtime;

/// That an instance runs a code image, for the accounts of compiled code: what nobody runs can be
/// given up. Nothing relies on it for safety, since the JVM keeps what runs.
@FunctionalInterface
public interface CodeUse {
  /// Notes that one instance has left the image, and that none of its frames are in it. Any thread,
  /// once.
  void end();
}
