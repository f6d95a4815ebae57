package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;

/// The rules of linear memories (Spec 3.4.7), with those of vector and atomic accesses.
final class MemoryRules {

  private static final long MAX_OFFSET_32 = 0xFFFF_FFFFL;
  private static final int VECTOR_BYTES_LOG2 = 4;

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;

  MemoryRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
  }

  /// A load, store or atomic access; `signature` is without the address.
  void access(Opcode opcode, FuncType signature) {
    MemoryType memory = state.memory(reader.memoryIndex());
    checkAlignment(opcode);
    if (!memory.limits().is64() && Long.compareUnsigned(reader.memoryOffset(), MAX_OFFSET_32) > 0) {
      throw state.invalid(
          "offset out of range: "
              + Long.toUnsignedString(reader.memoryOffset())
              + " in a memory with 32-bit addresses");
    }
    if (opcode.immediates() == ImmediateKind.MEMORY_ACCESS_LANE) {
      checkLane(reader.lane(), 1 << (VECTOR_BYTES_LOG2 - opcode.accessWidthLog2()));
    }
    operands.popAll(signature.params());
    operands.pop(memory.limits().addressType());
    operands.pushAll(signature.results());
  }

  private void checkAlignment(Opcode opcode) {
    int natural = opcode.accessWidthLog2();
    if (opcode.prefix() == Opcode.PREFIX_ATOMIC) {
      if (reader.alignment() != natural) {
        throw state.invalid(
            "atomic alignment must be natural: 2^" + reader.alignment() + " is not 2^" + natural);
      }
    } else if (reader.alignment() > natural) {
      throw state.invalid(
          "alignment must not be larger than natural: 2^"
              + reader.alignment()
              + " is more than 2^"
              + natural);
    }
  }

  private void checkLane(int lane, int count) {
    if (lane >= count) {
      throw state.invalid("invalid lane index " + lane + ", there are " + count);
    }
  }

  /// An instruction on one lane of a vector.
  void lane(Opcode opcode, FuncType signature) {
    checkLane(reader.lane(), laneCount(opcode));
    operands.popAll(signature.params());
    operands.pushAll(signature.results());
  }

  private static int laneCount(Opcode opcode) {
    return switch (opcode) {
      case I8X16_EXTRACT_LANE_S, I8X16_EXTRACT_LANE_U, I8X16_REPLACE_LANE -> 16;
      case I16X8_EXTRACT_LANE_S, I16X8_EXTRACT_LANE_U, I16X8_REPLACE_LANE -> 8;
      case I32X4_EXTRACT_LANE, I32X4_REPLACE_LANE, F32X4_EXTRACT_LANE, F32X4_REPLACE_LANE -> 4;
      case I64X2_EXTRACT_LANE, I64X2_REPLACE_LANE, F64X2_EXTRACT_LANE, F64X2_REPLACE_LANE -> 2;
      default -> throw new IllegalStateException("no lane instruction: " + opcode);
    };
  }

  void shuffle(FuncType signature) {
    checkShuffleLanes(reader.v128Low());
    checkShuffleLanes(reader.v128High());
    operands.popAll(signature.params());
    operands.pushAll(signature.results());
  }

  private void checkShuffleLanes(long lanes) {
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      checkLane((int) (lanes >>> shift) & 0xFF, 32);
    }
  }

  void size() {
    operands.push(state.memory(reader.index()).limits().addressType());
  }

  void grow() {
    NumType address = state.memory(reader.index()).limits().addressType();
    operands.pop(address);
    operands.push(address);
  }

  void fill() {
    NumType address = state.memory(reader.index()).limits().addressType();
    operands.pop(address);
    operands.pop(NumType.I32);
    operands.pop(address);
  }

  void copy() {
    NumType target = state.memory(reader.index()).limits().addressType();
    NumType source = state.memory(reader.index2()).limits().addressType();
    operands.pop(target == source ? target : NumType.I32);
    operands.pop(source);
    operands.pop(target);
  }

  void init() {
    NumType target = state.memory(reader.index2()).limits().addressType();
    state.checkDataSegment(reader.index());
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.pop(target);
  }

  void dropData() {
    state.checkDataSegment(reader.index());
  }
}
