package dev.cloister.engine.runtime;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The machine's pages behind large arrays of the Java heap.
///
/// A guest touches some hundred pages of a memory of 16 MB, and writing all of them with zeros
/// takes longer than many calls. Given back to the machine by `madvise(2)`, pages are zeros when
/// they are touched the next time, and only those that are touched cost anything.
///
/// Nothing here knows where an array is. `madvise` refuses an address that is not that of a page;
/// the collector that servers run puts large arrays at the beginnings of pages, so there are few
/// places to try. What is accepted is the array's own: the range is computed from its segment, and
/// the collector does not move it during the call. Any thread.
final class HeapPages {
  // From the headers of Linux; the same on the architectures of CLibrary.
  private static final int MADV_DONTNEED = 4;
  private static final int SC_PAGESIZE = 30;

  /// How many bytes of an array's header there may be before its first element.
  private static final int[] HEADERS = {12, 16, 20, 24};

  /// What one call gives back at most. The JVM's safepoints wait for it: up to 0.3 ms.
  private static final int CALL_BYTES = 16 << 20;

  /// Blocks of zeros that are not copied.
  private static final int BLOCK_BYTES = 4096;

  private static final byte[] ZEROS = new byte[BLOCK_BYTES];

  /// How many blocks tell whether an array is sparse, and how many of them may be in use: to touch
  /// a page anew costs four times as much as to clear it.
  private static final int SAMPLES = 16;

  private static final int SPARSE_SAMPLES = 4;

  /// Whether pages that were given back never kept what they had.
  private static volatile boolean isTrusted = true;

  private HeapPages() {}

  /// The system's functions. The JVM needs some 40 ms to make them callable, when [#clear] is
  /// called first.
  private record Calls(MethodHandle advise, int pageBytes) {
    static final @Nullable Calls FOUND = find();

    private static @Nullable Calls find() {
      ValueLayout.OfLong size = ValueLayout.JAVA_LONG;
      ValueLayout.OfInt number = ValueLayout.JAVA_INT;
      MethodHandle advise =
          CLibrary.find(
              "madvise",
              FunctionDescriptor.of(number, ValueLayout.ADDRESS, size, number),
              Linker.Option.critical(/* allowHeapAccess= */ true));
      MethodHandle configuration = CLibrary.find("sysconf", FunctionDescriptor.of(size, number));
      if (advise == null || configuration == null) {
        return null;
      }
      try {
        long pageBytes = (long) configuration.invokeExact(SC_PAGESIZE);
        boolean isKnown = pageBytes > 0 && pageBytes <= 1 << 16 && Long.bitCount(pageBytes) == 1;
        return isKnown ? new Calls(advise, (int) pageBytes) : null;
      } catch (Throwable e) {
        throw new IllegalStateException("sysconf cannot be called", e);
      }
    }
  }

  /// {@return whether giving back the pages of an array takes less than filling it} A guess, from a
  /// few of them.
  static boolean isSparse(byte[] bytes) {
    int used = 0;
    int distance = bytes.length / SAMPLES;
    for (int i = 0; i < SAMPLES; i++) {
      int from = i * distance;
      if (!isZero(bytes, from, Math.min(distance, BLOCK_BYTES))) {
        used++;
      }
    }
    return used <= SPARSE_SAMPLES;
  }

  /// Sets all bytes to zero, by giving pages back.
  ///
  /// @return whether it did; if not, the array has some bytes of what it had, and some others
  static boolean clear(byte[] bytes) {
    Calls calls = Calls.FOUND;
    if (calls == null || !isTrusted) {
      return false;
    }
    for (int header : HEADERS) {
      int first = calls.pageBytes - header;
      int length = (bytes.length - first) & -calls.pageBytes;
      if (length <= 0) {
        return false;
      }
      if (giveBack(calls.advise, bytes, first, first + length)) {
        Arrays.fill(bytes, 0, first, (byte) 0);
        Arrays.fill(bytes, first + length, bytes.length, (byte) 0);
        return true;
      }
    }
    return false;
  }

  /*
   * Where the heap is a shared mapping (another collector, or a heap in a file) the call succeeds
   * and the content stays. So each call must clear two bytes that were set before, or none is made
   * any more.
   */
  private static boolean giveBack(MethodHandle advise, byte[] bytes, int first, int end) {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    for (int from = first; from < end; from += CALL_BYTES) {
      int length = Math.min(CALL_BYTES, end - from);
      bytes[from] = 1;
      bytes[from + length - 1] = 1;
      int failure;
      try {
        failure =
            (int) advise.invokeExact(segment.asSlice(from, length), (long) length, MADV_DONTNEED);
      } catch (Throwable e) {
        throw new IllegalStateException("madvise cannot be called", e);
      }
      if (failure != 0) {
        return false;
      }
      if (bytes[from] != 0 || bytes[from + length - 1] != 0) {
        isTrusted = false;
        return false;
      }
    }
    return true;
  }

  /// Copies the first `count` bytes into an array of zeros, without touching pages for zeros.
  static void copy(byte[] source, byte[] target, int count) {
    for (int from = 0; from < count; from += BLOCK_BYTES) {
      int length = Math.min(BLOCK_BYTES, count - from);
      if (!isZero(source, from, length)) {
        System.arraycopy(source, from, target, from, length);
      }
    }
  }

  private static boolean isZero(byte[] bytes, int from, int length) {
    return Arrays.equals(bytes, from, from + length, ZEROS, 0, length);
  }
}
