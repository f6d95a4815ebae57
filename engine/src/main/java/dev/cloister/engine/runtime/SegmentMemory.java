package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.MemoryType;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// A memory outside of the Java heap: a shared one, whose bytes must not move while other threads
/// access them, or one that no array can hold.
///
/// The address range of the largest size is reserved once, so [#segment] never changes; [#limit] is
/// the size, and what accesses are checked against. A shared memory may be used by several stores,
/// each on its own thread. It lives until the last of them is closed, and until then it is charged
/// to the limiter of the store that made it, which growth by any of them asks.
///
/// Visibility: the size only grows, and those that learn of a growth by an atomic access or a
/// notification see it, because these are volatile accesses of Java.
@CalledByGeneratedCode
public final class SegmentMemory extends Memory {
  private static final VarHandle LIMIT = limitHandle();

  static {
    // Here, and not when guest code first accesses a memory; see Store.
    Objects.requireNonNull(SegmentAccess.I32);
  }

  /// The reserved range; what lies beyond [#limit] is zero and was never touched.
  @CalledByGeneratedCode public final MemorySegment segment;

  /// The size in bytes, at most `segment.byteSize()`. Written under the lock.
  @CalledByGeneratedCode public long limit;

  private final Reservation reservation;
  private final ParkingLot waiters = new ParkingLot();
  private final ReentrantLock lock = new ReentrantLock();
  // Guarded by lock:
  private long chargedBytes;
  private int users = 1;

  // End of what lock guards.

  private SegmentMemory(
      MemoryType type, HeapLimiter limiter, Reservation reservation, long bytes, long charged) {
    super(type, limiter, reservation.sizeBytes());
    this.reservation = reservation;
    this.segment = reservation.segment();
    this.chargedBytes = charged;
    this.limit = bytes;
  }

  /// @param bytes the initial size, at most [#MAX_BYTES]
  static SegmentMemory create(MemoryType type, HeapLimiter limiter, long bytes) {
    long charge = Reservation.isLazy() ? bytes : eagerBytes(type, bytes);
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, charge)) {
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
    Reservation reservation =
        Reservation.isLazy() ? Reservation.lazy(mostBytes(type)) : Reservation.eager(charge);
    if (reservation == null) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.LINEAR_MEMORY, charge);
      throw LimitExceededException.refused("initial memory size in bytes", bytes);
    }
    return new SegmentMemory(type, limiter, reservation, bytes, charge);
  }

  private static long mostBytes(MemoryType type) {
    int addressBits = type.limits().is64() ? Long.SIZE : Integer.SIZE;
    long most = addressBits == Integer.SIZE ? Math.min(MAX_BYTES, 1L << Integer.SIZE) : MAX_BYTES;
    boolean isLower =
        type.limits().hasMax()
            && Long.compareUnsigned(type.limits().max(), most >>> type.pageSizeLog2()) < 0;
    return isLower ? type.limits().max() << type.pageSizeLog2() : most;
  }

  /// {@return what is allocated where nothing can be reserved: all that a shared memory may become,
  /// the initial size of others, which then cannot grow}
  private static long eagerBytes(MemoryType type, long bytes) {
    return type.shared() ? mostBytes(type) : bytes;
  }

  @Override
  public long sizeBytes() {
    return (long) LIMIT.getAcquire(this);
  }

  @Override
  public long capacityBytes() {
    lock.lock();
    try {
      return chargedBytes;
    } finally {
      lock.unlock();
    }
  }

  @Override
  @CalledByGeneratedCode
  public long grow(long deltaPages) {
    StackGuard.probe();
    lock.lock();
    try {
      long pages = pages64();
      if (deltaPages < 0 || deltaPages > maxPages - pages) {
        return -1;
      }
      long newLimit = (pages + deltaPages) << type.pageSizeLog2();
      long missing = Math.max(0, newLimit - chargedBytes);
      if (!limiter.reserve(HeapKind.LINEAR_MEMORY, missing)) {
        return -1;
      }
      chargedBytes += missing;
      LIMIT.setVolatile(this, newLimit);
      return pages;
    } finally {
      lock.unlock();
    }
  }

  /// Waits at an address that was checked; see [ParkingLot#await].
  ///
  /// @throws TrapException if the memory is not shared
  public int await(long address, BooleanSupplier isExpected, long timeoutNanos, Instance caller) {
    if (!type.shared()) {
      throw new TrapException(TrapReason.EXPECTED_SHARED_MEMORY);
    }
    return waiters.await(address, isExpected, timeoutNanos, caller.store);
  }

  /// Wakes those who wait at an address that was checked; see [ParkingLot#wake].
  public int wake(long address, int count) {
    return waiters.wake(address, count);
  }

  @Override
  public byte getByte(long address) {
    return (byte) SegmentAccess.I8.get(segment, checkRange(address, 1));
  }

  @Override
  public int getInt(long address) {
    return (int) SegmentAccess.I32.get(segment, checkRange(address, 4));
  }

  @Override
  public long getLong(long address) {
    return (long) SegmentAccess.I64.get(segment, checkRange(address, 8));
  }

  @Override
  public void setByte(long address, byte value) {
    SegmentAccess.I8.set(segment, checkRange(address, 1), value);
  }

  @Override
  public void setShort(long address, short value) {
    SegmentAccess.I16.set(segment, checkRange(address, 2), value);
  }

  @Override
  public void setInt(long address, int value) {
    SegmentAccess.I32.set(segment, checkRange(address, 4), value);
  }

  @Override
  public void setLong(long address, long value) {
    SegmentAccess.I64.set(segment, checkRange(address, 8), value);
  }

  @Override
  public void read(long address, byte[] target, int from, int length) {
    checkRange(address, length);
    MemorySegment.copy(segment, address, MemorySegment.ofArray(target), from, length);
  }

  @Override
  public void write(long address, byte[] source, int from, int length) {
    checkRange(address, length);
    MemorySegment.copy(MemorySegment.ofArray(source), from, segment, address, length);
  }

  @Override
  void write(long address, WireBytes source, int from, int length) {
    StackGuard.probe();
    checkRange(address, length);
    source.copyTo(from, segment.asSlice(address, length).asByteBuffer(), length);
  }

  @Override
  void fill(long address, long length, byte value) {
    StackGuard.probe();
    segment.asSlice(address, length).fill(value);
  }

  @Override
  void copyFrom(Memory source, long from, long to, long length) {
    StackGuard.probe();
    MemorySegment.copy(source.content(), from, segment, to, length);
  }

  @Override
  MemorySegment content() {
    return segment;
  }

  @Override
  void retain() {
    lock.lock();
    try {
      if (users == 0) {
        throw new IllegalStateException("all stores that used the memory are closed");
      }
      users++;
    } finally {
      lock.unlock();
    }
  }

  @Override
  void release() {
    lock.lock();
    try {
      if (--users > 0) {
        return;
      }
      // Accesses that come too late trap.
      LIMIT.setVolatile(this, 0L);
      reservation.close();
      limiter.release(HeapKind.LINEAR_MEMORY, chargedBytes);
      chargedBytes = 0;
    } finally {
      lock.unlock();
    }
  }

  private static VarHandle limitHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(SegmentMemory.class, "limit", long.class);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
