package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.MemoryType;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A memory whose bytes are one Java array.
///
/// Generated code keeps the array in a local variable and reads it again after every call that may
/// let the memory grow, because that may replace it. There are two forms, chosen by the module that
/// defines the memory and both measured: *exact*, where the array is as long as the memory, so that
/// its own bounds check is Wasm's; and *limit*, for memories that may grow, where the array may
/// have spare capacity and [#limit] is the size. It has none before the memory has grown often: see
/// [CapacitySite].
///
/// The bytes between [#limit] and the end of the array are always zero.
@CalledByGeneratedCode
public final class HeapMemory extends Memory {
  private static final byte[] EMPTY = new byte[0];

  /// While all that was copied for growing is at most this many times the size, arrays are as long
  /// as the memory.
  private static final int EXACT_COPIES = 2;

  private final boolean exact;

  /// The bytes that were copied for growing so far.
  private long copied;

  /// The sites of all modules whose code accesses the memory.
  private List<CapacitySite> users = List.of();

  /// Where the array goes when the memory is no more.
  private MemoryPool pool;

  /// The one store that imported the memory, if a host made it.
  private @Nullable Store importer;

  /// Arrays that the memory has outgrown, which go there as well, if the collector leaves them. Not
  /// before: frames of the guest may have them in local variables.
  private final List<WeakReference<byte[]>> outgrown = new ArrayList<>(0);

  /// The content; replaced when the memory grows beyond its capacity.
  @CalledByGeneratedCode public byte[] bytes;

  /// The size in bytes, at most `bytes.length`.
  @CalledByGeneratedCode public int limit;

  private HeapMemory(
      MemoryType type, HeapLimiter limiter, MemoryPool pool, boolean exact, byte[] bytes) {
    super(type, limiter, MAX_ARRAY_BYTES);
    this.pool = pool;
    this.exact = exact;
    this.bytes = bytes;
    this.limit = bytes.length;
  }

