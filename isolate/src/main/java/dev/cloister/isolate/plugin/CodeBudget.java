package dev.cloister.isolate.plugin;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.concurrent.atomic.AtomicLong;

/// A tenant's share of compiled code: part of its ledger, with a limit of its own. Any thread.
///
/// A module costs each tenant that holds it the same, whoever else holds it, since a share that
/// depended on others would change when they come and go.
public final class CodeBudget {
  /// The name of the limit.
  public static final String LIMIT = "codeBytes";

  private final HeapLedger ledger;
  private final AtomicLong usedBytes = new AtomicLong();
  private volatile long maxBytes;

  /// Opens the budget of a tenant.
  public CodeBudget(HeapLedger ledger, long maxBytes) {
    this.ledger = ledger;
    this.maxBytes = maxBytes;
  }

  /// Changes the limit from the next charge on; what is charged stays.
  public void changeMax(long newMaxBytes) {
    maxBytes = newMaxBytes;
  }

  /// The bytes charged now.
  public long usedBytes() {
    return usedBytes.get();
  }

  /// Charges `bytes` that are about to be held.
  ///
  /// @throws LimitExceededException of `codeBytes` or `memoryBytes`; nothing is charged then
  void charge(long bytes) {
    claim(bytes);
    if (!ledger.charge(HeapCategory.CODE_SHARE, bytes)) {
      usedBytes.addAndGet(-bytes);
      throw new LimitExceededException(
          "memoryBytes", ledger.chargedBytes() + bytes, ledger.capBytes());
    }
  }

  /// Gives back what [#charge] charged.
  void release(long bytes) {
    ledger.release(HeapCategory.CODE_SHARE, bytes);
    usedBytes.addAndGet(-bytes);
  }

  private void claim(long bytes) {
    long used;
    do {
      used = usedBytes.get();
      if (bytes > maxBytes - used) {
        throw new LimitExceededException(LIMIT, used + bytes, maxBytes);
      }
    } while (!usedBytes.compareAndSet(used, used + bytes));
  }
}
