package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.MemoryForm;

/// Writes loads and stores of vectors that are objects, and of their lanes.
///
/// The index is that of [MemoryEmitter], and the Vector API checks it as an array access would. A
/// part of a vector is a load or store of a number.
final class PackedMemoryEmitter {
  private final MethodState state;
  private final VectorWriter vectors;
  private final MemoryEmitter memories;

  PackedMemoryEmitter(MethodState state, MemoryEmitter memories) {
    this.state = state;
    this.vectors = state.vectors;
    this.memories = memories;
  }

  /// Writes `opcode` if it loads or stores, and not in a segment.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    if (opcode.accessWidthLog2() < 0
        || state.instance.form(reader.memoryIndex()) == MemoryForm.SEGMENT) {
      return false;
    }
    switch (opcode) {
      case V128_LOAD -> memories.loadVector(reader);
      case V128_STORE -> memories.storeVector(reader);
      case V128_LOAD8X8_S -> loadExtended(reader, "B2S", LaneType.BYTE, LaneType.SHORT);
      case V128_LOAD8X8_U -> loadExtended(reader, "ZERO_EXTEND_B2S", LaneType.BYTE, LaneType.SHORT);
      case V128_LOAD16X4_S -> loadExtended(reader, "S2I", LaneType.SHORT, LaneType.INT);
      case V128_LOAD16X4_U -> loadExtended(reader, "ZERO_EXTEND_S2I", LaneType.SHORT, LaneType.INT);
      case V128_LOAD32X2_S -> loadExtended(reader, "I2L", LaneType.INT, LaneType.LONG);
      case V128_LOAD32X2_U -> loadExtended(reader, "ZERO_EXTEND_I2L", LaneType.INT, LaneType.LONG);
      case V128_LOAD8_SPLAT -> loadSplat(reader, LaneType.BYTE);
      case V128_LOAD16_SPLAT -> loadSplat(reader, LaneType.SHORT);
      case V128_LOAD32_SPLAT -> loadSplat(reader, LaneType.INT);
      case V128_LOAD64_SPLAT -> loadSplat(reader, LaneType.LONG);
      case V128_LOAD32_ZERO -> loadZero(reader, LaneType.INT);
      case V128_LOAD64_ZERO -> loadZero(reader, LaneType.LONG);
      case V128_STORE8_LANE -> storeLane(reader, LaneType.BYTE);
      case V128_STORE16_LANE -> storeLane(reader, LaneType.SHORT);
      case V128_STORE32_LANE -> storeLane(reader, LaneType.INT);
      case V128_STORE64_LANE -> storeLane(reader, LaneType.LONG);
      default -> {
        return false;
      }
    }
    return true;
  }

  /// Loads a number.
  ///
  /// @return whether control goes on
  private boolean load(InstructionReader reader, LaneType lanes) {
    memories.loadLane(reader, lanes);
    if (state.isReachable) {
      state.deferTop(1);
    }
    return state.isReachable;
  }

  private void finish(LaneType lanes) {
    state.pop();
    state.pushPacked(lanes);
  }

  private void loadSplat(InstructionReader reader, LaneType lanes) {
    if (load(reader, lanes)) {
      vectors.species(lanes);
      state.writeDeferred(0);
      vectors.broadcast(lanes);
      finish(lanes);
    }
  }

  private void loadZero(InstructionReader reader, LaneType lanes) {
    if (load(reader, lanes)) {
      writeWithZeros(lanes);
      finish(lanes);
    }
  }

  private void loadExtended(
      InstructionReader reader, String conversion, LaneType from, LaneType to) {
    if (load(reader, LaneType.LONG)) {
      writeWithZeros(LaneType.LONG);
      vectors.view(from);
      vectors.convert(conversion, to);
      finish(to);
    }
  }

  private void writeWithZeros(LaneType lanes) {
    vectors.zero(lanes);
    vectors.beginLane(lanes, 0);
    state.writeDeferred(0);
    vectors.withLane(lanes);
  }

  private void storeLane(InstructionReader reader, LaneType lanes) {
    state.flushBelow(1);
    state.deferTop(1);
    state.writeVector(0, lanes);
    vectors.lane(lanes, reader.lane());
    state.pop();
    state.pushOnStack(lanes.lane());
    memories.storeLane(reader, lanes);
  }
}
