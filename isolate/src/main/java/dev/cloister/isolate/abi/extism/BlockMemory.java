package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.HeapKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.isolate.wasi.OutputSink;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The blocks that a guest and its host hand each other: one array for the bytes of all, which
/// grows as they do.
///
/// A handle is an address of 64 bits: the number of the block above 32 bits of offset, so a guest
/// may add to it. Outside a live block every load is 0 and every store is ignored, as in Extism's
/// kernel; what a guest gets wrong stays within its own blocks. Charged to the limiter of the
/// guest's store together with its linear memories. Confined to the thread that runs the store.
final class BlockMemory implements AutoCloseable {
  /*
   * Blocks are cut off the end of the array (`top`). A block that is freed and was the last one is
   * given back to the end; others are kept in lists by the binary logarithm of their capacity, so
   * that a guest that allocates and frees in a loop does not make the array grow. The table has
   * four numbers for each block; entry 0 is never a block, so handle 0 is none.
   */

  /// What is kept of the array and the table when all blocks are dropped.
  private static final int KEPT_BYTES = 1 << 20;

  private static final int MIN_BYTES = 1 << 10;
  private static final int MAX_BYTES = Integer.MAX_VALUE - 64;
  private static final int ALIGNMENT = 8;
  private static final int INDEX_SHIFT = 32;
  private static final int CLASSES = 32;

  /// How many times as large as needed a block may be that is used again, as a logarithm.
  private static final int SPARE_CLASSES = 3;

  // The numbers of an entry of the table.
  private static final int START = 0;
  private static final int LENGTH = 1; // 0 if the block is free
  private static final int CAPACITY = 2;
  private static final int NEXT = 3; // the next one in the list of free blocks
  private static final int ENTRY = 4;
  private static final int FIRST_ENTRIES = 16;

  private static final byte[] NO_BYTES = {};
  private static final int[] NO_ENTRIES = new int[ENTRY];
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final HeapLimiter limiter;
  private byte[] bytes = NO_BYTES;
  private int[] table = NO_ENTRIES;

  /// The first free block by class, 0 for none.
  private final int[] free = new int[CLASSES];

  private int lastBlock;
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
    if (length <= 0 || length > MAX_BYTES) {
      return 0;
    }
    int capacity = (int) (length + ALIGNMENT - 1) & -ALIGNMENT;
    if (capacity < 0) {
      return 0;
    }
    int block = takeFree(capacity, SPARE_CLASSES);
    if (block == 0) {
      block = cut(capacity);
    }
    if (block == 0) {
      block = takeFree(capacity, CLASSES);
    }
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
      int start = table[entry(handle) + START];
      System.arraycopy(content, 0, bytes, start, content.length);
    } else if (content.length > 0) {
      throw new ExtismException(
          "no memory for a block of " + content.length + " bytes; there are " + sizeBytes());
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
    if (block == lastBlock) {
      lastBlock--;
      top = table[entry + START];
      return;
    }
    int list = floorLog2(table[entry + CAPACITY]);
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
        ? bytes[table[entry + START] + offset] & 0xFF
        : 0;
  }

  /// The 64 bits at `address`, little endian.
  long loadLong(long address) {
    int entry = entry(address);
    long offset = Integer.toUnsignedLong((int) address);
    return offset + Long.BYTES <= table[entry + LENGTH]
        ? (long) LONG.get(bytes, table[entry + START] + (int) offset)
        : 0;
  }

  /// Stores the low 8 bits of `value`.
  void storeByte(long address, int value) {
    int entry = entry(address);
    int offset = (int) address;
    if (Integer.compareUnsigned(offset, table[entry + LENGTH]) < 0) {
      bytes[table[entry + START] + offset] = (byte) value;
    }
  }

  /// Stores 64 bits, little endian.
  void storeLong(long address, long value) {
    int entry = entry(address);
    long offset = Integer.toUnsignedLong((int) address);
    if (offset + Long.BYTES <= table[entry + LENGTH]) {
      LONG.set(bytes, table[entry + START] + (int) offset, value);
    }
  }

  /// A copy of `length` bytes that are in one live block.
  ///
  /// @throws IndexOutOfBoundsException if they are not; see [#contains]
  byte[] copy(long address, int length) {
    if (!contains(address, length)) {
      throw new IndexOutOfBoundsException(length + " bytes at " + address);
    }
    int from = table[entry(address) + START] + (int) address;
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  /// Writes `length` bytes that are in one live block, see [#contains].
  void write(long address, int length, OutputSink sink) {
    sink.write(bytes, table[entry(address) + START] + (int) address, length);
  }

  /// What the array has room for, in bytes.
  long sizeBytes() {
    return bytes.length;
  }

  /// Drops all blocks.
  void reset() {
    Arrays.fill(table, 0, Math.min(table.length, (lastBlock + 1) * ENTRY), 0);
    Arrays.fill(free, 0);
    lastBlock = 0;
    top = 0;
    if (chargedBytes() > KEPT_BYTES) {
      release();
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
    bytes = NO_BYTES;
    table = NO_ENTRIES;
  }

  private long chargedBytes() {
    return bytes.length + (long) (table.length - ENTRY) * Integer.BYTES;
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
    int last = Math.min(CLASSES - 1, list + spareClasses);
    for (; list <= last; list++) {
      int block = free[list];
      if (block != 0 && table[block * ENTRY + CAPACITY] >= capacity) {
        free[list] = table[block * ENTRY + NEXT];
        return block;
      }
    }
    return 0;
  }

  /// Cuts a new block off the end; returns 0 if there is no memory.
  private int cut(int capacity) {
    if (closed || !hasRoom(capacity) || !hasEntry()) {
      return 0;
    }
    lastBlock++;
    int entry = lastBlock * ENTRY;
    table[entry + START] = top;
    table[entry + CAPACITY] = capacity;
    top += capacity;
    return lastBlock;
  }

  private boolean hasRoom(int capacity) {
    long needed = (long) top + capacity;
    if (needed <= bytes.length) {
      return true;
    }
    if (needed > MAX_BYTES) {
      return false;
    }
    long doubled = Math.clamp(2L * bytes.length, MIN_BYTES, MAX_BYTES);
    return grow((int) Math.max(needed, doubled)) || grow((int) needed);
  }

  private boolean grow(int size) {
    if (!limiter.reserve(HeapKind.LINEAR_MEMORY, size - bytes.length)) {
      return false;
    }
    bytes = Arrays.copyOf(bytes, size);
    return true;
  }

  private boolean hasEntry() {
    int needed = (lastBlock + 2) * ENTRY;
    if (needed <= table.length) {
      return true;
    }
    int size = Math.max(table.length * 2, FIRST_ENTRIES * ENTRY);
    if (size < 0
        || !limiter.reserve(
            HeapKind.LINEAR_MEMORY, (long) (size - table.length) * Integer.BYTES)) {
      return false;
    }
    table = Arrays.copyOf(table, size);
    return true;
  }

  private static int floorLog2(int value) {
    return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(value);
  }
}
