package dev.cloister.engine.module;

import dev.cloister.engine.bytecode.Opcode;
import org.jspecify.annotations.Nullable;

/// The kinds of advice that toolchains give compilers, each in a custom section `metadata.code.*`
/// (branch hinting and compilation hints proposals). Advice changes no result.
public enum HintKind {
  /// In which order functions are worth compiling, and which are worth optimizing.
  COMPILATION_PRIORITY("metadata.code.compilation_priority"),
  /// Whether a branch is likely to be taken.
  BRANCH("metadata.code.branch_hint"),
  /// How often an instruction is executed for each call of its function.
  INSTRUCTION_FREQUENCY("metadata.code.instr_freq"),
  /// Which functions an indirect call calls mostly.
  CALL_TARGETS("metadata.code.call_targets");

  private final String section;

  HintKind(String section) {
    this.section = section;
  }

  /// {@return the name of the section}
  public String section() {
    return section;
  }

  /// {@return the kind whose section has a name, or null}
  static @Nullable HintKind of(String section) {
    for (HintKind kind : values()) {
      if (kind.section.equals(section)) {
        return kind;
      }
    }
    return null;
  }

  /// {@return whether a hint can be for an instruction}
  boolean isFor(Opcode opcode) {
    return switch (this) {
      case COMPILATION_PRIORITY -> false;
      case BRANCH -> opcode == Opcode.IF || opcode == Opcode.BR_IF;
      case INSTRUCTION_FREQUENCY -> true;
      case CALL_TARGETS ->
          opcode == Opcode.CALL_INDIRECT
              || opcode == Opcode.CALL_REF
              || opcode == Opcode.RETURN_CALL_INDIRECT
              || opcode == Opcode.RETURN_CALL_REF;
    };
  }
}
