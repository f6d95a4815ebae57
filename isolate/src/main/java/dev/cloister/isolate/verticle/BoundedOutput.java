package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.Arrays;

/// The output of one call, collected, bounded, and charged to the tenant until it is closed.
///
/// Written on the guest's thread; closed on any.
final class BoundedOutput implements OutputSink, AutoCloseable {
  private static final int INITIAL_BYTES = 256;
  private static final byte[] NO_BYTES = {};

  private final HeapLedger ledger;
  private final long maxBytes;

  private final Object lock = new Object();

  @GuardedBy("lock")
  private byte[] bytes = NO_BYTES;

  @GuardedBy("lock")
  private int size;

  @GuardedBy("lock")
  private boolean closed;

  BoundedOutput(HeapLedger ledger, long maxBytes) {
    this.ledger = ledger;
    this.maxBytes = Math.min(maxBytes, Integer.MAX_VALUE - 8);
  }

  /// Takes `length` bytes.
  ///
  /// @throws OutputLimitException of `responseBytes` or `memoryBytes`
  @Override
  public void write(byte[] source, int from, int length) {
    synchronized (lock) {
      long wanted = (long) size + length;
      if (wanted > maxBytes) {
        throw new OutputLimitException("responseBytes", wanted, maxBytes);
      }
      if (wanted > bytes.length) {
        enlarge((int) wanted);
      }
      System.arraycopy(source, from, bytes, size, length);
      size += length;
    }
  }

  /// A copy of what was written; charged as long as the output is not closed.
  byte[] toByteArray() {
    synchronized (lock) {
      if (bytes.length != size) {
        resize(size);
      }
      return bytes;
    }
  }

  /// Returns what is charged. Repeating it does nothing.
  @Override
  public void close() {
    synchronized (lock) {
      if (!closed) {
        closed = true;
        ledger.release(HeapCategory.BUFFER, bytes.length);
        bytes = NO_BYTES;
        size = 0;
      }
    }
  }

  @GuardedBy("lock")
  private void enlarge(int wanted) {
    int spare = (int) Math.min(maxBytes, Math.max(INITIAL_BYTES, wanted + (long) wanted / 2));
    if (!ledger.charge(HeapCategory.BUFFER, spare)) {
      spare = wanted;
      if (!ledger.charge(HeapCategory.BUFFER, spare)) {
        throw new OutputLimitException(
            "memoryBytes", ledger.chargedBytes() + wanted, ledger.capBytes());
      }
    }
    replace(spare);
  }

  /// Cuts the spare part off; nothing is charged for the moment in which both arrays exist.
  @GuardedBy("lock")
  private void resize(int newLength) {
    int released = bytes.length - newLength;
    bytes = Arrays.copyOf(bytes, newLength);
    ledger.release(HeapCategory.BUFFER, released);
  }

  @GuardedBy("lock")
  private void replace(int newLength) {
    int released = bytes.length;
    bytes = Arrays.copyOf(bytes, newLength);
    ledger.release(HeapCategory.BUFFER, released);
  }
}
