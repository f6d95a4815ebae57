package dev.cloister.sandbox.storage;

import java.util.Locale;

/// Whether a tenant's plugins can be called.
public enum TenantState {
  /// Calls are admitted.
  ACTIVE,
  /// Calls are refused until an operator resumes the tenant.
  SUSPENDED;

  /// Returns the public name.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
