package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The calls of the interface whose feature this version does not have. They are answered with the
/// problem `not-available`, after the same checks of the key as all others.
final class NotAvailable {
  /// A call that does not exist yet.
  ///
  /// @param method its method, null for every method
  /// @param path its path
  /// @param access who may use it once it exists
  /// @param feature what is missing, in words
  record Call(@Nullable HttpMethod method, String path, Access access, String feature) {
    Endpoint endpoint() {
      return _ -> {
        throw Problem.notAvailable(feature).asException();
      };
    }
  }

  static final List<Call> CALLS =
      List.of(
          new Call(
              HttpMethod.POST,
              "/v1/cluster/members/{member}/drain",
              Access.OPERATOR,
              "draining a member"));

  private NotAvailable() {}
}
