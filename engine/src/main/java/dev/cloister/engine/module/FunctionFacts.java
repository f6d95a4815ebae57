package dev.cloister.engine.module;

import dev.cloister.engine.bytecode.BlockKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;

/// Facts about a function that the compiler must know before its first instruction, as bits. The
/// validator notes them while it reads the body, so that nothing else has to read it for them.
public final class FunctionFacts {
  /// It reads or writes memory 0 by loads and stores.
  public static final int ACCESSES_MEMORY = 1;

  /// It calls.
  public static final int CALLS = 1 << 1;

  /// It has a loop.
  public static final int LOOPS = 1 << 2;

  /// It grows a memory.
  public static final int GROWS_MEMORY = 1 << 3;

  /// It, something that it calls or throws, or one of its blocks has more than [#MANY_VALUES]
  /// parameters and results: so many that moving them takes code that counts.
  public static final int MOVES_MANY_VALUES = 1 << 4;

  /// It has instructions on vectors.
  public static final int VECTORS = 1 << 5;

  private static final int MANY_VALUES = 12;

  private FunctionFacts() {}

  /// {@return the facts that an instruction brings about}
  ///
  /// @param reader stands at the instruction, which is valid
  public static int of(Opcode opcode, InstructionReader reader, IndexSpaces spaces) {
    int vectors = opcode.prefix() == Opcode.PREFIX_SIMD ? VECTORS : 0;
    return vectors | ofImmediates(opcode, reader, spaces);
  }

  private static int ofImmediates(Opcode opcode, InstructionReader reader, IndexSpaces spaces) {
    return switch (opcode.immediates()) {
      case MEMORY_ACCESS, MEMORY_ACCESS_LANE -> reader.memoryIndex() == 0 ? ACCESSES_MEMORY : 0;
      case MEMORY -> opcode == Opcode.MEMORY_GROW ? GROWS_MEMORY : 0;
      case BLOCK_TYPE -> (opcode == Opcode.LOOP ? LOOPS : 0) | ofBlock(reader, spaces);
      case CATCH_TABLE -> ofBlock(reader, spaces);
      case TAG -> of(spaces.tagType(reader.index()).type());
      case FUNCTION ->
          opcode == Opcode.REF_FUNC ? 0 : CALLS | of(spaces.functionType(reader.index()));
      case TYPE_TABLE -> CALLS | of(spaces.type(reader.index()));
      case TYPE ->
          opcode == Opcode.CALL_REF || opcode == Opcode.RETURN_CALL_REF
              ? CALLS | of(spaces.type(reader.index()))
              : 0;
      default -> 0;
    };
  }

  private static int ofBlock(InstructionReader reader, IndexSpaces spaces) {
    return reader.blockKind() == BlockKind.TYPE_INDEX
        ? of(spaces.type(reader.blockTypeIndex()))
        : 0;
  }

  /// {@return the facts that the signature of a function brings about}
  public static int of(FuncType signature) {
    return signature.params().size() + signature.results().size() > MANY_VALUES
        ? MOVES_MANY_VALUES
        : 0;
  }

  private static int of(DefinedType type) {
    return type.composite() instanceof FuncType signature ? of(signature) : 0;
  }
}
