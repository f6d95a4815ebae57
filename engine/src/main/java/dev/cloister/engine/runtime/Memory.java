package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.lang.foreign.MemorySegment;

/// A linear memory: little-endian bytes that grow in pages (Spec 4.2.8).
///
/// Addresses and sizes are unsigned; whatever has the top bit set is out of bounds. A memory is
/// confined to the thread that runs its store, unless it is shared.
@CalledByGeneratedCode
public abstract sealed class Memory implements Extern, AutoCloseable
    permits HeapMemory, SegmentMemory {
  /// The most pages of 64 KiB that a Java array can hold.
  public static final int MAX_ARRAY_PAGES = 32_767;

  /// The most bytes that any memory may have: 262,144 pages of 64 KiB, as in other engines.
  public static final long MAX_BYTES = 1L << 34;

  static final long MAX_ARRAY_BYTES = (long) MAX_ARRAY_PAGES << MemoryType.DEFAULT_PAGE_SIZE_LOG2;

  final MemoryType type;
  final HeapLimiter limiter;
  final long maxPages;
  private boolean isOfHost;
  private boolean isClosed;

  /// @param mostBytes what memories of this form may have at most
  Memory(MemoryType type, HeapLimiter limiter, long mostBytes) {
    this.type = type;
    this.limiter = limiter;
    Limits limits = type.limits();
    long most = mostBytes >>> type.pageSizeLog2();
    boolean isLower = limits.hasMax() && Long.compareUnsigned(limits.max(), most) < 0;
    this.maxPages = isLower ? limits.max() : most;
  }

  /// Creates a memory for a host to export, charged to `limiter` until it is closed.
  ///
  /// @throws LimitExceededException if the initial size is refused
  public static Memory create(MemoryType type, HeapLimiter limiter) {
    return create(type, limiter, MemoryPool.NONE);
  }

  /// Creates a memory for a host to export, charged to `limiter` until it is closed.
  ///
  /// @param pool where its bytes may come from, and where they go when it is closed, if all stores
  ///   that imported it, at most one, were closed before
  /// @throws LimitExceededException if the initial size is refused
  public static Memory create(MemoryType type, HeapLimiter limiter, MemoryPool pool) {
    MemoryForm form = MemoryForm.isSegment(type) ? MemoryForm.SEGMENT : MemoryForm.LIMIT;
    Memory memory = create(type, limiter, form, pool);
    memory.isOfHost = true;
    return memory;
  }

  /// @param pool where the array of a memory that is one comes from
  static Memory create(MemoryType type, HeapLimiter limiter, MemoryForm form, MemoryPool pool) {
    long bytes = initialBytes(type);
    return form == MemoryForm.SEGMENT
        ? SegmentMemory.create(type, limiter, bytes)
        : HeapMemory.create(type, limiter, pool, bytes, form == MemoryForm.EXACT);
  }

  private static long initialBytes(MemoryType type) {
    long pages = type.limits().min();
    if (Long.compareUnsigned(pages, MAX_BYTES >>> type.pageSizeLog2()) > 0) {
      boolean overflows = pages < 0 || pages > Long.MAX_VALUE >>> type.pageSizeLog2();
      throw new LimitExceededException(
          "initial memory size in bytes",
          overflows ? Long.MAX_VALUE : pages << type.pageSizeLog2(),
          MAX_BYTES);
    }
    return pages << type.pageSizeLog2();
  }

  /// {@return the declared type; its minimum is the initial size}
  public MemoryType type() {
    return type;
  }

  /// {@return the size in bytes}
  public abstract long sizeBytes();

  /// {@return the bytes that are charged: the size and the spare capacity}
  public abstract long capacityBytes();

  /// {@return the size in pages: `memory.size`}
  @CalledByGeneratedCode
  public final int pages() {
    return (int) pages64();
  }

  /// {@return the size in pages: `memory.size` of a 64-bit memory}
  @CalledByGeneratedCode
  public final long pages64() {
    return sizeBytes() >>> type.pageSizeLog2();
  }

  /// Grows the memory: `memory.grow`.
  ///
  /// @param deltaPages as an unsigned number
  /// @return the former size in pages, or -1 if the growth was refused
  @CalledByGeneratedCode
  public final int grow(int deltaPages) {
    return (int) grow(Integer.toUnsignedLong(deltaPages));
  }

  /// Grows the memory: `memory.grow` of a 64-bit memory.
  ///
  /// @param deltaPages as an unsigned number
  /// @return the former size in pages, or -1 if the growth was refused
  @CalledByGeneratedCode
  public abstract long grow(long deltaPages);

  /// Checks that a range lies in the memory.
  ///
  /// @return `address`
  /// @throws TrapException if it does not
  final long checkRange(long address, long length) {
    if (address < 0 || length < 0 || address > sizeBytes() - length) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    return address;
  }

  /// {@return the byte at `address`}
  ///
  /// @throws TrapException if it is out of bounds
  public abstract byte getByte(long address);

  /// {@return the 32 bits at `address`, little endian}
  ///
  /// @throws TrapException if they are out of bounds
  public abstract int getInt(long address);

  /// {@return the 64 bits at `address`, little endian}
  ///
  /// @throws TrapException if they are out of bounds
  public abstract long getLong(long address);

  /// Stores a byte.
  ///
  /// @throws TrapException if `address` is out of bounds
  public abstract void setByte(long address, byte value);

  /// Stores 16 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public abstract void setShort(long address, short value);

  /// Stores 32 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public abstract void setInt(long address, int value);

  /// Stores 64 bits, little endian.
  ///
  /// @throws TrapException if they are out of bounds
  public abstract void setLong(long address, long value);

  /// Copies bytes out of the memory.
  ///
  /// @throws TrapException if the range is out of bounds
  public abstract void read(long address, byte[] target, int from, int length);

  /// Copies bytes into the memory.
  ///
  /// @throws TrapException if the range is out of bounds
  public abstract void write(long address, byte[] source, int from, int length);

  /// {@return a copy of a range}
  ///
  /// @throws TrapException if the range is out of bounds
  public final byte[] copy(long address, int length) {
    checkRange(address, length);
    byte[] copy = new byte[length];
    read(address, copy, 0, length);
    return copy;
  }

  /// Copies bytes of a module into the memory.
  ///
  /// @throws TrapException if the range is out of bounds; nothing is changed then
  abstract void write(long address, WireBytes source, int from, int length);

  /// Sets the bytes of a range that was checked.
  abstract void fill(long address, long length, byte value);

  /// Copies a range that was checked from another memory, or from this one with overlap.
  abstract void copyFrom(Memory source, long from, long to, long length);

  /// {@return the bytes from address 0, at least as many as the memory has}
  abstract MemorySegment content();

  /// Ends the use of a memory by the host that created it. A shared one lives on in the stores that
  /// imported it; others must not be accessed any more, by guests neither. Repeating it does
  /// nothing.
  ///
  /// @throws IllegalStateException if the memory belongs to a store, which closes it
  @Override
  public final void close() {
    if (!isOfHost) {
      throw new IllegalStateException("the memory belongs to a store");
    }
    if (!isClosed) {
      isClosed = true;
      release();
    }
  }

  /// Notes that another store uses the memory, which must not end with the one that made it.
  ///
  /// @throws IllegalStateException if the memory was given up by all who used it
  abstract void retain();

  /// Notes that more than the store that made the memory may reach it, so that what it was is not
  /// used again for another.
  void share() {}

  /// Notes that a store which did not make the memory has imported it.
  void importedBy(Store store) {
    share();
  }

  /// {@return whether a host made it}
  final boolean isOfHost() {
    return isOfHost;
  }

  /// Notes that a store that made or retained the memory does not use it any longer. The last one
  /// gives back what the memory was charged; it must not be used afterwards.
  abstract void release();
}
