package dev.cloister.isolate.egress;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/// The body of an answer as it arrives: bounded, and charged to the tenant until it is closed.
///
/// Pieces come on an event loop; it is taken and closed on the guest's thread.
final class BodyCollector implements AutoCloseable {
  private final HeapLedger ledger;
  private final long maxBytes;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<byte[]> pieces = new ArrayList<>();

  @GuardedBy("lock")
  private int sizeBytes;

  @GuardedBy("lock")
  private long chargedBytes;

  @GuardedBy("lock")
  private boolean closed;

  BodyCollector(HeapLedger ledger, long maxBytes) {
    this.ledger = ledger;
    this.maxBytes = Math.min(maxBytes, Integer.MAX_VALUE - 8);
  }

  /// Takes a piece.
  ///
  /// @throws HostServiceException `TOO_LARGE` or `QUOTA`
  void add(Buffer piece) {
    synchronized (lock) {
      if (closed) {
        return; // nobody waits any more
      }
      requireFits((long) sizeBytes + piece.length());
      charge(piece.length());
      pieces.add(piece.getBytes());
      sizeBytes += piece.length();
    }
  }

  /// Checks what the answer says its size to be.
  ///
  /// @throws HostServiceException `TOO_LARGE`
  void requireFits(long bytes) {
    if (bytes > maxBytes) {
      throw new HostServiceException(
          HostError.TOO_LARGE,
          "the answer has a body of " + bytes + " bytes or more; allowed are " + maxBytes);
    }
  }

  /// How many bytes came.
  long size() {
    synchronized (lock) {
      return sizeBytes;
    }
  }

  /// All of it in one array, which stays charged until this is closed.
  ///
  /// @throws HostServiceException `QUOTA`
  byte[] join() {
    synchronized (lock) {
      if (pieces.size() == 1) {
        return pieces.getFirst();
      }
      int separateBytes = sizeBytes;
      charge(separateBytes);
      byte[] all = new byte[separateBytes];
      int position = 0;
      for (byte[] piece : pieces) {
        System.arraycopy(piece, 0, all, position, piece.length);
        position += piece.length;
      }
      pieces.clear();
      release(separateBytes);
      return all;
    }
  }

  /// Returns what is charged; pieces that come later are dropped. Repeating it does nothing.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      pieces.clear();
      release(chargedBytes);
    }
  }

  @GuardedBy("lock")
  private void charge(long bytes) {
    if (!ledger.charge(HeapCategory.BUFFER, bytes)) {
      throw new HostServiceException(
          HostError.QUOTA,
          "the answer does not fit into memoryBytes: used are "
              + (ledger.chargedBytes() + bytes)
              + ", allowed "
              + ledger.capBytes());
    }
    chargedBytes += bytes;
  }

  @GuardedBy("lock")
  private void release(long bytes) {
    chargedBytes -= bytes;
    ledger.release(HeapCategory.BUFFER, bytes);
  }
}
