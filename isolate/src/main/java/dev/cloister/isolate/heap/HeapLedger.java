package dev.cloister.isolate.heap;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// The bytes one tenant makes the server hold, the single source of truth for `memoryBytes`.
///
/// Whoever allocates for a tenant charges first and allocates only if the charge was accepted;
/// whoever drops what was charged releases exactly the same bytes in the same category. Every
/// method may be called from any thread and none of them blocks.
///
/// Source of the shape: `ResourceLimiter` in wasmtime, `crates/wasmtime/src/runtime/limits.rs`.
public final class HeapLedger {
  /*
   * A charge raises the total by compare-and-set against the cap and then its category; a release
   * lowers the category and then the total. Between the two steps the total is never below the sum
   * over the categories, and at no moment is it above the cap: so the cap is hard, and a release
   * that was never charged is noticed at its category before it can touch the total.
   */

  /// What a closed ledger has as its cap: no charge fits.
  private static final long CLOSED = Long.MIN_VALUE;

  private final AtomicLong capBytes;
  private final AtomicLong chargedBytes = new AtomicLong();
  private final AtomicLong peakBytes = new AtomicLong();

  /// The bytes of every category; the map itself never changes.
  private final Map<HeapCategory, AtomicLong> categoryBytes = new EnumMap<>(HeapCategory.class);

  /// Gives up something that can be done without; false if there is nothing.
  private volatile BooleanSupplier reclaimer = () -> false;

  /// Opens an empty ledger that holds at most `capBytes` bytes.
  public HeapLedger(long capBytes) {
    this.capBytes = new AtomicLong(requireBytes(capBytes));
    for (HeapCategory category : HeapCategory.values()) {
      categoryBytes.put(category, new AtomicLong());
    }
  }

  /// Lets what can be done without be given up from now on when a charge would not fit otherwise.
  ///
  /// @param newReclaimer gives up one such thing and returns true, or returns false; called by
  ///   whoever charges, also deep on the stack of a guest
  public void reclaimWith(BooleanSupplier newReclaimer) {
    reclaimer = newReclaimer;
  }

  /// Charges `bytes` and returns true, or changes nothing and returns false if they do not fit.
  public boolean charge(HeapCategory category, long bytes) {
    requireBytes(bytes);
    while (!chargeAtOnce(category, bytes)) {
      if (bytes > capBytes() || !reclaimer.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }

  private boolean chargeAtOnce(HeapCategory category, long bytes) {
    long charged;
    do {
      charged = chargedBytes.get();
      long cap = capBytes.get();
      if (cap == CLOSED || bytes > cap - charged) {
        return false;
      }
    } while (!chargedBytes.compareAndSet(charged, charged + bytes));
    bytesOf(category).addAndGet(bytes);
    raisePeak(charged + bytes);
    return true;
  }

  /// Returns `bytes` that were charged in `category`.
  ///
  /// @throws IllegalStateException if the category holds fewer bytes: a bug of the caller
  public void release(HeapCategory category, long bytes) {
    takeFrom(category, bytes);
    chargedBytes.addAndGet(-bytes);
  }

  /// Moves `bytes` between categories; the total stays and the cap is not asked.
  ///
  /// @throws IllegalStateException if `from` holds fewer bytes: a bug of the caller
  public void move(HeapCategory from, HeapCategory to, long bytes) {
    takeFrom(from, bytes);
    bytesOf(to).addAndGet(bytes);
  }

  /// The bytes charged now.
  public long chargedBytes() {
    return chargedBytes.get();
  }

  /// The limit in force; 0 once the ledger is closed.
  public long capBytes() {
    return Math.max(0, capBytes.get());
  }

  /// Changes the limit from the next charge on. What is charged stays, even above the new limit. A
  /// closed ledger stays closed.
  public void changeCap(long newCapBytes) {
    requireBytes(newCapBytes);
    capBytes.getAndUpdate(cap -> cap == CLOSED ? CLOSED : newCapBytes);
  }

  /// Refuses every charge from now on; releases are accepted as before.
  public void close() {
    capBytes.set(CLOSED);
  }

  /// The figures now. The categories are read one after the other while others may charge.
  public HeapSnapshot snapshot() {
    Map<HeapCategory, Long> bytes = new EnumMap<>(HeapCategory.class);
    long sum = 0;
    for (HeapCategory category : HeapCategory.values()) {
      long categoryNow = bytesOf(category).get();
      bytes.put(category, categoryNow);
      sum += categoryNow;
    }
    return new HeapSnapshot(bytes, sum, peakBytes.get(), capBytes());
  }

  private void takeFrom(HeapCategory category, long bytes) {
    requireBytes(bytes);
    long held;
    do {
      held = bytesOf(category).get();
      if (bytes > held) {
        throw new IllegalStateException(
            "released " + bytes + " bytes of " + category.label() + ", charged are " + held);
      }
    } while (!bytesOf(category).compareAndSet(held, held - bytes));
  }

  private AtomicLong bytesOf(HeapCategory category) {
    return Objects.requireNonNull(categoryBytes.get(category));
  }

  private void raisePeak(long bytes) {
    long peak = peakBytes.get();
    while (bytes > peak && !peakBytes.compareAndSet(peak, bytes)) {
      peak = peakBytes.get();
    }
  }

  private static long requireBytes(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative: " + bytes);
    }
    return bytes;
  }
}
