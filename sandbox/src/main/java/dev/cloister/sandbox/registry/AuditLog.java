package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.AuditChain;
import dev.cloister.sandbox.storage.AuditFilter;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The record of every change: written in the transaction of the change, then shown to listeners.
public final class AuditLog {
  private static final int VERIFIED_PAGE = 1_000;

  private final MetadataStore store;
  private final Clock clock;
  private final Broadcast<AuditRecord> listeners = new Broadcast<>();

  AuditLog(MetadataStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /// Makes the entry for a change that succeeds if its transaction does.
  AuditRecord entry(
      Author author,
      String action,
      @Nullable TenantName tenant,
      @Nullable String target,
      @Nullable String detail) {
    return AuditRecord.create(
        now(),
        author.principal().actor(),
        author.principal().role().text(),
        action,
        tenant,
        target,
        "ok",
        detail,
        author.remote());
  }

  /// Shows an entry whose transaction is durable to the listeners.
  void publish(AuditRecord stored) {
    listeners.publish(stored);
  }

  /// Records an event that changes nothing else, a sign-in for instance.
  public void append(Author author, String action) {
    append(entry(author, action, null, null, null));
  }

  /// Records something that was done to the server itself, not to what is stored.
  ///
  /// @param target what it was done to, or null for all of it
  public void append(Author author, String action, @Nullable String target) {
    append(entry(author, action, null, target, null));
  }

  /// Records an event of a tenant that changes nothing that is kept.
  public void append(Author author, String action, TenantName tenant, String target) {
    append(entry(author, action, tenant, target, null));
  }

  /// Records something that was done to the server because its process got a signal.
  ///
  /// @param signal the signal's name
  public void appendSignal(String signal, String action, String target) {
    append(
        AuditRecord.create(
            now(), "signal:" + signal, "operator", action, null, target, "ok", null, null));
  }

  /// Records that somebody came with a wrong key.
  ///
  /// @param keyId the public part of the key that was tried, null if it has none
  public void appendRefusal(String action, @Nullable String keyId, @Nullable String remote) {
    append(
        AuditRecord.create(now(), "unknown", "none", action, null, keyId, "refused", null, remote));
  }

  /// Lists entries, newest first.
  public List<AuditRecord> list(AuditFilter filter) {
    return store.audit(filter);
  }

  /// Lists entries with numbers above `id`, oldest first, at most `limit`.
  public List<AuditRecord> after(long id, int limit) {
    return store.auditAfter(id, limit);
  }

  /// Checks the hashes of all entries that are kept.
  public AuditChain.Result verify() {
    AuditChain chain = new AuditChain();
    long last = -1;
    List<AuditRecord> page = store.auditAfter(last, VERIFIED_PAGE);
    while (!page.isEmpty()) {
      page.forEach(chain::check);
      last = page.getLast().id();
      page = store.auditAfter(last, VERIFIED_PAGE);
    }
    return chain.result();
  }

  /// Calls `listener` for every entry from now on.
  public Broadcast.Subscription subscribe(Consumer<AuditRecord> listener) {
    return listeners.subscribe(listener);
  }

  /// As exactly as records are stored.
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private void append(AuditRecord entry) {
    store.write(transaction -> transaction.appendAudit(entry), this::publish);
  }
}
