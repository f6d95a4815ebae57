package dev.cloister.engine.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The handles through which generated code reads and writes a [SegmentMemory]: the twins of
/// [MemoryAccess].
///
/// Aligned plain accesses of up to 64 bits are not torn, which is more than Wasm asks for. The
/// handles for atomic accesses require alignment.
@CalledByGeneratedCode
public final class SegmentAccess {
  /// 8 bits.
  @CalledByGeneratedCode public static final VarHandle I8 = ValueLayout.JAVA_BYTE.varHandle();

  /// 16 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// The same as a number that is never negative.
  @CalledByGeneratedCode
  public static final VarHandle U16 =
      ValueLayout.JAVA_CHAR_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 32 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 64 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// A 32-bit float, little endian; the bits are kept.
  @CalledByGeneratedCode
  public static final VarHandle F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// A 64-bit float, little endian; the bits are kept.
  @CalledByGeneratedCode
  public static final VarHandle F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 8 bits, for atomic accesses.
  public static final VarHandle ATOMIC8 =
      ValueLayout.JAVA_BYTE.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 16 bits, for atomic accesses.
  public static final VarHandle ATOMIC16 =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 32 bits, for atomic accesses.
  public static final VarHandle ATOMIC32 =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// 64 bits, for atomic accesses.
  public static final VarHandle ATOMIC64 =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  static {
    // The first use of a handle spins code of the JDK, which must not be cut short by the end of a
    // guest's stack.
    MemorySegment scratch = MemorySegment.ofArray(new long[2]);
    I8.set(scratch, 0L, (byte) I8.get(scratch, 0L));
    I16.set(scratch, 0L, (short) I16.get(scratch, 0L));
    I32.set(scratch, 0L, (int) I32.get(scratch, 0L));
    I64.set(scratch, 0L, (long) I64.get(scratch, 0L));
    F32.set(scratch, 0L, (float) F32.get(scratch, 0L));
    F64.set(scratch, 0L, (double) F64.get(scratch, 0L));
    ATOMIC8.setVolatile(scratch, 0L, (byte) ATOMIC8.getVolatile(scratch, 0L));
    ATOMIC16.setVolatile(scratch, 0L, (short) ATOMIC16.getVolatile(scratch, 0L));
    ATOMIC32.setVolatile(scratch, 0L, (int) ATOMIC32.getAndAdd(scratch, 0L, 1));
    ATOMIC64.setVolatile(scratch, 0L, (long) ATOMIC64.getAndAdd(scratch, 0L, 1L));
    MemorySegment.copy(scratch, 0, scratch, 8, 8);
    scratch.asSlice(0, 8).fill((byte) 0);
  }

  private SegmentAccess() {}
}
