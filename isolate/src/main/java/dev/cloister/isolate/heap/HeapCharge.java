package dev.cloister.isolate.heap;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.LimitExceededException;

/// Bytes of one category that one owner holds and at last gives back together. Any thread.
public final class HeapCharge implements AutoCloseable {
  private final HeapLedger ledger;
  private final HeapCategory category;

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private boolean isClosed;

  /// Begins with nothing.
  public HeapCharge(HeapLedger ledger, HeapCategory category) {
    this.ledger = ledger;
    this.category = category;
  }

  /// A charge that nobody pays for, of what is not a tenant's.
  public static HeapCharge free() {
    return new HeapCharge(new HeapLedger(Long.MAX_VALUE), HeapCategory.BUFFER);
  }

  /// Charges `more` bytes that are about to be held.
  ///
  /// @throws LimitExceededException of `memoryBytes` if the tenant has no room for them
  /// @throws IllegalStateException if all was given back
  public synchronized void add(long more) {
    if (isClosed) {
      throw new IllegalStateException("the charge was given back");
    }
    if (!ledger.charge(category, more)) {
      throw new LimitExceededException(
          "memoryBytes", ledger.chargedBytes() + more, ledger.capBytes());
    }
    bytes += more;
  }

  /// Gives some bytes back. Does nothing once all was given back.
  ///
  /// @throws IllegalStateException if there are fewer
  public synchronized void remove(long less) {
    if (isClosed) {
      return;
    }
    if (less > bytes) {
      throw new IllegalStateException("gave back " + less + " bytes, there are " + bytes);
    }
    bytes -= less;
    ledger.release(category, less);
  }

  /// The bytes charged now.
  public synchronized long bytes() {
    return bytes;
  }

  /// Gives back what is left. Repeating it does nothing.
  @Override
  public synchronized void close() {
    isClosed = true;
    ledger.release(category, bytes);
    bytes = 0;
  }
}