  /// @param bytes the initial size, at most [#MAX_ARRAY_BYTES]
  static HeapMemory create(
      MemoryType type, HeapLimiter limiter, MemoryPool pool, long bytes, boolean exact) {
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, bytes)) {
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
    try {
      byte[] array = bytes == 0 ? EMPTY : pool.take((int) bytes);
      return new HeapMemory(type, limiter, pool, exact, array);
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.LINEAR_MEMORY, bytes);
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
  }

  /// Notes that the code of another module accesses the memory from now on.
  void addUser(CapacitySite site) {
    if (limit < bytes.length) {
      site.expectSpare();
    }
    if (users.isEmpty()) {
      users = List.of(site);
    } else if (!users.contains(site)) {
      List<CapacitySite> more = new ArrayList<>(users);
      more.add(site);
      users = List.copyOf(more);
    }
  }

  @Override
  public long sizeBytes() {
    return limit;
  }

  @Override
  public long capacityBytes() {
    return bytes.length;
  }

  @Override
  @CalledByGeneratedCode
  public long grow(long deltaPages) {
    StackGuard.probe();
    long pages = pages64();
    if (deltaPages < 0 || deltaPages > maxPages - pages) {
      return -1;
    }
    if (deltaPages == 0) {
      return pages;
    }
    int newLimit = (int) ((pages + deltaPages) << type.pageSizeLog2());
    if (newLimit > bytes.length && !enlarge(newLimit)) {
      return -1;
    }
    limit = newLimit;
    return pages;
  }

  /*
   * A memory that grows now and then keeps an array of its own length, which code accesses faster.
   * Where that would copy too much, capacity grows by half of itself, so that n growths by one page
   * copy O(n) bytes in total; in whole pages of the usual size, so that the pool has less sizes to
   * keep. All modules that access the memory are told before. What is charged is the capacity;
   * where the account cannot pay for the spare part, the exact size is tried. The charge for the
   * copy that is alive during the growth is not taken: it is garbage at once, and the collector's
   * headroom pays for it.
   */
  private boolean enlarge(int newLimit) {
    long capacity = newLimit;
    if (!exact && copied + bytes.length > (long) EXACT_COPIES * newLimit) {
      long maxBytes = maxPages << type.pageSizeLog2();
      capacity = Math.min(Math.max(newLimit, withSpare(bytes.length)), maxBytes);
    }
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, capacity - bytes.length)) {
      capacity = newLimit;
      if (!limiter.reserve(HeapKind.LINEAR_MEMORY, capacity - bytes.length)) {
        return false;
      }
    }
    if (capacity > newLimit) {
      users.forEach(CapacitySite::expectSpare);
    }
    try {
      byte[] former = bytes;
      copied += former.length;
      bytes = pool.takeCopy(former, limit, (int) capacity);
      if (pool.keeps(former.length)) {
        outgrown.add(new WeakReference<>(former));
      }
      return true;
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.LINEAR_MEMORY, capacity - bytes.length);
      return false;
    }
  }

  private static long withSpare(int length) {
    long grown = (long) length + (length >>> 1);
    boolean isRounded = length >>> 1 >= 1 << MemoryType.DEFAULT_PAGE_SIZE_LOG2;
    return isRounded ? grown & (-1L << MemoryType.DEFAULT_PAGE_SIZE_LOG2) : grown;
  }

  /// {@return `address` as an array index}
  ///
  /// @throws TrapException if the range does not lie in the memory
  private int index(long address, long length) {
    return (int) checkRange(address, length);
  }

  @Override
  public byte getByte(long address) {
    return bytes[index(address, 1)];
  }

  @Override
  public int getInt(long address) {
    return (int) MemoryAccess.I32.get(bytes, index(address, 4));
  }

  @Override
  public long getLong(long address) {
    return (long) MemoryAccess.I64.get(bytes, index(address, 8));
  }

  @Override
  public void setByte(long address, byte value) {
    bytes[index(address, 1)] = value;
  }

  @Override
  public void setShort(long address, short value) {
    MemoryAccess.I16.set(bytes, index(address, 2), value);
  }

  @Override
  public void setInt(long address, int value) {
    MemoryAccess.I32.set(bytes, index(address, 4), value);
  }

  @Override
  public void setLong(long address, long value) {
    MemoryAccess.I64.set(bytes, index(address, 8), value);
  }

  @Override
  public void read(long address, byte[] target, int from, int length) {
    System.arraycopy(bytes, index(address, length), target, from, length);
  }

  @Override
  public void write(long address, byte[] source, int from, int length) {
    System.arraycopy(source, from, bytes, index(address, length), length);
  }

  @Override
  void write(long address, WireBytes source, int from, int length) {
    source.copyTo(from, bytes, index(address, length), length);
  }

  @Override
  void fill(long address, long length, byte value) {
    Arrays.fill(bytes, (int) address, (int) (address + length), value);
  }

  @Override
  void copyFrom(Memory source, long from, long to, long length) {
    if (source instanceof HeapMemory heap) {
      System.arraycopy(heap.bytes, (int) from, bytes, (int) to, (int) length);
    } else {
      StackGuard.probe();
      MemorySegment.copy(source.content(), from, content(), to, length);
    }
  }

  @Override
  MemorySegment content() {
    return MemorySegment.ofArray(bytes);
  }

  @Override
  void retain() {
    throw new IllegalStateException("the memory is not shared");
  }

  @Override
  void share() {
    pool = MemoryPool.NONE;
  }

  @Override
  void importedBy(Store store) {
    if (isOfHost() && importer == null) {
      importer = store;
    } else if (importer != store) {
      share();
    }
  }

  /*
   * No frame of a guest has the array in a local variable: no guest code of the store runs, and
   * that of others reads the field again after each call. What still refers to the memory finds it
   * empty. A host may close its memory while a store that imported it is open, where nothing can
   * be told of frames.
   */
  @Override
  void release() {
    if (importer != null && !importer.isOver()) {
      share();
    }
    byte[] left = bytes;
    bytes = EMPTY;
    limit = 0;
    limiter.release(HeapKind.LINEAR_MEMORY, left.length);
    pool.give(left);
    for (WeakReference<byte[]> reference : outgrown) {
      byte[] former = reference.get();
      if (former != null) {
        pool.give(former);
      }
    }
    outgrown.clear();
  }
}
