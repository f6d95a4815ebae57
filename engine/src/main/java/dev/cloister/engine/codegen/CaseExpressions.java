package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the cases of big switches in one JVM method compute in the same way from the same locals.
///
/// Found by reading the method's part of the body once, when its first case is written. Of an
/// expression only the innermost operations matter, those whose operands are locals and constants:
/// if one of these differs in two cases, so does all that is computed of it.
final class CaseExpressions {
  /// An operation on what the case begins with.
  ///
  /// @param opcode null for what any access computes of its address
  /// @param first a local, or what [#constant] gives
  /// @param second the same, or [#OTHER] if there is none
  private record Operation(@Nullable Opcode opcode, long first, long second) {
    boolean hasLocal(int local) {
      return first == local || second == local;
    }
  }

  /// A case is looked at up to this many instructions: code in nested switches belongs to several.
  private static final int MAX_CASE_INSTRUCTIONS = 2_000;

  /// A value that is neither a local nor a constant.
  private static final long OTHER = -1;

  private final SplitPlan split;
  private final SplitPlan.@Nullable Region region;
  private final MethodState state;

  /// The operations of each case, by the module offset at which it begins.
  private final Map<Integer, Set<Operation>> cases = new HashMap<>();

  private final Set<Operation> shared = new HashSet<>();

  private CaseExpressions(SplitPlan split, SplitPlan.@Nullable Region region, MethodState state) {
    this.split = split;
    this.region = region;
    this.state = state;
  }

  /// Reads the part of a function that is one JVM method.
  ///
  /// @param region the region that it is, if it is one
  static CaseExpressions of(
      FunctionContext context, SplitPlan.@Nullable Region region, MethodState state) {
    CaseExpressions found = new CaseExpressions(context.split, region, state);
    InstructionReader body = Sites.instructions(state.module, context.functionIndex);
    int from = region == null ? body.position() : region.start();
    int to = region == null ? body.end() : region.end();
    for (int start : found.findCases(state.module.instructions(from, to))) {
      found.cases.put(start, found.operations(state.module.instructions(start, to)));
    }
    Set<Operation> seen = new HashSet<>();
    for (Collection<Operation> operations : found.cases.values()) {
      for (Operation operation : operations) {
        if (!seen.add(operation)) {
          found.shared.add(operation);
        }
      }
    }
    return found;
  }

  /// {@return the locals of which a case needs copies that look like other values: one for each
  /// operation that another case has, too}
  ///
  /// @param start module offset of its first instruction
  BitSet locals(int start) {
    List<Operation> open = new ArrayList<>(cases.getOrDefault(start, Set.of()));
    open.retainAll(shared);
    BitSet chosen = new BitSet();
    while (!open.isEmpty()) {
      int local = mostFrequent(open);
      chosen.set(local);
      open.removeIf(operation -> operation.hasLocal(local));
    }
    return chosen;
  }

  private static int mostFrequent(List<Operation> operations) {
    Map<Long, Integer> counts = new HashMap<>();
    long most = -1;
    for (Operation operation : operations) {
      for (long operand : new long[] {operation.first, operation.second}) {
        if (operand >= 0) {
          int count = counts.merge(operand, 1, Integer::sum);
          int best = counts.getOrDefault(most, 0);
          if (count > best || (count == best && operand < most)) {
            most = operand;
          }
        }
      }
    }
    return (int) most;
  }

