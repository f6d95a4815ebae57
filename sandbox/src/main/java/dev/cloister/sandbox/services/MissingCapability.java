package dev.cloister.sandbox.services;

import org.jspecify.annotations.Nullable;

/// What becomes of an upload that needs more than its tenant was granted.
public enum MissingCapability {
  /// It is refused.
  REFUSE("refuse"),
  /// It is stored, and waits for the operator's approval.
  PARK("park");

  private final String label;

  MissingCapability(String label) {
    this.label = label;
  }

  /// Returns the name in policies.
  public String label() {
    return label;
  }

  /// Returns the one with this name, or null.
  public static @Nullable MissingCapability named(String label) {
    for (MissingCapability value : values()) {
      if (value.label.equals(label)) {
        return value;
      }
    }
    return null;
  }
}
