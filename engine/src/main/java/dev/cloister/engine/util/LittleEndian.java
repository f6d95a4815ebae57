package dev.cloister.engine.util;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Integers of fixed width in byte arrays, lowest byte first, at any offset.
public final class LittleEndian {

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  /// Returns the four bytes at `offset`.
  public static int readInt(byte[] bytes, int offset) {
    return (int) INT.get(bytes, offset);
  }

  /// Returns the eight bytes at `offset`.
  public static long readLong(byte[] bytes, int offset) {
    return (long) LONG.get(bytes, offset);
  }
}
