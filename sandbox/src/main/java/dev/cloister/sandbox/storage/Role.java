package dev.cloister.sandbox.storage;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the holder of a key may do, from least to most; each role includes the ones before it.
public enum Role {
  /// Calls a tenant's plugins and reads what they are.
  INVOKER,
  /// Manages one tenant.
  TENANT_ADMIN,
  /// Manages the server and every tenant.
  OPERATOR;

  /// Returns the role of this public name, or null if there is none.
  public static @Nullable Role named(String name) {
    for (Role role : values()) {
      if (role.text().equals(name)) {
        return role;
      }
    }
    return null;
  }

  /// Returns the public name, `tenant-admin` for instance.
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Returns whether this role may do what `required` may do.
  public boolean includes(Role required) {
    return compareTo(required) >= 0;
  }
}
