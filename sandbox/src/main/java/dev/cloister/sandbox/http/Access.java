package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.Role;
import org.jspecify.annotations.Nullable;

/// Who may use a route. Where the path names a tenant, everybody else's tenants are as good as
/// absent.
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

  /// Admits the request or throws the problem that says why not.
  ///
  /// @param principal who makes it, null without a valid key
  /// @param tenant the tenant in the path, null if it has none
  void check(@Nullable Principal principal, @Nullable String tenant) {
    if (role == null) {
      return;
    }
    if (principal == null) {
      throw Problem.of(ProblemType.UNAUTHORIZED, "send a valid key as Authorization: Bearer KEY")
          .asException();
    }
    if (tenant != null
        && principal instanceof Principal.Member member
        && !member.tenant().text().equals(tenant)) {
      throw Problem.notFound("tenant", tenant).asException();
    }
    if (!principal.role().includes(role)) {
      throw Problem.of(
              ProblemType.FORBIDDEN,
              "this needs the role " + role.text() + ", the key has " + principal.role().text())
          .with("actual", principal.role().text())
          .with("allowed", role.text())
          .asException();
    }
  }
}
