package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.util.Arrays;

/// A linear memory: little-endian bytes that grow in pages (Spec 4.2.8).
///
/// The bytes are one Java array. Generated code keeps the array in a local variable and reads it
/// again after every call, because growing may replace it. There are two forms, chosen by the
/// module that defines the memory and both measured: *exact*, where the array is as long as the
/// memory, so that its own bounds check is Wasm's; and *limit*, for memories that may grow, where
/// the array has spare capacity and [#limit] is the size. Confined to the thread that runs the
/// store.
///
/// The bytes between [#limit] and the end of the array are always zero.
@CalledByGeneratedCode
public final class Memory implements Extern {
  /// The most pages of 64 KiB that a Java array can hold.
  public static final int MAX_ARRAY_PAGES = 32_767;

  private static final byte[] EMPTY = new byte[0];

  private final MemoryType type;
  private final HeapLimiter limiter;
  private final boolean exact;
  private final long maxPages;

  /// The content; replaced when the memory grows beyond its capacity.
  @CalledByGeneratedCode public byte[] bytes;

  /// The size in bytes, at most `bytes.length`.
  @CalledByGeneratedCode public int limit;

  private Memory(MemoryType type, HeapLimiter limiter, boolean exact, byte[] bytes) {
    this.type = type;
    this.limiter = limiter;
    this.exact = exact;
    this.bytes = bytes;
    this.limit = bytes.length;
    Limits limits = type.limits();
    long arrayPages = (long) MAX_ARRAY_PAGES << 16 >>> type.pageSizeLog2();
    this.maxPages = limits.hasMax() ? Math.min(limits.max(), arrayPages) : arrayPages;
  }

  /// Creates a memory for a host to export, charged to `limiter`.
  ///
  /// @throws LimitExceededException if the initial size is refused
  public static Memory create(MemoryType type, HeapLimiter limiter) {
    return create(type, limiter, /* exact= */ false);
  }

  static Memory create(MemoryType type, HeapLimiter limiter, boolean exact) {
    long bytes = type.limits().min() << type.pageSizeLog2();
    long allowed = (long) MAX_ARRAY_PAGES << 16;
    if (type.limits().min() > allowed >>> type.pageSizeLog2()) {
      throw new LimitExceededException("initial memory size in bytes", bytes, allowed);
    }
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, bytes)) {
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
    try {
      return new Memory(type, limiter, exact, bytes == 0 ? EMPTY : new byte[(int) bytes]);
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.LINEAR_MEMORY, bytes);
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
  }

  /// {@return the declared type; its minimum is the initial size}
  public MemoryType type() {
    return type;
  }

  /// {@return the size in bytes}
  public long sizeBytes() {
    return limit;
  }

  /// {@return the bytes that are charged: the size and the spare capacity}
  public long capacityBytes() {
    return bytes.length;
  }

  /// {@return the size in pages: `memory.size`}
  @CalledByGeneratedCode
  public int pages() {
    return limit >>> type.pageSizeLog2();
  }

  /// {@return the size in pages: `memory.size` of a 64-bit memory}
  @CalledByGeneratedCode
  public long pages64() {
    return pages();
  }

  /// Grows the memory: `memory.grow`.
  ///
  /// @param deltaPages as an unsigned number
  /// @return the former size in pages, or -1 if the growth was refused
  @CalledByGeneratedCode
  public int grow(int deltaPages) {
    return (int) grow(Integer.toUnsignedLong(deltaPages));
  }

  /// Grows the memory: `memory.grow` of a 64-bit memory.
  ///
  /// @param deltaPages as an unsigned number
  /// @return the former size in pages, or -1 if the growth was refused
  @CalledByGeneratedCode
  public long grow(long deltaPages) {
    StackGuard.probe();
    long pages = pages();
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
   * Capacity grows by half of itself, so that n growths by one page copy O(n) bytes in total. What
   * is charged is the capacity; where the account cannot pay for the spare part, the exact size is
   * tried. The charge for the copy that is alive during the growth is not taken: it is garbage at
   * once, and the collector's headroom pays for it.
   */
  private boolean enlarge(int newLimit) {
    long capacity = newLimit;
    if (!exact) {
      long maxBytes = maxPages << type.pageSizeLog2();
      capacity = Math.min(Math.max(newLimit, bytes.length + (bytes.length >>> 1)), maxBytes);
    }
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, capacity - bytes.length)) {
      capacity = newLimit;
      if (!limiter.reserve(HeapKind.LINEAR_MEMORY, capacity - bytes.length)) {
        return false;
      }
    }
    try {
      bytes = Arrays.copyOf(bytes, (int) capacity);
      return true;
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.LINEAR_MEMORY, capacity - bytes.length);
      return false;
    }
  }

  /// Checks that a range lies in the memory.
  ///
  /// @return `address` as an array index
  /// @throws TrapException if it does not
  public int checkRange(long address, long length) {
    if (address < 0 || length < 0 || address > limit - length) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    return (int) address;
  }

  /// {@return the byte at `address`}
  ///
  /// @throws TrapException if it is out of bounds
  public byte getByte(long address) {
    return bytes[checkRange(address, 1)];
  }

  /// {@return the 32 bits at `address`, little endian}
  ///
  /// @throws TrapException if they are out of bounds
  public int getInt(long address) {
    return (int) MemoryAccess.I32.get(bytes, checkRange(address, 4));
  }

  /// {@return the 64 bits at `address`, little endian}
  ///
  /// @throws TrapException if they are out of bounds
  public long getLong(long address) {
    return (long) MemoryAccess.I64.get(bytes, checkRange(address, 8));
  }

  /// Stores a byte.
  ///
  /// @throws TrapException if `address` is out of bounds
  public void setByte(long address, byte value) {
    bytes[checkRange(address, 1)] = value;
  }

  /// Stores 16 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public void setShort(long address, short value) {
    MemoryAccess.I16.set(bytes, checkRange(address, 2), value);
  }

  /// Stores 32 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public void setInt(long address, int value) {
    MemoryAccess.I32.set(bytes, checkRange(address, 4), value);
  }

  /// Stores 64 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public void setLong(long address, long value) {
    MemoryAccess.I64.set(bytes, checkRange(address, 8), value);
  }

  /// Copies bytes out of the memory.
  ///
  /// @throws TrapException if the range is out of bounds
  public void read(long address, byte[] target, int from, int length) {
    System.arraycopy(bytes, checkRange(address, length), target, from, length);
  }

  /// Copies bytes into the memory.
  ///
  /// @throws TrapException if the range is out of bounds
  public void write(long address, byte[] source, int from, int length) {
    System.arraycopy(source, from, bytes, checkRange(address, length), length);
  }

  /// {@return a copy of a range}
  ///
  /// @throws TrapException if the range is out of bounds
  public byte[] copy(long address, int length) {
    int from = checkRange(address, length);
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  /// Gives back what the memory was charged. It must not be used afterwards.
  void release() {
    limiter.release(HeapKind.LINEAR_MEMORY, bytes.length);
    bytes = EMPTY;
    limit = 0;
  }
}