  /// {@return where the cases begin: behind the blocks to whose ends a big switch goes}
  private List<Integer> findCases(InstructionReader reader) {
    List<Integer> starts = new ArrayList<>();
    BitSet targets = new BitSet();
    int depth = 0;
    while (skipRegions(reader)) {
      Opcode opcode = reader.next();
      switch (opcode) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> targets.clear(depth++);
        case END, DELEGATE -> {
          depth--;
          if (depth >= 0 && targets.get(depth)) {
            starts.add(reader.position());
          }
        }
        case BR_TABLE -> {
          int[] labels = BranchTables.distinct(reader);
          if (labels.length >= ControlEmitter.BIG_SWITCH_TARGETS) {
            for (int label : labels) {
              if (label < depth) {
                targets.set(depth - 1 - label);
              }
            }
          }
        }
        default -> {}
      }
    }
    return starts;
  }

  /// {@return whether there is another instruction that the method has itself}
  private boolean skipRegions(InstructionReader reader) {
    while (!reader.atEnd()) {
      SplitPlan.Region inner = split.regionAt(reader.position(), region);
      if (inner == null) {
        return true;
      }
      reader.reset(inner.end(), reader.end());
    }
    return false;
  }

  // Operations.

  /// The values on the operand stack as far as they are known; all below are something else.
  private static final class Operands {
    private long[] values = new long[16];
    private int size;

    void push(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    long pop() {
      return size == 0 ? OTHER : values[--size];
    }
  }

  /// {@return the operations on locals that the case has not written, up to the end of the block
  /// around it}
  private Set<Operation> operations(InstructionReader reader) {
    Set<Operation> found = new LinkedHashSet<>();
    BitSet written = new BitSet();
    Operands operands = new Operands();
    int left = MAX_CASE_INSTRUCTIONS;
    for (int depth = 0; depth >= 0 && left > 0 && skipRegions(reader); left--) {
      Opcode opcode = reader.next();
      switch (opcode) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
          operands.size = 0;
          depth++;
        }
        case END, DELEGATE -> {
          operands.size = 0;
          depth--;
        }
        case ELSE, CATCH, CATCH_ALL -> {
          operands.size = 0;
          if (depth == 0) {
            return found;
          }
        }
        case LOCAL_GET -> {
          int local = reader.index();
          operands.push(!written.get(local) && canCopy(local) ? local : OTHER);
        }
        case LOCAL_SET, LOCAL_TEE -> {
          written.set(reader.index());
          operands.pop();
          if (opcode == Opcode.LOCAL_TEE) {
            operands.push(OTHER);
          }
        }
        case DROP -> operands.pop();
        case GLOBAL_GET -> operands.push(OTHER);
        case I32_CONST -> operands.push(constant(reader.i32Const()));
        case I64_CONST -> operands.push(constant(reader.i64Const()));
        default -> add(opcode, operands, found);
      }
    }
    return found;
  }

  /// {@return a number that is no local for a constant; those of some pairs are equal, which costs
  /// a copy too many}
  private static long constant(long value) {
    return -2 - (value & Long.MAX_VALUE >>> 1);
  }

  private void add(Opcode opcode, Operands operands, Set<Operation> found) {
    FuncType signature = opcode.signature();
    if (signature == null || opcode.prefix() == Opcode.PREFIX_SIMD) {
      operands.size = 0;
      return;
    }
    long second = OTHER;
    long first = OTHER;
    for (int i = signature.params().size() - 1; i >= 0; i--) {
      second = first;
      first = operands.pop();
    }
    if (opcode.accessWidthLog2() >= 0) {
      long address = operands.pop();
      if (address >= 0) {
        found.add(new Operation(null, address, OTHER));
      }
    } else if ((first >= 0 || second >= 0)
        && (signature.params().size() == 1 || (first != OTHER && second != OTHER))
        && !isComparison(opcode)) {
      found.add(new Operation(opcode, first, second));
    }
    if (!signature.results().isEmpty()) {
      operands.push(OTHER);
    }
  }

  /// {@return whether an instruction compares} C2 does so again wherever it needs the outcome.
  private static boolean isComparison(Opcode opcode) {
    return opcode.prefix() == 0
        && opcode.code() >= Opcode.I32_EQZ.code()
        && opcode.code() <= Opcode.F64_GE.code();
  }

  /// {@return whether there may be a copy of a local: it is an integer, of which addresses are
  /// made, that the method has in a variable}
  private boolean canCopy(int local) {
    JvmKind kind = state.localKind(local);
    return (kind == JvmKind.INT || kind == JvmKind.LONG)
        && !state.isFramed(local)
        && state.hasLocal(local);
  }
}
