package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.HeapKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.StackGuard;
import dev.cloister.isolate.wasi.OutputSink;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The blocks that a guest and its host hand each other, cut out of a few arrays.
///
/// A handle is an address of 64 bits: the number of the block above 32 bits of offset, so a guest
/// may add to it. Outside a live block every load is 0 and every store is ignored, as in Extism's
/// kernel; what a guest gets wrong stays within its own blocks. Charged to the limiter of the
/// guest's store together with its linear memories. Confined to the thread that runs the store.
///
/// Guests call these methods as leaves: an overflow of the stack may leave blocks in disorder, and
/// ends the instance, but what is charged is changed only after a probe of the stack.
final class BlockMemory implements AutoCloseable {
  /*
   * Small blocks are cut off the end (`top`) of the newest array for small ones; arrays get as long
   * as all before together, up to a limit, so nothing is ever copied to grow. Large blocks have an
   * array of their own, which goes when they are freed. A small block that is freed and was the
   * last one is given back to the end; others are kept in lists by the binary logarithm of their
   * capacity, so that a guest that allocates and frees in a loop does not need more and more. The
   * table has five numbers for each block; entry 0
   * is never a block, so handle 0 is none.
   */

  /// What is kept of arrays and table when all blocks are dropped, in bytes.
  private static final long KEPT_BYTES = 1 << 20;

  private static final int MIN_ARRAY_BYTES = 1 << 10;
  private static final int MAX_ARRAY_BYTES = 1 << 20;

  /// From this length on a block has an array of its own.
  private static final int LARGE_BYTES = 1 << 16;

  /// What an array is charged at besides its bytes.
  private static final long ARRAY_OVERHEAD_BYTES = 32;

  private static final int MAX_BLOCK_BYTES = Integer.MAX_VALUE - 64;
  private static final int ALIGNMENT = 8;
  private static final int INDEX_SHIFT = 32;
  private static final int CLASSES = 32;

  /// The list of blocks that had an array of their own: of these there are only the numbers left.
  private static final int EMPTY = CLASSES - 1;

  /// How many times as large as needed a block may be that is used again, as a logarithm.
  private static final int SPARE_CLASSES = 3;

  // The numbers of an entry of the table.
  private static final int ARRAY = 0;
  private static final int START = 1; // in the array
  private static final int LENGTH = 2; // 0 if the block is free
  private static final int CAPACITY = 3;
  private static final int NEXT = 4; // the next one in the list of free blocks
  private static final int ENTRY = 5;
  private static final int FIRST_ENTRIES = 16;

  private static final int NONE = -1;
  private static final byte[] NO_BYTES = {};
  private static final byte[][] NO_ARRAYS = {};
  private static final int[] NO_ENTRIES = new int[ENTRY];
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  static {
    // Linked here, since a guest may be at the end of its stack when it first gets there.
    byte[] bytes = new byte[Long.BYTES];
    LONG.set(bytes, 0, (long) LONG.get(bytes, 0) + 1);
  }

  private final HeapLimiter limiter;
  private byte[][] arrays = NO_ARRAYS;
  private int arrayCount;
  private long sizeBytes;
  private long overheadBytes;
  private int[] table = NO_ENTRIES;

  /// The first free block by class, 0 for none.
  private final int[] free = new int[CLASSES];

  private int lastBlock;

  /// The number of the array that small blocks are cut off, or [#NONE].
  private int current = NONE;

  /// What of it is used.
  private int top;

  private boolean closed;

  BlockMemory(HeapLimiter limiter) {
    this.limiter = limiter;
  }

  /// Makes a block of `length` bytes with any content; returns its handle, or 0 if there is none
  /// for a length of 0 or because there is no memory.
  ///
  /// @param length unsigned
  long allocate(long length) {
    if (length <= 0 || length > MAX_BLOCK_BYTES) {
      return 0;
    }
    int capacity = (int) (length + ALIGNMENT - 1) & -ALIGNMENT;
    int block = capacity < LARGE_BYTES ? small(capacity) : large(capacity);
    if (block == 0) {
      return 0;
    }
    table[block * ENTRY + LENGTH] = (int) length;
    return (long) block << INDEX_SHIFT;
  }

  /// Makes a block with a copy of `content`; returns its handle, or 0 if there is nothing in it.
  ///
  /// @throws ExtismException if there is no memory
  long put(byte[] content) {
    long handle = allocate(content.length);
    if (handle != 0) {
      int entry = entry(handle);
      System.arraycopy(content, 0, array(entry), table[entry + START], content.length);
    } else if (content.length > 0) {
      throw new ExtismException(
          "no memory for a block of " + content.length + " bytes; there are " + sizeBytes);
    }
    return handle;
  }

