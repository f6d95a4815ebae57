package dev.cloister.engine.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Address space of the process that takes pages of the machine only as they are touched.
///
/// An anonymous mapping without reserve, `mmap(2)`, through the foreign function interface.
/// Available on 64-bit Linux if native access is granted to the engine.
final class AddressSpace {
  /// What all mappings of the process may take together: an eighth of what 47 bits can address.
  private static final long MAX_BYTES = 1L << 44;

  // From the headers of Linux; the same on the architectures of CLibrary.
  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
  private static final long MAP_FAILED = -1;

  private static final AtomicLong MAPPED_BYTES = new AtomicLong();
  private static final @Nullable Calls CALLS = findCalls();

  private AddressSpace() {}

  private record Calls(MethodHandle map, MethodHandle unmap) {}

  static boolean isAvailable() {
    return CALLS != null;
  }

  /// Maps zeroed bytes until `arena` is closed.
  ///
  /// @param sizeBytes at least 1
  /// @return null if the process has no room for them
  @SuppressWarnings("restricted") // The kernel gave exactly these bytes, and only to us.
  static @Nullable MemorySegment map(long sizeBytes, Arena arena) {
    Calls calls = requireCalls();
    if (MAPPED_BYTES.addAndGet(sizeBytes) > MAX_BYTES) {
      MAPPED_BYTES.addAndGet(-sizeBytes);
      return null;
    }
    long address;
    try {
      address =
          (long)
              calls.map.invokeExact(
                  0L, sizeBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
    } catch (Throwable e) {
      throw new IllegalStateException("mmap cannot be called", e);
    }
    if (address == MAP_FAILED) {
      MAPPED_BYTES.addAndGet(-sizeBytes);
      return null;
    }
    return MemorySegment.ofAddress(address)
        .reinterpret(sizeBytes, arena, mapped -> unmap(mapped.address(), sizeBytes));
  }

  private static void unmap(long address, long sizeBytes) {
    int failure;
    try {
      failure = (int) requireCalls().unmap.invokeExact(address, sizeBytes);
    } catch (Throwable e) {
      throw new IllegalStateException("munmap cannot be called", e);
    }
    if (failure != 0) {
      throw new IllegalStateException("munmap of " + sizeBytes + " bytes failed");
    }
    MAPPED_BYTES.addAndGet(-sizeBytes);
  }

  private static Calls requireCalls() {
    Calls calls = CALLS;
    if (calls == null) {
      throw new IllegalStateException("address space cannot be reserved on this platform");
    }
    return calls;
  }

  private static @Nullable Calls findCalls() {
    ValueLayout.OfLong size = ValueLayout.JAVA_LONG;
    ValueLayout.OfInt number = ValueLayout.JAVA_INT;
    MethodHandle map =
        CLibrary.find(
            "mmap", FunctionDescriptor.of(size, size, size, number, number, number, size));
    MethodHandle unmap = CLibrary.find("munmap", FunctionDescriptor.of(number, size, size));
    return map == null || unmap == null ? null : new Calls(map, unmap);
  }
}
