package dev.cloister.engine.runtime;

import java.util.Objects;

/// Accesses of linear memory as methods, for functions that are so large that C1 refuses them with
/// the accesses written out.
///
/// C2 inlines all of these. C1 must not: the code behind a handle takes it so many registers that
/// it gives up functions of some 200 accesses, which the JVM's interpreter then executes until C2
/// has compiled them. What C1 inlines it decides by size alone, and the assertions are part of what
/// makes these methods larger than that; a test watches their sizes. They also say what is assumed:
/// the offset is a constant of the code, at most so large that no sum here overflows unnoticed.
///
/// Each method is there twice: for memories that may have spare capacity, where the size is what an
/// address is checked against, and for arrays that are as long as their memory, where the array's
/// own check is Wasm's. The sum may overflow there and is then negative.
@CalledByGeneratedCode
public final class MemoryOps {
  private MemoryOps() {}

  /// Loads 8 bits, sign-extended.
  @CalledByGeneratedCode
  public static int loadI8(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset) + offset;
    return memory.bytes[index];
  }

  /// Stores 8 bits.
  @CalledByGeneratedCode
  public static void storeI8(HeapMemory memory, int address, int offset, int value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset) + offset;
    memory.bytes[index] = (byte) value;
  }

  /// Loads 16 bits, sign-extended.
  @CalledByGeneratedCode
  public static int loadI16(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Short.BYTES - 1)) + offset;
    return (short) MemoryAccess.I16.get(memory.bytes, index);
  }

  /// Loads 16 bits, sign-extended.
  @CalledByGeneratedCode
  public static int loadI16(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (short) MemoryAccess.I16.get(bytes, index);
  }

  /// Loads 16 bits, zero-extended.
  @CalledByGeneratedCode
  public static int loadU16(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Short.BYTES - 1)) + offset;
    return (char) MemoryAccess.U16.get(memory.bytes, index);
  }

  /// Loads 16 bits, zero-extended.
  @CalledByGeneratedCode
  public static int loadU16(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (char) MemoryAccess.U16.get(bytes, index);
  }

  /// Stores 16 bits.
  @CalledByGeneratedCode
  public static void storeI16(HeapMemory memory, int address, int offset, int value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Short.BYTES - 1)) + offset;
    MemoryAccess.I16.set(memory.bytes, index, (short) value);
  }

  /// Stores 16 bits.
  @CalledByGeneratedCode
  public static void storeI16(byte[] bytes, int address, int offset, int value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    MemoryAccess.I16.set(bytes, index, (short) value);
  }

  /// Loads 32 bits.
  @CalledByGeneratedCode
  public static int loadI32(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Integer.BYTES - 1)) + offset;
    return (int) MemoryAccess.I32.get(memory.bytes, index);
  }

  /// Loads 32 bits.
  @CalledByGeneratedCode
  public static int loadI32(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (int) MemoryAccess.I32.get(bytes, index);
  }

  /// Stores 32 bits.
  @CalledByGeneratedCode
  public static void storeI32(HeapMemory memory, int address, int offset, int value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Integer.BYTES - 1)) + offset;
    MemoryAccess.I32.set(memory.bytes, index, value);
  }

  /// Stores 32 bits.
  @CalledByGeneratedCode
  public static void storeI32(byte[] bytes, int address, int offset, int value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    MemoryAccess.I32.set(bytes, index, value);
  }

  /// Loads 64 bits.
  @CalledByGeneratedCode
  public static long loadI64(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Long.BYTES - 1)) + offset;
    return (long) MemoryAccess.I64.get(memory.bytes, index);
  }

  /// Loads 64 bits.
  @CalledByGeneratedCode
  public static long loadI64(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (long) MemoryAccess.I64.get(bytes, index);
  }

  /// Stores 64 bits.
  @CalledByGeneratedCode
  public static void storeI64(HeapMemory memory, int address, int offset, long value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Long.BYTES - 1)) + offset;
    MemoryAccess.I64.set(memory.bytes, index, value);
  }

  /// Stores 64 bits.
  @CalledByGeneratedCode
  public static void storeI64(byte[] bytes, int address, int offset, long value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    MemoryAccess.I64.set(bytes, index, value);
  }

  /// Loads a 32-bit float.
  @CalledByGeneratedCode
  public static float loadF32(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Float.BYTES - 1)) + offset;
    return (float) MemoryAccess.F32.get(memory.bytes, index);
  }

  /// Loads a 32-bit float.
  @CalledByGeneratedCode
  public static float loadF32(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (float) MemoryAccess.F32.get(bytes, index);
  }

  /// Stores a 32-bit float.
  @CalledByGeneratedCode
  public static void storeF32(HeapMemory memory, int address, int offset, float value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Float.BYTES - 1)) + offset;
    MemoryAccess.F32.set(memory.bytes, index, value);
  }

  /// Stores a 32-bit float.
  @CalledByGeneratedCode
  public static void storeF32(byte[] bytes, int address, int offset, float value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    MemoryAccess.F32.set(bytes, index, value);
  }

  /// Loads a 64-bit float.
  @CalledByGeneratedCode
  public static double loadF64(HeapMemory memory, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Double.BYTES - 1)) + offset;
    return (double) MemoryAccess.F64.get(memory.bytes, index);
  }

  /// Loads a 64-bit float.
  @CalledByGeneratedCode
  public static double loadF64(byte[] bytes, int address, int offset) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    return (double) MemoryAccess.F64.get(bytes, index);
  }

  /// Stores a 64-bit float.
  @CalledByGeneratedCode
  public static void storeF64(HeapMemory memory, int address, int offset, double value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, memory.limit - offset - (Double.BYTES - 1)) + offset;
    MemoryAccess.F64.set(memory.bytes, index, value);
  }

  /// Stores a 64-bit float.
  @CalledByGeneratedCode
  public static void storeF64(byte[] bytes, int address, int offset, double value) {
    assert offset >= 0;
    int index = Objects.checkIndex(address, Integer.MAX_VALUE) + offset;
    MemoryAccess.F64.set(bytes, index, value);
  }
}
