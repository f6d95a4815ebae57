package dev.cloister.engine.codegen;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/// Comparisons whose operands are on the JVM stack and of which is not settled yet what becomes of
/// them: a jump, a number, or a mask.
///
/// A condition is the jump of the JVM that is taken if it holds, together with how the operands get
/// into the form that the jump takes. That is written only where a jump is, since as a number the
/// comparison is better without.
final class Conditions {
  /// A jump on the operands as they are.
  static final int DIRECT = 0;

  /// Compares ints as unsigned numbers, and jumps on the sign of the result.
  static final int UNSIGNED_INTS = 1 << 8;

  /// Compares longs, and jumps on the sign of the result.
  static final int LONGS = 2 << 8;

  /// Compares longs as unsigned numbers, and jumps on the sign of the result.
  static final int UNSIGNED_LONGS = 3 << 8;

  /// Jumps on the sign of an int that a comparison left.
  static final int SIGN = 4 << 8;

  /// Tests one bit of an int, whose number is in the bits from [#BIT] on. As a number the test of a
  /// bit that is set is the int with all other bits cleared.
  private static final int BIT_TEST = 5 << 8;

  private static final int BIT = 16;
  private static final int JUMP = 0xff;
  private static final int FORM = 0xff00;

  private Conditions() {}

  /// {@return the condition that a bit of an int is set}
  static int bitTest(int bit) {
    return bit << BIT | BIT_TEST | Opcodes.IFNE;
  }

  /// {@return the condition that holds when another one does not}
  static int inverse(int condition) {
    return (condition & ~JUMP) | NumericEmitter.inverse(condition & JUMP);
  }

  /// {@return whether a condition is a comparison, not a test of a bit}
  static boolean isComparison(int condition) {
    return (condition & FORM) != BIT_TEST;
  }

  /// {@return whether a condition is 0 or 1 as a number}
  static boolean isTruth(int condition) {
    return isComparison(condition)
        || (condition & JUMP) == Opcodes.IFEQ
        || (condition >>> BIT) == 0;
  }

  /// {@return whether the operands are two ints}
  static boolean comparesInts(int condition) {
    return (condition & FORM) == UNSIGNED_INTS
        || (condition >= Opcodes.IF_ICMPEQ && condition <= Opcodes.IF_ICMPLE);
  }

  /// {@return whether a jump is on the result of a comparison of its own: not for signed longs,
  /// whose loops the JIT may count}
  static boolean leavesResult(int condition) {
    int form = condition & FORM;
    return form == UNSIGNED_INTS || form == UNSIGNED_LONGS || form == SIGN;
  }

  /// Brings the operands into the form that a jump takes.
  ///
  /// @return the jump that is taken if the condition holds
  static int writeOperands(BytecodeWriter writer, int condition) {
    switch (condition & FORM) {
      case UNSIGNED_INTS -> writer.invokestatic("java/lang/Integer", "compareUnsigned", "(II)I");
      case UNSIGNED_LONGS -> writer.invokestatic("java/lang/Long", "compareUnsigned", "(JJ)I");
      case LONGS -> writer.insn(Opcodes.LCMP);
      case BIT_TEST -> writeBit(writer, condition);
      default -> {}
    }
    return condition & JUMP;
  }

  /// Replaces the operands by 1 or 0 without a jump, if there is such a form.
  ///
  /// Whether a comparison holds is often as good as random where it is used as a number, and the
  /// JIT would make branches of some.
  ///
  /// @return whether there is
  static boolean writeNumber(BytecodeWriter writer, int condition) {
    if ((condition & FORM) == BIT_TEST) {
      writeBitAsNumber(writer, condition);
      return true;
    }
    int jump = condition & JUMP;
    String name = name(jump);
    if (name == null || (condition & FORM) == SIGN) {
      return false;
    }
    switch (condition & FORM) {
      case UNSIGNED_INTS -> writer.invokestatic(Names.COMPARISONS, name + 'U', "(II)I");
      case UNSIGNED_LONGS -> writer.invokestatic(Names.COMPARISONS, name + 'U', "(JJ)I");
      case LONGS -> writer.invokestatic(Names.COMPARISONS, name, "(JJ)I");
      default ->
          writer.invokestatic(
              Names.COMPARISONS, name, jump >= Opcodes.IF_ICMPEQ ? "(II)I" : "(I)I");
    }
    return true;
  }

