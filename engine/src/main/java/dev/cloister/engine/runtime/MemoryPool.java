package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.ref.SoftReference;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Arrays of memories that are no more, cleared, for memories of the same size to come.
///
/// With an instance for each call the JVM would zero a new array each time, at the speed of the
/// machine's main memory, and collect it afterwards. An array from here is in the caches, and
/// taking it costs the thread that makes an instance nothing.
///
/// *Isolation*: an array gets here only when nobody can reach it any more, which the caller
/// promises; it is cleared as a whole, however little of it was used, before it is handed out. Only
/// the thread that clears an array, or hands it out, has it meanwhile. Large ones of which little
/// was used are cleared by giving their pages back to the machine; see [HeapPages].
///
/// Idle arrays belong to the engine and are charged to nobody: their sum is bounded, the oldest is
/// dropped for a new one, and they are softly referenced, so that the JVM frees them before it runs
/// out of heap. Safe to use by any thread.
public final class MemoryPool implements AutoCloseable {
  /// A pool that keeps nothing.
  public static final MemoryPool NONE = new MemoryPool(0);

  /// Only arrays of a multiple of this size are kept; so there are not too many sizes.
  private static final int GRAIN_LOG2 = 16;

  /// How many of the largest arrays that are kept at all have room here.
  private static final int LARGEST_COUNT = 4;

  /*
   * The thread that closes a store has the array in its caches: 20 µs for 17 pages. Another one has
   * to be woken, and fetches it from the other core: more than twice as much in all. So only what
   * would hold the closing thread up is left to that: large arrays that are dense.
   */
  private static final int CLEARED_AT_ONCE_BYTES = 2 << 20;

  private static final long THREAD_IDLE_SECONDS = 10;

  private final long maxIdleBytes;

  /// The size of the largest arrays that are kept, in multiples of the grain.
  private final int largest;

  private final ThreadPoolExecutor clearer;

  /// Whether pages can be given back at once. Its first time takes long, so it is the clearer's.
  private volatile boolean givesPagesBack;

  private final Object lock = new Object();

  /// The arrays of each size, by multiples of the grain.
  @GuardedBy("lock")
  private final @Nullable Shelf[] shelves;

  /// What is on the shelves, the oldest first.
  @GuardedBy("lock")
  private final SequencedSet<Idle> byAge = new LinkedHashSet<>();

  /// What is on the shelves and not clear, the oldest first.
  @GuardedBy("lock")
  private final SequencedSet<Idle> unclear = new LinkedHashSet<>();

  /// The bytes of what is on the shelves or is being cleared.
  @GuardedBy("lock")
  private long idleBytes;

  @GuardedBy("lock")
  private boolean isClearing;

  @GuardedBy("lock")
  private boolean isClosed;

  /// An array that nobody uses.
  private static final class Idle extends SoftReference<byte[]> {
    final int length;
    final int number;
    boolean isClear;

    Idle(byte[] bytes, boolean isClear) {
      super(bytes);
      this.length = bytes.length;
      this.number = System.identityHashCode(bytes);
      this.isClear = isClear;
    }

    /// That of the array, which has it already if it was here before: the JVM takes a microsecond
    /// to make one.
    @Override
    public int hashCode() {
      return number;
    }
  }

  /// The arrays of one size, the one that was given last at the end: it is in the caches.
  private static final class Shelf {
    final SequencedSet<Idle> clear = new LinkedHashSet<>();
    final SequencedSet<Idle> unclear = new LinkedHashSet<>();

    SequencedSet<Idle> of(Idle idle) {
      return idle.isClear ? clear : unclear;
    }
  }

