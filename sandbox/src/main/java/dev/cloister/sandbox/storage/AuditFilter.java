package dev.cloister.sandbox.storage;

import org.jspecify.annotations.Nullable;

/// Which audit records to list.
///
/// @param tenant only this tenant's
/// @param action only those of this action
/// @param text only those whose action, actor or target contains this text
/// @param before only numbers below this one; [Long#MAX_VALUE] for the newest
/// @param limit how many at most
public record AuditFilter(
    @Nullable TenantName tenant,
    @Nullable String action,
    @Nullable String text,
    long before,
    int limit) {

  /// Records of any action.
  public AuditFilter(@Nullable TenantName tenant, @Nullable String text, long before, int limit) {
    this(tenant, null, text, before, limit);
  }
}
