package dev.cloister.engine.codegen;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/// Comparisons whose operands are on the JVM stack and of which is not settled yet what becomes of
/// them: a jump, or a number.
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

  private static final int FORM = 0xff00;

  private Conditions() {}

  /// {@return the condition that holds when another one does not}
  static int inverse(int condition) {
    return (condition & FORM) | NumericEmitter.inverse(condition & ~FORM);
  }

  /// {@return whether the operands are two ints}
  static boolean comparesInts(int condition) {
    return (condition & FORM) == UNSIGNED_INTS
        || (condition >= Opcodes.IF_ICMPEQ && condition <= Opcodes.IF_ICMPLE);
  }

  /// Brings the operands into the form that a jump takes.
  ///
  /// @return the jump that is taken if the condition holds
  static int writeOperands(BytecodeWriter writer, int condition) {
    switch (condition & FORM) {
      case UNSIGNED_INTS -> writer.invokestatic("java/lang/Integer", "compareUnsigned", "(II)I");
      case UNSIGNED_LONGS -> writer.invokestatic("java/lang/Long", "compareUnsigned", "(JJ)I");
      case LONGS -> writer.insn(Opcodes.LCMP);
      default -> {}
    }
    return condition & ~FORM;
  }

  /// Replaces the operands by 1 or 0 without a jump, if there is such a form.
  ///
  /// Whether a comparison holds is often as good as random where it is used as a number, and the
  /// JIT would make branches of some.
  ///
  /// @return whether there is
  static boolean writeNumber(BytecodeWriter writer, int condition) {
    int jump = condition & ~FORM;
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