  /// Makes an empty pool.
  ///
  /// @param maxIdleBytes the most bytes that it keeps; 0 for none
  public MemoryPool(long maxIdleBytes) {
    if (maxIdleBytes < 0) {
      throw new IllegalArgumentException("maxIdleBytes must not be negative: " + maxIdleBytes);
    }
    this.maxIdleBytes = maxIdleBytes;
    largest = (int) (Math.min(maxIdleBytes / LARGEST_COUNT, Memory.MAX_ARRAY_BYTES) >>> GRAIN_LOG2);
    shelves = new Shelf[largest + 1];
    clearer =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("cloister-clear").factory(),
            new ThreadPoolExecutor.DiscardPolicy());
    clearer.allowCoreThreadTimeOut(true);
  }

  /// {@return an array of zeros that nobody else has}
  ///
  /// @throws OutOfMemoryError if there is none of this length and the JVM has no room for it
  byte[] take(int length) {
    Idle found = remove(length);
    byte[] bytes = found == null ? null : found.get();
    if (found == null || bytes == null) {
      return new byte[length];
    }
    if (!found.isClear) {
      Arrays.fill(bytes, (byte) 0);
    }
    return bytes;
  }

  /// {@return an array that nobody else has: the first `count` bytes of `source`, then zeros}
  ///
  /// @param source has zeros after the first `count` bytes
  /// @param length at least that of `source`
  /// @throws OutOfMemoryError as [#take]
  byte[] takeCopy(byte[] source, int count, int length) {
    Idle found = remove(length);
    byte[] bytes = found == null ? null : found.get();
    if (found == null || bytes == null) {
      return Arrays.copyOf(source, length);
    }
    if (found.isClear && length > CLEARED_AT_ONCE_BYTES) {
      HeapPages.copy(source, bytes, count);
      return bytes;
    }
    System.arraycopy(source, 0, bytes, 0, count);
    if (!found.isClear) {
      Arrays.fill(bytes, count, length, (byte) 0);
    }
    return bytes;
  }

  private @Nullable Idle remove(int length) {
    if (!keeps(length)) {
      return null;
    }
    synchronized (lock) {
      Shelf shelf = shelves[length >>> GRAIN_LOG2];
      if (shelf == null) {
        return null;
      }
      while (!shelf.clear.isEmpty() || !shelf.unclear.isEmpty()) {
        Idle idle = shelf.clear.isEmpty() ? shelf.unclear.getLast() : shelf.clear.getLast();
        unshelve(idle);
        idleBytes -= idle.length;
        if (!idle.refersTo(null)) {
          return idle;
        }
      }
      return null;
    }
  }

  /// {@return whether arrays of this length may be kept}
  boolean keeps(int length) {
    return length > 0
        && (length & ((1 << GRAIN_LOG2) - 1)) == 0
        && length >>> GRAIN_LOG2 <= largest;
  }

  /// Takes over an array to which the caller has the only reference.
  void give(byte[] bytes) {
    if (!keeps(bytes.length)) {
      return;
    }
    boolean isClear = clearAtOnce(bytes);
    Idle idle = new Idle(bytes, isClear);
    synchronized (lock) {
      if (isClosed) {
        return;
      }
      while (idleBytes + idle.length > maxIdleBytes && !byAge.isEmpty()) {
        Idle oldest = byAge.getFirst();
        unshelve(oldest);
        idleBytes -= oldest.length;
      }
      idleBytes += idle.length;
      shelve(idle);
      if (isClear || isClearing) {
        return;
      }
      isClearing = true;
    }
    clearer.execute(this::clearAll);
  }

  /// Clears an array if that does not hold up the calling thread.
  ///
  /// @return whether it did
  private boolean clearAtOnce(byte[] bytes) {
    if (bytes.length > CLEARED_AT_ONCE_BYTES) {
      return givesPagesBack && HeapPages.isSparse(bytes) && HeapPages.clear(bytes);
    }
    Arrays.fill(bytes, (byte) 0);
    return true;
  }

  private void clearAll() {
    Idle idle = null;
    while (true) {
      byte[] bytes;
      synchronized (lock) {
        if (idle != null) {
          shelveCleared(idle);
        }
        if (unclear.isEmpty()) {
          isClearing = false;
          return;
        }
        idle = unclear.getFirst();
        unshelve(idle);
        bytes = idle.get();
      }
      if (bytes != null) {
        boolean isCleared = HeapPages.isSparse(bytes) && HeapPages.clear(bytes);
        if (!isCleared) {
          Arrays.fill(bytes, (byte) 0);
        }
        givesPagesBack |= isCleared;
      }
    }
  }

  @GuardedBy("lock")
  private void shelveCleared(Idle idle) {
    if (isClosed || idle.refersTo(null)) {
      idleBytes -= idle.length;
    } else {
      idle.isClear = true;
      shelve(idle);
    }
  }

  @GuardedBy("lock")
  private void shelve(Idle idle) {
    int index = idle.length >>> GRAIN_LOG2;
    Shelf shelf = shelves[index];
    if (shelf == null) {
      shelf = new Shelf();
      shelves[index] = shelf;
    }
    shelf.of(idle).add(idle);
    byAge.add(idle);
    if (!idle.isClear) {
      unclear.add(idle);
    }
  }

  @GuardedBy("lock")
  private void unshelve(Idle idle) {
    Shelf shelf = shelves[idle.length >>> GRAIN_LOG2];
    if (shelf != null) {
      shelf.of(idle).remove(idle);
    }
    byAge.remove(idle);
    unclear.remove(idle);
  }

  /// {@return the bytes that are kept now}
  public long idleBytes() {
    synchronized (lock) {
      return idleBytes;
    }
  }

  /// Drops all that is kept.
  public void trim() {
    synchronized (lock) {
      for (Idle idle : byAge) {
        idleBytes -= idle.length;
      }
      byAge.clear();
      unclear.clear();
      Arrays.fill(shelves, null);
    }
  }

  /// Drops all that is kept, and keeps nothing from now on. Arrays are made and given as before.
  @Override
  public void close() {
    synchronized (lock) {
      isClosed = true;
      trim();
    }
    clearer.shutdown();
  }
}
