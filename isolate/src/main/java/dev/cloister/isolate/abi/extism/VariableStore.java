package dev.cloister.isolate.abi.extism;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The variables of one plug-in: bytes by name, in memory, which outlive its instances.
///
/// All calls of the plug-in see the same ones; each get and set is atomic. What they take is
/// charged to the tenant. Any thread.
public final class VariableStore implements AutoCloseable {
  /// What a variable takes besides its name and value: two vectors of Extism's runtime.
  static final long OVERHEAD_BYTES = 48;

  private final HeapLedger ledger;
  private final Object lock = new Object();

  /// The values are never changed.
  @GuardedBy("lock")
  private final Map<String, Value> values = new HashMap<>();

  @GuardedBy("lock")
  private long chargedBytes;

  @GuardedBy("lock")
  private boolean closed;

  /// A value and what it is charged at, with its name.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Value(byte[] bytes, long chargedBytes) {}

  /// Makes an empty store of a tenant.
  public VariableStore(HeapLedger ledger) {
    this.ledger = ledger;
  }

  /// The value called `name`, which must not be changed, or null.
  byte @Nullable [] get(String name) {
    synchronized (lock) {
      Value value = values.get(name);
      return value == null ? null : value.bytes;
    }
  }

  /// Makes `bytes`, which are the store's from now on, the value called `name`.
  ///
  /// @param nameBytes the length of `name` in bytes of UTF-8
  /// @param maxBytes the most bytes that all variables may take
  /// @throws ExtismException if they would take more, or the tenant's memory is used up; then
  ///   nothing has changed
  void set(String name, long nameBytes, byte[] bytes, long maxBytes) {
    long needed = nameBytes + bytes.length + OVERHEAD_BYTES;
    synchronized (lock) {
      Value former = values.get(name);
      long delta = needed - (former == null ? 0 : former.chargedBytes);
      if (chargedBytes + delta > maxBytes) {
        throw new ExtismException(
            "Variable store is full: \""
                + name
                + "\" needs "
                + (chargedBytes + delta)
                + " bytes in all, allowed are "
                + maxBytes);
      }
      if (closed || (delta > 0 && !ledger.charge(HeapCategory.VARIABLE, delta))) {
        throw new ExtismException(
            "Variable store is full: the tenant's memoryBytes are used up ("
                + (ledger.chargedBytes() + delta)
                + " of "
                + ledger.capBytes()
                + ")");
      }
      if (delta < 0) {
        ledger.release(HeapCategory.VARIABLE, -delta);
      }
      chargedBytes += delta;
      values.put(name, new Value(bytes, needed));
    }
  }

  /// Removes the value called `name`, if there is one.
  void remove(String name) {
    synchronized (lock) {
      Value former = values.remove(name);
      if (former != null) {
        chargedBytes -= former.chargedBytes;
        ledger.release(HeapCategory.VARIABLE, former.chargedBytes);
      }
    }
  }

  /// What all of them take, in bytes.
  public long chargedBytes() {
    synchronized (lock) {
      return chargedBytes;
    }
  }

  /// Drops all of them; no value can be set any more.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      values.clear();
      ledger.release(HeapCategory.VARIABLE, chargedBytes);
      chargedBytes = 0;
    }
  }
}