  private static void writeBit(BytecodeWriter writer, int condition) {
    writer.iconst(1 << (condition >>> BIT));
    writer.insn(Opcodes.IAND);
  }

  private static void writeBitAsNumber(BytecodeWriter writer, int condition) {
    if ((condition & JUMP) == Opcodes.IFNE) {
      writeBit(writer, condition);
      return;
    }
    int bit = condition >>> BIT;
    if (bit > 0) {
      writer.iconst(bit);
      writer.insn(Opcodes.IUSHR);
    }
    writer.iconst(1);
    writer.insn(Opcodes.IAND);
    writer.iconst(1);
    writer.insn(Opcodes.IXOR);
  }

  /// Replaces the operands by all ones or 0 without a jump, if there is such a form.
  ///
  /// It is all ones if the condition holds, or, where [#isMaskInverse] says so, if it does not.
  ///
  /// @return whether there is
  static boolean writeMask(BytecodeWriter writer, int condition) {
    int jump = condition & JUMP;
    if ((condition & FORM) == BIT_TEST) {
      int above = Integer.SIZE - 1 - (condition >>> BIT);
      if (above > 0) {
        writer.iconst(above);
        writer.insn(Opcodes.ISHL);
      }
      writer.iconst(Integer.SIZE - 1);
      writer.insn(Opcodes.ISHR);
      return true;
    }
    String name = name(isMaskInverse(condition) ? NumericEmitter.inverse(jump) : jump);
    if (name == null || (condition & FORM) == SIGN) {
      return false;
    }
    switch (condition & FORM) {
      case UNSIGNED_INTS -> writer.invokestatic(Names.MASKS, name + 'U', "(II)I");
      case UNSIGNED_LONGS -> writer.invokestatic(Names.MASKS, name + 'U', "(JJ)I");
      case LONGS -> writer.invokestatic(Names.MASKS, name, "(JJ)I");
      default ->
          writer.invokestatic(Names.MASKS, name, jump >= Opcodes.IF_ICMPEQ ? "(II)I" : "(I)I");
    }
    return true;
  }

  /// {@return the method that chooses as a select does by a condition between the operands that the
  /// condition compares, in that order, or null if there is none}
  ///
  /// @param isSwapped whether the operands of the select are in the other order
  static @Nullable Extreme extreme(int condition, boolean isSwapped) {
    boolean isLess;
    switch (condition & JUMP) {
      case Opcodes.IFLT, Opcodes.IFLE, Opcodes.IF_ICMPLT, Opcodes.IF_ICMPLE -> isLess = true;
      case Opcodes.IFGT, Opcodes.IFGE, Opcodes.IF_ICMPGT, Opcodes.IF_ICMPGE -> isLess = false;
      default -> {
        return null;
      }
    }
    String name = isLess == isSwapped ? "max" : "min";
    return switch (condition & FORM) {
      case DIRECT -> new Extreme("java/lang/Math", name, JvmKind.INT);
      case UNSIGNED_INTS -> new Extreme(Names.COMPARISONS, name + 'U', JvmKind.INT);
      case LONGS -> new Extreme("java/lang/Math", name, JvmKind.LONG);
      default -> null;
    };
  }

  /// A static method that takes two numbers of a kind and returns the lesser or the greater one.
  record Extreme(String owner, String name, JvmKind kind) {}

  /// {@return whether the mask of a condition tells of its inverse, which takes less to compute}
  static boolean isMaskInverse(int condition) {
    if ((condition & FORM) == BIT_TEST) {
      return (condition & JUMP) == Opcodes.IFEQ;
    }
    return switch (condition & JUMP) {
      case Opcodes.IFNE,
          Opcodes.IFGE,
          Opcodes.IFLE,
          Opcodes.IF_ICMPNE,
          Opcodes.IF_ICMPGE,
          Opcodes.IF_ICMPLE ->
          true;
      default -> false;
    };
  }

  private static @Nullable String name(int jump) {
    return switch (jump) {
      case Opcodes.IFEQ, Opcodes.IF_ICMPEQ -> "eq";
      case Opcodes.IFNE, Opcodes.IF_ICMPNE -> "ne";
      case Opcodes.IFLT, Opcodes.IF_ICMPLT -> "lt";
      case Opcodes.IFGE, Opcodes.IF_ICMPGE -> "ge";
      case Opcodes.IFGT, Opcodes.IF_ICMPGT -> "gt";
      case Opcodes.IFLE, Opcodes.IF_ICMPLE -> "le";
      default -> null;
    };
  }
}
