package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import org.jspecify.annotations.Nullable;

/// Every decision about who may do what. Nothing else compares roles or tenants.
///
/// Nothing is looked up to decide, only what the request says and what its key proved: the answer
/// to a stranger is the same, in words and in time, whether a tenant exists or not.
/// `AuthorizationTest` goes through all roles, routes and tenants.
final class Authorization {
  private static final int RETRY_SECONDS = 10;

  private Authorization() {}

  /// Admits a request or throws the problem that says why not: 401 without a valid key, 404 below
  /// another tenant, 403 where the role is too small.
  ///
  /// @param access who may use the route
  /// @param identity what the request proved of who makes it
  /// @param tenant the tenant in the path as it was written, null if the path has none
  /// @throws dev.cloister.sandbox.problem.ApiException if the request is not admitted
  static void require(Access access, Identity identity, @Nullable String tenant) {
    @Nullable Role role = access.role();
    if (role == null) {
      return;
    }
    Principal principal = principal(identity);
    // First, so that a role too small for a route says nothing about another tenant.
    if (tenant != null && !isOf(principal, tenant)) {
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

  /// Returns whether `principal` may know of what belongs to `tenant`: rows of lists and events.
  static boolean sees(Principal principal, TenantName tenant) {
    return isOf(principal, tenant.text());
  }

  /// Returns whether `principal` may know of what belongs to the isolate of this name.
  static boolean sees(Principal principal, String isolate) {
    return isOf(principal, isolate);
  }

  /// Returns whether `principal` may know of work that `asker` asked for: everybody of their own,
  /// and whoever manages the tenant of all that is done for it.
  static boolean seesWorkOf(Principal principal, String asker, String tenant) {
    return isOf(principal, tenant)
        && (principal.role().includes(Role.TENANT_ADMIN) || principal.actor().equals(asker));
  }

  /// Returns whether `principal` may know of what belongs to all tenants together.
  static boolean seesAll(Principal principal) {
    return principal.tenant() == null;
  }

  private static Principal principal(Identity identity) {
    return switch (identity) {
      case Identity.Known known -> known.principal();
      case Identity.Anonymous() ->
          throw Problem.of(
                  ProblemType.UNAUTHORIZED, "send a valid key as Authorization: Bearer KEY")
              .asException();
      case Identity.Refused refused ->
          throw Problem.of(ProblemType.UNAUTHORIZED, refused.reason())
              .with("reason", "invalid-key")
              .asException();
      case Identity.Unavailable unavailable ->
          throw Problem.of(ProblemType.UNAVAILABLE, unavailable.reason())
              .with(Problem.RETRY_AFTER, RETRY_SECONDS)
              .asException();
      case Identity.Pending _ -> throw new IllegalStateException("the identity is not known yet");
      case Identity.Expired expired ->
          throw Problem.of(ProblemType.UNAUTHORIZED, "the key is not valid since " + expired.end())
              .with("reason", "expired-key")
              .with("expiredAt", expired.end().toString())
              .asException();
    };
  }

  private static boolean isOf(Principal principal, String tenant) {
    @Nullable TenantName own = principal.tenant();
    return own == null || own.text().equals(tenant);
  }
}
