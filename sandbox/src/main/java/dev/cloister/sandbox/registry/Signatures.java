package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.signature.DetachedSignature;
import dev.cloister.sandbox.signature.SignatureCheck;
import dev.cloister.sandbox.signature.SignatureMode;
import dev.cloister.sandbox.signature.SignaturePolicy;
import dev.cloister.sandbox.signature.TrustedKey;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.Signer;
import dev.cloister.sandbox.storage.TenantName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Whose signatures of modules tenants want, and who signed which version.
public final class Signatures {
  private static final int MAX_KEYS = 100;
  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9._-]{1,63}");

  private final MetadataStore store;
  private final TenantRegistry tenants;
  private final AuditLog audit;
  private final Supplier<SignatureMode> minimum;

  Signatures(
      MetadataStore store,
      TenantRegistry tenants,
      AuditLog audit,
      Supplier<SignatureMode> minimum) {
    this.store = store;
    this.tenants = tenants;
    this.audit = audit;
    this.minimum = minimum;
  }

  /// A policy as people write it.
  public record Document(@Nullable String mode, @Nullable List<@Nullable Key> keys) {
    /// A trusted key as people write it.
    public record Key(@Nullable String id, @Nullable String publicKey) {}

    /// Returns a policy in this form.
    public static Document of(SignaturePolicy policy) {
      List<@Nullable Key> keys = new ArrayList<>();
      policy.keys().forEach(key -> keys.add(new Key(key.id(), key.publicKey())));
      return new Document(policy.mode().text(), keys);
    }
  }

  /// Returns what a tenant said.
  public SignaturePolicy policy(TenantName tenant) {
    @Nullable String json = store.signaturePolicy(tenant);
    return json == null
        ? SignaturePolicy.none()
        : parse(Json.read(json.getBytes(StandardCharsets.UTF_8), Document.class));
  }

  /// Returns what holds for a tenant, which is at least as strict as the operator wants.
  public SignaturePolicy effective(TenantName tenant) {
    return policy(tenant).atLeast(minimum.get());
  }

  /// Replaces a tenant's policy.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a key or the mode is none, or the tenant
  ///   is gone
  public SignaturePolicy change(TenantName tenant, Document document, Author author) {
    SignaturePolicy policy = parse(document);
    String json = Json.text(Document.of(policy));
    String detail =
        policy.mode().text() + " " + policy.keys().stream().map(TrustedKey::id).toList();
    store.write(
        transaction -> {
          tenants.require(tenant);
          transaction.putSignaturePolicy(tenant, json);
          return transaction.appendAudit(
              audit.entry(author, "signatures.change", tenant, tenant.text(), detail));
        },
        audit::publish);
    return policy;
  }

  /// Starts the check of what is uploaded.
  ///
  /// @param isDocument whether it is a manifest or a bundle, not a module
  /// @param header the header `Cloister-Signature`, null if there is none
  /// @throws dev.cloister.sandbox.problem.ApiException if the header is malformed
  SignatureCheck begin(TenantName tenant, boolean isDocument, @Nullable String header) {
    SignaturePolicy policy = effective(tenant);
    try {
      @Nullable DetachedSignature detached =
          header == null || policy.mode() == SignatureMode.OFF
              ? null
              : DetachedSignature.parse(header);
      return isDocument
          ? SignatureCheck.ofDocument(policy, detached)
          : new SignatureCheck(policy, detached);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
              DetachedSignature.HEADER,
              (header == null ? 0 : header.length()) + " characters",
              String.valueOf(e.getMessage()))
          .asException();
    }
  }

  /// Returns the ids of the keys that signed a version when it was uploaded.
  public List<String> signers(TenantName tenant, PluginName plugin, BlobDigest version) {
    return store.signers(tenant, plugin, version).stream().map(Signer::keyId).toList();
  }

  /// Checks that calls may be sent to a version: where signatures are required, one by a key that
  /// is still trusted.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if not
  void requireSigned(TenantName tenant, PluginName plugin, BlobDigest version) {
    SignaturePolicy policy = effective(tenant);
    if (policy.mode() != SignatureMode.REQUIRED) {
      return;
    }
    Set<String> trusted =
        policy.keys().stream().map(TrustedKey::publicKey).collect(Collectors.toSet());
    if (store.signers(tenant, plugin, version).stream()
        .noneMatch(signer -> trusted.contains(signer.publicKey()))) {
      throw Problem.of(
              ProblemType.SIGNATURE_REQUIRED,
              "no key that the tenant trusts now signed the version; upload it signed")
          .with("version", version.toString())
          .with("allowed", policy.keys().stream().map(TrustedKey::id).toList())
          .asException();
    }
  }

  private static SignaturePolicy parse(Document document) {
    @Nullable String name = document.mode();
    @Nullable SignatureMode mode = name == null ? null : SignatureMode.named(name);
    if (mode == null) {
      throw Problem.invalid("mode", name, "off, optional or required").asException();
    }
    List<Document.@Nullable Key> keys = document.keys() == null ? List.of() : document.keys();
    if (keys.size() > MAX_KEYS) {
      throw Problem.limit(ProblemType.LIMIT, "signatureKeys", keys.size(), MAX_KEYS).asException();
    }
    List<TrustedKey> trusted = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      TrustedKey key = parse("keys." + i, keys.get(i));
      if (!ids.add(key.id())) {
        throw Problem.invalid("keys." + i + ".id", key.id(), "the id of one key only")
            .asException();
      }
      trusted.add(key);
    }
    return new SignaturePolicy(mode, trusted);
  }

  private static TrustedKey parse(String what, Document.@Nullable Key key) {
    @Nullable String id = key == null ? null : key.id();
    @Nullable String publicKey = key == null ? null : key.publicKey();
    if (id == null || !KEY_ID.matcher(id).matches()) {
      throw Problem.invalid(what + ".id", id, "1 to 63 of A-Z a-z 0-9 . _ -").asException();
    }
    if (publicKey == null) {
      throw Problem.invalid(what + ".publicKey", null, "a public Ed25519 key").asException();
    }
    try {
      return TrustedKey.parse(id, publicKey);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(what + ".publicKey", publicKey, String.valueOf(e.getMessage()))
          .asException();
    }
  }
}
