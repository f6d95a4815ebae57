package dev.cloister.engine.runtime;

/// What an object of the guest keeps as long as it lives, so that the collector's verdict on it is
/// noticed; see [GcHeap].
@CalledByGeneratedCode
public final class GcToken {
  GcToken() {}
}
