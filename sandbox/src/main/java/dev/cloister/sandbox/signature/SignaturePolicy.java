package dev.cloister.sandbox.signature;

import java.util.List;

/// Whether a tenant's modules must be signed, and by whom.
///
/// @param mode what becomes of signatures
/// @param keys whose signatures count
public record SignaturePolicy(SignatureMode mode, List<TrustedKey> keys) {
  /// Copies the list.
  public SignaturePolicy {
    keys = List.copyOf(keys);
  }

  /// The policy of a tenant that said nothing.
  public static SignaturePolicy none() {
    return new SignaturePolicy(SignatureMode.OFF, List.of());
  }

  /// Returns this policy, at least as strict as `minimum`.
  public SignaturePolicy atLeast(SignatureMode minimum) {
    return new SignaturePolicy(mode.orStricter(minimum), keys);
  }
}
