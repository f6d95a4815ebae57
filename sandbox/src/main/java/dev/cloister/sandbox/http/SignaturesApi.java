package dev.cloister.sandbox.http;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.registry.Signatures;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.signature.SignaturePolicy;
import dev.cloister.sandbox.storage.TenantName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whose signatures of modules a tenant wants.
final class SignaturesApi {
  private final TenantRegistry tenants;
  private final Signatures signatures;

  SignaturesApi(TenantRegistry tenants, Signatures signatures) {
    this.tenants = tenants;
    this.signatures = signatures;
  }

  /// A policy as it is shown.
  ///
  /// @param mode what the tenant wants
  /// @param effectiveMode what holds, which the operator can make stricter
  record View(
      @Nullable String mode,
      String effectiveMode,
      @Nullable List<Signatures.Document.@Nullable Key> keys) {}

  Answer get(ApiRequest request) {
    tenants.require(request.tenant());
    return view(request.tenant(), signatures.policy(request.tenant()));
  }

  Answer put(ApiRequest request) {
    tenants.require(request.tenant());
    Signatures.Document document = Json.read(request.body(), Signatures.Document.class);
    return view(request.tenant(), signatures.change(request.tenant(), document, request.author()));
  }

  private Answer view(TenantName tenant, SignaturePolicy policy) {
    Signatures.Document document = Signatures.Document.of(policy);
    String effective = signatures.effective(tenant).mode().text();
    return Answer.json(200, new View(document.mode(), effective, document.keys()));
  }
}