  /// Ends a block; what is not the handle of a live one is ignored.
  void free(long handle) {
    int entry = liveEntry(handle);
    if (entry == 0) {
      return;
    }
    table[entry + LENGTH] = 0;
    int block = entry / ENTRY;
    if (block == lastBlock && table[entry + ARRAY] == current) {
      lastBlock--;
      top = table[entry + START];
      return;
    }
    int list = floorLog2(table[entry + CAPACITY]);
    if (table[entry + CAPACITY] >= LARGE_BYTES) {
      dropArray(entry);
      list = EMPTY;
    }
    table[entry + NEXT] = free[list];
    free[list] = block;
  }

  /// The length of a live block, or 0 if `handle` is none.
  long length(long handle) {
    int entry = liveEntry(handle);
    return table[entry + LENGTH];
  }

  /// Whether `handle` is that of a live block.
  boolean isLive(long handle) {
    return liveEntry(handle) != 0;
  }

  /// Whether the `length` bytes from `address` on are in one live block.
  boolean contains(long address, long length) {
    int entry = entry(address);
    return length >= 0 && Integer.toUnsignedLong((int) address) + length <= table[entry + LENGTH];
  }

  /// The byte at `address`, unsigned.
  int loadByte(long address) {
    int entry = entry(address);
    int offset = (int) address;
    return Integer.compareUnsigned(offset, table[entry + LENGTH]) < 0
        ? array(entry)[table[entry + START] + offset] & 0xFF
        : 0;
  }

  /// The 64 bits at `address`, little endian.
  long loadLong(long address) {
    int entry = entry(address);
    long offset = Integer.toUnsignedLong((int) address);
    return offset + Long.BYTES <= table[entry + LENGTH]
        ? (long) LONG.get(array(entry), table[entry + START] + (int) offset)
        : 0;
  }

  /// Stores the low 8 bits of `value`.
  void storeByte(long address, int value) {
    int entry = entry(address);
    int offset = (int) address;
    if (Integer.compareUnsigned(offset, table[entry + LENGTH]) < 0) {
      array(entry)[table[entry + START] + offset] = (byte) value;
    }
  }

  /// Stores 64 bits, little endian.
  void storeLong(long address, long value) {
    int entry = entry(address);
    long offset = Integer.toUnsignedLong((int) address);
    if (offset + Long.BYTES <= table[entry + LENGTH]) {
      LONG.set(array(entry), table[entry + START] + (int) offset, value);
    }
  }

  /// A copy of `length` bytes that are in one live block.
  ///
  /// @throws IndexOutOfBoundsException if they are not; see [#contains]
  byte[] copy(long address, int length) {
    if (!contains(address, length)) {
      throw new IndexOutOfBoundsException(length + " bytes at " + address);
    }
    int entry = entry(address);
    int from = table[entry + START] + (int) address;
    return length == 0 ? NO_BYTES : Arrays.copyOfRange(array(entry), from, from + length);
  }

  /// Writes `length` bytes that are in one live block, see [#contains].
  void write(long address, int length, OutputSink sink) {
    if (length > 0) {
      int entry = entry(address);
      sink.write(array(entry), table[entry + START] + (int) address, length);
    }
  }

  /// The length of all arrays together, in bytes.
  long sizeBytes() {
    return sizeBytes;
  }

  /// Drops all blocks.
  void reset() {
    Arrays.fill(table, 0, Math.min(table.length, (lastBlock + 1) * ENTRY), 0);
    Arrays.fill(free, 0);
    lastBlock = 0;
    top = 0;
    if (arrayCount > 1 || chargedBytes() > KEPT_BYTES) {
      release();
    } else if (arrayCount == 1) {
      current = 0; // also if it was that of a large block
    }
  }

  /// Drops everything and gives back what is charged; no block can be made any more.
  @Override
  public void close() {
    if (!closed) {
      reset();
      release();
      closed = true;
    }
  }

  private void release() {
    limiter.release(HeapKind.LINEAR_MEMORY, chargedBytes());
    arrays = NO_ARRAYS;
    arrayCount = 0;
    sizeBytes = 0;
    overheadBytes = 0;
    current = NONE;
    top = 0;
    table = NO_ENTRIES;
  }

