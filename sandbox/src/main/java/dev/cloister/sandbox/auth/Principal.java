package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import org.jspecify.annotations.Nullable;

/// Who made a request, as its key or session proved.
public sealed interface Principal {

  /// Returns what the principal may do.
  Role role();

  /// Returns the name under which the audit log has the principal.
  String actor();

  /// Returns the one tenant that the principal may know of, null if it is all of them.
  @Nullable TenantName tenant();

  /// The holder of the operator key.
  record Operator() implements Principal {
    @Override
    public Role role() {
      return Role.OPERATOR;
    }

    @Override
    public String actor() {
      return "operator";
    }

    @Override
    public @Nullable TenantName tenant() {
      return null;
    }
  }

  /// The holder of a key of a tenant.
  ///
  /// @param tenant the tenant
  /// @param role the role of the key
  /// @param keyId the public part of the key
  record Member(TenantName tenant, Role role, String keyId) implements Principal {
    @Override
    public String actor() {
      return "key:" + keyId;
    }
  }

  /// Somebody whom the issuer of a token vouches for.
  ///
  /// @param subject whom, in the issuer's words
  /// @param role what the token gives
  /// @param tenant the tenant, null for an operator
  record User(String subject, Role role, @Nullable TenantName tenant) implements Principal {
    @Override
    public String actor() {
      return "user:" + subject;
    }
  }
}
