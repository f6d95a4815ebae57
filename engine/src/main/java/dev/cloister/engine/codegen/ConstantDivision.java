package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import java.math.BigInteger;
import org.objectweb.asm.Opcodes;

/// Writes divisions of integers by constants, which cannot trap.
///
/// C2 makes a multiplication of a signed division by a constant, but an unsigned one it leaves to
/// the processor, which takes up to some forty times as long. So the multiplication is written here
/// (Granlund and Montgomery, Division by Invariant Integers using Multiplication, 1994).
final class ConstantDivision {
  /*
   * For x of N bits and a divisor d, let m = floor(2^(N+s) / d) + 1 and e = m * d - 2^(N+s). Then
   * floor(x * m / 2^(N+s)) = floor(x / d) for all x < 2^B if e <= 2^(N+s-B). The smallest such s
   * is taken. With B = N, m may have N + 1 bits. Where d is even, x and d are halved first, as
   * often as d can be, which makes B smaller, and m fits; else the topmost bit of m is an addition:
   *
   *   32 bits:  q = ((x * (m - 2^32) >>> 32) + x) >>> s, in 64 bits
   *   64 bits:  h = high half of x * (m - 2^64);  q = (((x - h) >>> 1) + h) >>> (s - 1)
   */

  /// A division as a multiplication.
  ///
  /// @param halvings by how many bits the dividend is shifted first
  /// @param multiplier the lower N bits of `m`
  /// @param hasTopBit whether `m` has one more; there are no halvings then
  /// @param shift `s`, at least 1 if there is a top bit
  private record Reciprocal(int halvings, long multiplier, boolean hasTopBit, int shift) {
    /// @param divisor at least 3 and not a power of two
    static Reciprocal of(BigInteger divisor, int width) {
      Reciprocal plain = of(divisor, width, 0);
      int halvings = divisor.getLowestSetBit();
      return plain.hasTopBit && halvings > 0
          ? of(divisor.shiftRight(halvings), width, halvings)
          : plain;
    }

    private static Reciprocal of(BigInteger divisor, int width, int halvings) {
      for (int shift = 0; ; shift++) {
        BigInteger power = BigInteger.ONE.shiftLeft(width + shift);
        BigInteger multiplier = power.divide(divisor).add(BigInteger.ONE);
        BigInteger error = multiplier.multiply(divisor).subtract(power);
        if (error.compareTo(BigInteger.ONE.shiftLeft(shift + halvings)) <= 0) {
          boolean hasTopBit = multiplier.bitLength() > width;
          BigInteger kept = hasTopBit ? multiplier.clearBit(width) : multiplier;
          return new Reciprocal(halvings, kept.longValue(), hasTopBit, shift);
        }
      }
    }
  }

  private final MethodState state;
  private final BytecodeWriter writer;

  ConstantDivision(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it divides by a constant in such a way that it cannot trap.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode) {
    boolean isRemainder;
    switch (opcode) {
      case I32_DIV_S, I32_DIV_U, I64_DIV_S, I64_DIV_U -> isRemainder = false;
      case I32_REM_S, I32_REM_U, I64_REM_S, I64_REM_U -> isRemainder = true;
      default -> {
        return false;
      }
    }
    if (!state.isConstant(0)) {
      return false;
    }
    boolean isLong = state.peek(0) == JvmKind.LONG;
    long divisor = isLong ? state.constant(0) : (int) state.constant(0);
    boolean isSigned =
        switch (opcode) {
          case I32_DIV_S, I32_REM_S, I64_DIV_S, I64_REM_S -> true;
          default -> false;
        };
    if (divisor == 0 || (isSigned && divisor == -1)) {
      return false;
    }
    state.flushBelow(1);
    state.pop();
    if (isSigned) {
      writeConstant(isLong, divisor);
      writer.insn((isRemainder ? Opcodes.IREM : Opcodes.IDIV) + wide(isLong));
    } else if (Long.bitCount(isLong ? divisor : Integer.toUnsignedLong((int) divisor)) == 1) {
      writePowerOfTwo(isLong, divisor, isRemainder);
    } else if (isRemainder) {
      writer.insn(isLong ? Opcodes.DUP2 : Opcodes.DUP);
      writeQuotient(isLong, divisor);
      writeConstant(isLong, divisor);
      writer.insn(Opcodes.IMUL + wide(isLong));
      writer.insn(Opcodes.ISUB + wide(isLong));
    } else {
      writeQuotient(isLong, divisor);
    }
    return true;
  }

  /// {@return what is added to the opcode of an instruction on ints for that on longs}
  private static int wide(boolean isLong) {
    return isLong ? Opcodes.LADD - Opcodes.IADD : 0;
  }

  private void writeConstant(boolean isLong, long value) {
    if (isLong) {
      writer.lconst(value);
    } else {
      writer.iconst((int) value);
    }
  }

  private void writePowerOfTwo(boolean isLong, long divisor, boolean isRemainder) {
    if (isRemainder) {
      writeConstant(isLong, divisor - 1);
      writer.insn(Opcodes.IAND + wide(isLong));
    } else {
      writeShift(isLong, Long.numberOfTrailingZeros(divisor));
    }
  }

  private void writeShift(boolean isLong, int bits) {
    if (bits > 0) {
      writer.iconst(bits);
      writer.insn(Opcodes.IUSHR + wide(isLong));
    }
  }

  /// Divides the number on top of the JVM stack by one that is no power of two, both unsigned.
  private void writeQuotient(boolean isLong, long divisor) {
    if (isLong) {
      writeLongQuotient(Reciprocal.of(new BigInteger(Long.toUnsignedString(divisor)), Long.SIZE));
    } else {
      writeIntQuotient(
          Reciprocal.of(BigInteger.valueOf(Integer.toUnsignedLong((int) divisor)), Integer.SIZE));
    }
  }

  private void writeIntQuotient(Reciprocal reciprocal) {
    writeShift(/* isLong= */ false, reciprocal.halvings());
    writer.insn(Opcodes.I2L);
    writer.lconst(0xffff_ffffL);
    writer.insn(Opcodes.LAND);
    if (reciprocal.hasTopBit()) {
      writer.insn(Opcodes.DUP2);
      writer.lconst(reciprocal.multiplier());
      writer.insn(Opcodes.LMUL);
      writeShift(/* isLong= */ true, Integer.SIZE);
      writer.insn(Opcodes.LADD);
      writeShift(/* isLong= */ true, reciprocal.shift());
    } else {
      writer.lconst(reciprocal.multiplier());
      writer.insn(Opcodes.LMUL);
      writeShift(/* isLong= */ true, Integer.SIZE + reciprocal.shift());
    }
    writer.insn(Opcodes.L2I);
  }

  private void writeLongQuotient(Reciprocal reciprocal) {
    writeShift(/* isLong= */ true, reciprocal.halvings());
    if (reciprocal.hasTopBit()) {
      writer.insn(Opcodes.DUP2);
      writeHighProduct(reciprocal.multiplier());
      writer.insn(Opcodes.DUP2_X2);
      writer.insn(Opcodes.LSUB);
      writeShift(/* isLong= */ true, 1);
      writer.insn(Opcodes.LADD);
      writeShift(/* isLong= */ true, reciprocal.shift() - 1);
    } else {
      writeHighProduct(reciprocal.multiplier());
      writeShift(/* isLong= */ true, reciprocal.shift());
    }
  }

  private void writeHighProduct(long multiplier) {
    writer.lconst(multiplier);
    writer.invokestatic("java/lang/Math", "unsignedMultiplyHigh", "(JJ)J");
  }
}