  private long chargedBytes() {
    return sizeBytes + overheadBytes + (long) (table.length - ENTRY) * Integer.BYTES;
  }

  private byte[] array(int entry) {
    return arrays[table[entry + ARRAY]];
  }

  /// Where the entry of the block of `address` is, or 0, where no length is but 0.
  private int entry(long address) {
    long entry = (address >>> INDEX_SHIFT) * ENTRY;
    return entry < table.length ? (int) entry : 0;
  }

  private int liveEntry(long handle) {
    int entry = entry(handle);
    return (int) handle == 0 && table[entry + LENGTH] != 0 ? entry : 0;
  }

  /// Takes a free block that is large enough, but not by more than so many powers of two; or 0.
  private int takeFree(int capacity, int spareClasses) {
    int list = floorLog2(capacity);
    int last = Math.min(EMPTY - 1, list + spareClasses);
    for (; list <= last; list++) {
      int block = free[list];
      if (block != 0 && table[block * ENTRY + CAPACITY] >= capacity) {
        free[list] = table[block * ENTRY + NEXT];
        return block;
      }
    }
    return 0;
  }

  /// A small block; 0 if there is no memory.
  private int small(int capacity) {
    int block = takeFree(capacity, SPARE_CLASSES);
    if (block == 0) {
      block = cut(capacity);
    }
    return block == 0 ? takeFree(capacity, CLASSES) : block;
  }

  /// A block with an array of its own; 0 if there is no memory.
  private int large(int capacity) {
    int block = free[EMPTY];
    if (block == 0) {
      return hasEntry() && addArray(capacity) ? enter(arrayCount - 1, 0, capacity) : 0;
    }
    int entry = block * ENTRY;
    if (!charge(capacity)) {
      return 0;
    }
    free[EMPTY] = table[entry + NEXT];
    arrays[table[entry + ARRAY]] = new byte[capacity];
    table[entry + CAPACITY] = capacity;
    return block;
  }

  /// Cuts a small block off; returns 0 if there is no memory.
  private int cut(int capacity) {
    if (!hasEntry()) {
      return 0;
    }
    if (current == NONE || capacity > arrays[current].length - top) {
      int size = Math.clamp(sizeBytes, MIN_ARRAY_BYTES, MAX_ARRAY_BYTES);
      if (!addArray(Math.max(size, capacity)) && !addArray(capacity)) {
        return 0;
      }
      current = arrayCount - 1;
      top = 0;
    }
    int block = enter(current, top, capacity);
    top += capacity;
    return block;
  }

  private int enter(int array, int start, int capacity) {
    lastBlock++;
    int entry = lastBlock * ENTRY;
    table[entry + ARRAY] = array;
    table[entry + START] = start;
    table[entry + CAPACITY] = capacity;
    return lastBlock;
  }

  private boolean addArray(int size) {
    if (!charge(size)) {
      return false;
    }
    if (arrayCount == arrays.length) {
      arrays = Arrays.copyOf(arrays, Math.max(4, 2 * arrayCount));
    }
    arrays[arrayCount++] = new byte[size];
    return true;
  }

  /// Charges an array; false if there is no memory.
  private boolean charge(int size) {
    StackGuard.probe();
    if (closed || !limiter.reserve(HeapKind.LINEAR_MEMORY, size + ARRAY_OVERHEAD_BYTES)) {
      return false;
    }
    sizeBytes += size;
    overheadBytes += ARRAY_OVERHEAD_BYTES;
    return true;
  }

  /// Drops the array of a block that has one of its own.
  private void dropArray(int entry) {
    StackGuard.probe();
    int size = array(entry).length;
    arrays[table[entry + ARRAY]] = NO_BYTES;
    limiter.release(HeapKind.LINEAR_MEMORY, size + ARRAY_OVERHEAD_BYTES);
    sizeBytes -= size;
    overheadBytes -= ARRAY_OVERHEAD_BYTES;
  }

  private boolean hasEntry() {
    int needed = (lastBlock + 2) * ENTRY;
    if (closed) {
      return false;
    }
    if (needed <= table.length) {
      return true;
    }
    StackGuard.probe();
    int size = Math.max(table.length * 2, FIRST_ENTRIES * ENTRY);
    if (size < 0
        || !limiter.reserve(HeapKind.LINEAR_MEMORY, (long) (size - table.length) * Integer.BYTES)) {
      return false;
    }
    table = Arrays.copyOf(table, size);
    return true;
  }

  private static int floorLog2(int value) {
    return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(value);
  }
}
