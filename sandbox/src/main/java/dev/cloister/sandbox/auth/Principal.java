package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;

/// Who made a request, as its key or session proved.
public sealed interface Principal {

  /// Returns what the principal may do.
  Role role();

  /// Returns the name under which the audit log has the principal.
  String actor();

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
}
