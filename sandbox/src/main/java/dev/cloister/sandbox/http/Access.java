package dev.cloister.sandbox.http;

import dev.cloister.sandbox.storage.Role;
import org.jspecify.annotations.Nullable;

/// Who may use a route, as the table of routes declares it; [Authorization] decides. Where the path
/// names a tenant, everybody else's tenants are as good as absent.
enum Access {
  /// Everybody, without a key.
  PUBLIC(null),
  /// Every key that may call; below a tenant, that tenant's.
  INVOKER(Role.INVOKER),
  /// Every key that manages; below a tenant, that tenant's.
  TENANT_ADMIN(Role.TENANT_ADMIN),
  /// The operator.
  OPERATOR(Role.OPERATOR);

  private final @Nullable Role role;

  Access(@Nullable Role role) {
    this.role = role;
  }

  /// Returns the least role that may use the route, null if nobody needs a key.
  @Nullable Role role() {
    return role;
  }
}
