package dev.cloister.engine.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The handles through which generated code reads and writes linear memory.
///
/// Static finals, so that the JIT folds them. Generated methods call them directly; in large
/// functions through [MemoryOps]. Plain access only: byte array views have no atomic modes for
/// unaligned addresses.
@CalledByGeneratedCode
public final class MemoryAccess {
  /// 16 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I16 =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /// The same as a number that is never negative, which C2 loads without extending it twice.
  @CalledByGeneratedCode
  public static final VarHandle U16 =
      MethodHandles.byteArrayViewVarHandle(char[].class, ByteOrder.LITTLE_ENDIAN);

  /// 32 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /// 64 bits, little endian.
  @CalledByGeneratedCode
  public static final VarHandle I64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// A 32-bit float, little endian; the bits are kept.
  @CalledByGeneratedCode
  public static final VarHandle F32 =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

  /// A 64-bit float, little endian; the bits are kept.
  @CalledByGeneratedCode
  public static final VarHandle F64 =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

  private MemoryAccess() {}
}
