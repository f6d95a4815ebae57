package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.runtime.intrinsic.VectorApi;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// That the vectors of a function are objects of the JDK's Vector API, and with which lanes its
/// locals are kept.
///
/// C2 makes registers and single instructions of them, where all that touches them is inlined.
/// Parameters, results, globals and everything else outside of the function's own instructions
/// still are two longs.
final class PackedPlan {
  /*
   * Before C2 has compiled it, code on vector objects is a hundred times slower than code on two
   * longs, and where C2 gives up inlining it stays slow. So only optimized code has them, and only
   * functions that compute with vectors in a loop, or in much code, and that are small enough.
   *
   * An object has a type of lanes, and to view it as another type is one more call that has to be
   * inlined. So each local is kept with the lanes that its instructions work on, those in loops
   * counted more; where the bits do not say (loads, bitwise logic) that is as the neighbours have
   * it. Where control flow meets, values are bytes.
   */
  /// The most instructions on vectors: C2 spends some five milliseconds on each.
  static final int MAX_INSTRUCTIONS = 400;

  /// The fewest instructions that compute with vectors outside of loops.
  private static final int MIN_STRAIGHT_INSTRUCTIONS = 8;

  private final LaneType[] locals;

  private PackedPlan(LaneType[] locals) {
    this.locals = locals;
  }

  /// {@return the plan for a function, or null if its vectors are two longs}
  ///
  /// @param letters the letters of its locals
  static @Nullable PackedPlan of(
      CodeKind kind, ModulePlan plan, int functionIndex, String letters, SplitPlan split) {
    if (kind != CodeKind.OPTIMIZED || plan.vectorUse() == VectorUse.NEVER || split.hasFrame()) {
      return null;
    }
    Scan scan = new Scan(letters);
    scan.read(Sites.instructions(plan.module(), functionIndex));
    boolean isWanted =
        plan.vectorUse() == VectorUse.ALWAYS
            ? scan.count > 0 || letters.indexOf(JvmKind.V128.code()) >= 0
            : scan.isWorthIt();
    if (!isWanted || (scan.catches && throwsVectors(plan.module())) || !VectorApi.isAvailable()) {
      return null;
    }
    plan.prepareVectors(functionIndex, scan.opcodes);
    return new PackedPlan(scan.choose());
  }

  /// What a handler gets would have to be packed.
  private static boolean throwsVectors(WasmModule module) {
    for (int i = 0; i < module.tagCount(); i++) {
      FuncType type = (FuncType) module.tagType(i).type().composite();
      if (type.params().contains(VecType.V128)) {
        return true;
      }
    }
    return false;
  }

  /// {@return letters of [JvmKind] for values within such a function}
  static String letters(String ofShape) {
    return ofShape.replace(JvmKind.V128.code(), JvmKind.PACKED.code());
  }

  /// {@return the lanes in which a Wasm local is kept}
  LaneType lanes(int local) {
    return locals[local];
  }

  /// Reads a body: how much it computes with vectors, and which lanes its locals meet.
  private static final class Scan {
    private final String letters;
    private final Map<Integer, Map<LaneType, Long>> votes = new HashMap<>();
    private final Deque<Boolean> open = new ArrayDeque<>();
    private final List<Integer> justRead = new ArrayList<>();
    private int loops;
    private @Nullable LaneType last;
    final Set<Opcode> opcodes = EnumSet.noneOf(Opcode.class);
    int count;
    int computing;
    int computingInLoops;
    boolean catches;

    Scan(String letters) {
      this.letters = letters;
    }

    void read(InstructionReader reader) {
      while (!reader.atEnd()) {
        Opcode opcode = reader.next();
        switch (opcode) {
          case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
            open.push(opcode == Opcode.LOOP);
            loops += opcode == Opcode.LOOP ? 1 : 0;
            catches |= opcode == Opcode.TRY || opcode == Opcode.TRY_TABLE;
          }
          case END, DELEGATE -> {
            if (!open.isEmpty() && open.pop()) {
              loops--;
            }
          }
          case LOCAL_GET -> {
            if (isVector(reader.index())) {
              justRead.add(reader.index());
            }
            continue;
          }
          case LOCAL_SET, LOCAL_TEE -> {
            if (isVector(reader.index()) && last != null) {
              vote(reader.index(), last);
            }
          }
          default -> {
            if (opcode.prefix() == Opcode.PREFIX_SIMD) {
              count(opcode);
            } else {
              last = null;
            }
          }
        }
        justRead.clear();
      }
    }

    private void count(Opcode opcode) {
      count++;
      opcodes.add(opcode);
      boolean isMove = opcode.accessWidthLog2() >= 0 || opcode == Opcode.V128_CONST;
      if (!isMove) {
        computing++;
        computingInLoops += loops > 0 ? 1 : 0;
      }
      LaneType operands = PackedEmitter.operandLanes(opcode);
      if (operands != null) {
        justRead.forEach(local -> vote(local, operands));
      }
      last = PackedEmitter.resultLanes(opcode);
    }

    private boolean isVector(int local) {
      return letters.charAt(local) == JvmKind.V128.code();
    }

    private void vote(int local, LaneType type) {
      votes
          .computeIfAbsent(local, _ -> new EnumMap<>(LaneType.class))
          .merge(type, 1L << (3 * Math.min(loops, 8)), Long::sum);
    }

    boolean isWorthIt() {
      return (computingInLoops > 0 || computing >= MIN_STRAIGHT_INSTRUCTIONS)
          && count <= MAX_INSTRUCTIONS;
    }

    LaneType[] choose() {
      LaneType[] chosen = new LaneType[letters.length()];
      for (int i = 0; i < chosen.length; i++) {
        Map<LaneType, Long> ofLocal = votes.getOrDefault(i, Map.of());
        LaneType best = LaneType.BYTE;
        for (LaneType type : LaneType.values()) {
          if (ofLocal.getOrDefault(type, 0L) > ofLocal.getOrDefault(best, 0L)) {
            best = type;
          }
        }
        chosen[i] = best;
      }
      return chosen;
    }
  }
}
