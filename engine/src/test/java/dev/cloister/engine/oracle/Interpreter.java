package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.CatchKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.oracle.Guest.F32;
import dev.cloister.engine.oracle.Guest.F64;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One activation of a function: the reduction rules of the specification (Spec 4.6) on a stack of
/// values and a stack of labels.
final class Interpreter {
  /// An open block.
  ///
  /// @param arity the number of values that a branch takes along
  /// @param height the values below those of the block
  /// @param target where a branch continues
  /// @param block the instruction that opened it, null for the function
  /// @param caught in a clause of a `try`, the exception that it has caught, else null
  private record Label(
      int arity,
      int height,
      int target,
      @Nullable Instruction block,
      Guest.@Nullable Thrown caught) {}

  /// A call that replaces this activation.
  private record TailCall(Guest.Function function, List<@Nullable Object> args) {}

  private final Oracle instance;
  private final List<Instruction> code;
  private final List<Integer> costs;
  private final int resultCount;
  private final List<@Nullable Object> locals = new ArrayList<>();
  private final List<@Nullable Object> stack = new ArrayList<>();
  private final List<Label> labels = new ArrayList<>();
  private int pc;
  private @Nullable TailCall tailCall;

  Interpreter(Oracle instance, Body body, FuncType type, List<@Nullable Object> args) {
    this.instance = instance;
    this.code = body.instructions();
    this.costs = body.costs();
    this.resultCount = type.results().size();
    locals.addAll(args);
    body.locals().forEach(local -> locals.add(Guest.defaultOf(local)));
  }

  /// Calls a function.
  ///
  /// @throws Guest.Trap if it traps
  /// @throws Guest.Thrown if an exception leaves it
  /// @throws Guest.TooLong if it takes too long
  static List<@Nullable Object> call(Guest.Function function, List<@Nullable Object> args) {
    TailCall call = new TailCall(function, args);
    while (true) {
      Guest.Function callee = call.function;
      Oracle owner = callee.instance;
      if (owner == null) {
        if (callee.host == null) {
          throw new IllegalStateException("a function of nobody");
        }
        return callee.host.call(call.args);
      }
      FuncType type = (FuncType) callee.type.composite();
      Interpreter activation = new Interpreter(owner, owner.body(callee.index), type, call.args);
      owner.steps.enter();
      try {
        List<@Nullable Object> results = activation.run();
        if (activation.tailCall == null) {
          return results;
        }
        call = activation.tailCall;
      } finally {
        owner.steps.exit();
      }
    }
  }

  /// Runs to the end; what is left is the results, unless a tail call is to be made.
  List<@Nullable Object> run() {
    labels.add(new Label(resultCount, 0, code.size(), null, null));
    while (pc < code.size()) {
      instance.steps.fuel += costs.get(pc);
      Instruction instruction = code.get(pc++);
      instance.steps.step();
      instance.steps.fuel += bulkCost(instruction);
      try {
        step(instruction);
      } catch (Operator.Fault fault) {
        throw new Guest.Trap(fault.reason, instruction.offset);
      } catch (Guest.Trap trap) {
        throw trap.offset >= 0 ? trap : new Guest.Trap(trap.reason, instruction.offset);
      } catch (Guest.Thrown thrown) {
        handle(thrown);
      }
    }
    return new ArrayList<>(stack);
  }

  /// What a bulk instruction costs for its length, the topmost operand.
  private long bulkCost(Instruction instruction) {
    int elementBytes =
        switch (instruction.opcode) {
          case MEMORY_INIT, MEMORY_COPY, MEMORY_FILL -> 1;
          case TABLE_INIT, TABLE_COPY, TABLE_FILL -> 8;
          case ARRAY_NEW,
              ARRAY_NEW_DEFAULT,
              ARRAY_NEW_DATA,
              ARRAY_NEW_ELEM,
              ARRAY_FILL,
              ARRAY_COPY,
              ARRAY_INIT_DATA,
              ARRAY_INIT_ELEM -> {
            ArrayType type = (ArrayType) instance.module.type(instruction.index).composite();
            StorageType storage = type.field().storage();
            yield storage instanceof RefType ? 8 : References.width(storage);
          }
          default -> 0;
        };
    if (elementBytes == 0) {
      return 0;
    }
    BigInteger length = wide(Oracle.address(stack.getLast()), false);
    BigInteger bytes = length.multiply(BigInteger.valueOf(elementBytes));
    return bytes.add(BigInteger.valueOf(63)).shiftRight(6).longValueExact();
  }

  // The stack.

  private void push(@Nullable Object value) {
    stack.add(value);
  }

  private @Nullable Object pop() {
    return stack.removeLast();
  }

  private int popInt() {
    return (Integer) nonNull(pop());
  }

  private long popLong() {
    return (Long) nonNull(pop());
  }

  private long popAddress() {
    return Oracle.address(pop());
  }

  private static Object nonNull(@Nullable Object value) {
    if (value == null) {
      throw new IllegalStateException("null where a number belongs");
    }
    return value;
  }

  private List<@Nullable Object> popAll(int count) {
    List<@Nullable Object> top = stack.subList(stack.size() - count, stack.size());
    List<@Nullable Object> values = new ArrayList<>(top);
    top.clear();
    return values;
  }

  static Object number(NumType type, long bits) {
    return switch (type) {
      case I32 -> (int) bits;
      case I64 -> bits;
      case F32 -> new F32((int) bits);
      case F64 -> new F64(bits);
    };
  }

  /// The bits of a number, an i32 sign-extended.
  static long bits(@Nullable Object number) {
    return switch (number) {
      case Integer i -> i;
      case Long l -> l;
      case F32 f -> f.bits();
      case F64 f -> f.bits();
      case null, default -> throw new IllegalStateException("no number: " + number);
    };
  }

  // Control.

  private void enter(Instruction block, boolean isLoop) {
    int params = block.blockType.params().size();
    int arity = isLoop ? params : block.blockType.results().size();
    // A branch to a loop executes its instruction again, a branch to a block leaves it.
    int target = isLoop ? block.position : block.end + 1;
    labels.add(new Label(arity, stack.size() - params, target, block, null));
  }

  private void branch(int depth) {
    Label label = labels.get(labels.size() - 1 - depth);
    List<@Nullable Object> values = popAll(label.arity);
    stack.subList(label.height, stack.size()).clear();
    stack.addAll(values);
    labels.subList(labels.size() - 1 - depth, labels.size()).clear();
    pc = label.target;
  }

  private void handle(Guest.Thrown thrown) {
    while (!labels.isEmpty()) {
      Label label = labels.removeLast();
      if (label.block == null || label.caught != null) {
        continue;
      }
      Instruction delegate = label.block.delegate;
      if (delegate != null) {
        // As if the block that the label names had thrown it.
        labels.subList(labels.size() - delegate.index, labels.size()).clear();
        continue;
      }
      for (Instruction clause : label.block.legacyClauses) {
        boolean hasTag = clause.opcode == Opcode.CATCH;
        if (!hasTag || instance.tags.get(clause.index) == thrown.tag) {
          stack.subList(label.height, stack.size()).clear();
          stack.addAll(hasTag ? thrown.values : List.of());
          labels.add(new Label(label.arity, label.height, label.target, label.block, thrown));
          pc = clause.position + 1;
          return;
        }
      }
      for (Instruction.Clause clause : label.block.clauses) {
        CatchKind kind = clause.kind();
        if (kind.hasTag() && instance.tags.get(clause.tag()) != thrown.tag) {
          continue;
        }
        stack.subList(label.height, stack.size()).clear();
        if (kind.hasTag()) {
          stack.addAll(thrown.values);
        }
        if (kind.hasReference()) {
          push(thrown);
        }
        branch(clause.label());
        return;
      }
    }
    throw thrown;
  }

  private static Guest.Thrown caught(Label label) {
    if (label.caught == null) {
      throw new IllegalStateException("nothing is caught");
    }
    return label.caught;
  }

  private void invoke(Guest.Function function, boolean isTail) {
    List<@Nullable Object> args = popAll(((FuncType) function.type.composite()).params().size());
    if (isTail) {
      tailCall = new TailCall(function, args);
      pc = code.size();
    } else {
      stack.addAll(call(function, args));
    }
  }

  private Guest.Function popIndirect(Instruction instruction) {
    Guest.Table table = instance.tables.get(instruction.index2);
    long index = popAddress();
    if (Long.compareUnsigned(index, table.elements.size()) >= 0) {
      throw new Guest.Trap(TrapReason.UNDEFINED_ELEMENT);
    }
    Object element = table.elements.get((int) index);
    if (element == null) {
      throw new Guest.Trap(TrapReason.UNINITIALIZED_ELEMENT);
    }
    DefinedType expected = instance.module.type(instruction.index);
    Guest.Function function = (Guest.Function) element;
    if (!function.type.isSubtypeOf(expected)) {
      throw new Guest.Trap(TrapReason.INDIRECT_CALL_TYPE_MISMATCH);
    }
    return function;
  }

  private Guest.Function popFunction() {
    return References.require(Guest.Function.class, pop(), TrapReason.NULL_FUNCTION_REFERENCE);
  }

  private void step(Instruction instruction) {
    Opcode opcode = instruction.opcode;
    int index = instruction.index;
    switch (opcode) {
      case UNREACHABLE -> throw new Guest.Trap(TrapReason.UNREACHABLE);
      case NOP, ATOMIC_FENCE -> {}
      case BLOCK, TRY, TRY_TABLE -> enter(instruction, false);
      case LOOP -> enter(instruction, true);
      case IF -> {
        boolean holds = popInt() != 0;
        if (holds || instruction.otherwise >= 0) {
          enter(instruction, false);
          pc = holds ? pc : instruction.otherwise + 1;
        } else {
          pc = instruction.end + 1;
        }
      }
      case ELSE, CATCH, CATCH_ALL -> {
        Label label = labels.removeLast();
        pc = label.target;
      }
      case END, DELEGATE -> labels.removeLast();
      case BR -> branch(index);
      case BR_IF -> {
        if (popInt() != 0) {
          branch(index);
        }
      }
      case BR_TABLE -> {
        long selected = Integer.toUnsignedLong(popInt());
        int last = instruction.labels.size() - 1;
        branch(instruction.labels.get((int) Math.min(selected, last)));
      }
      case RETURN -> branch(labels.size() - 1);
      case CALL -> invoke(instance.functions.get(index), false);
      case RETURN_CALL -> invoke(instance.functions.get(index), true);
      case CALL_INDIRECT -> invoke(popIndirect(instruction), false);
      case RETURN_CALL_INDIRECT -> invoke(popIndirect(instruction), true);
      case CALL_REF -> invoke(popFunction(), false);
      case RETURN_CALL_REF -> invoke(popFunction(), true);
      case THROW -> {
        Guest.Tag tag = instance.tags.get(index);
        int count = ((FuncType) tag.type.type().composite()).params().size();
        throw new Guest.Thrown(tag, popAll(count));
      }
      case RETHROW -> throw caught(labels.get(labels.size() - 1 - index));
      case THROW_REF ->
          throw References.require(Guest.Thrown.class, pop(), TrapReason.NULL_EXCEPTION_REFERENCE);
      case DROP -> pop();
      case SELECT, SELECT_T -> {
        boolean first = popInt() != 0;
        Object b = pop();
        Object a = pop();
        push(first ? a : b);
      }
      case LOCAL_GET -> push(locals.get(index));
      case LOCAL_SET -> locals.set(index, pop());
      case LOCAL_TEE -> locals.set(index, stack.getLast());
      case GLOBAL_GET -> push(instance.globals.get(index).value);
      case GLOBAL_SET -> instance.globals.get(index).value = pop();
      case I32_CONST -> push((int) instruction.low);
      case I64_CONST -> push(instruction.low);
      case F32_CONST -> push(new F32((int) instruction.low));
      case F64_CONST -> push(new F64(instruction.low));
      case V128_CONST -> push(new V128(instruction.low, instruction.high));
      default -> {
        if (!stepTable(instruction)
            && !stepReference(instruction)
            && !Aggregates.step(instance, instruction, stack)) {
          stepNumber(instruction);
        }
      }
    }
  }

  private boolean stepTable(Instruction instruction) {
    int index = instruction.index;
    switch (instruction.opcode) {
      case TABLE_GET -> push(Tables.get(instance.tables.get(index), popAddress()));
      case TABLE_SET -> {
        Object value = pop();
        Tables.set(instance.tables.get(index), popAddress(), value);
      }
      case TABLE_SIZE -> pushAddress(index, instance.tables.get(index).elements.size());
      case TABLE_GROW -> {
        long delta = popAddress();
        Object value = pop();
        pushAddress(index, Tables.grow(instance.tables.get(index), value, delta));
      }
      case TABLE_FILL -> {
        long length = popAddress();
        Object value = pop();
        Tables.fill(instance.tables.get(index), popAddress(), value, length);
      }
      case TABLE_COPY -> {
        long length = popAddress();
        long from = popAddress();
        Guest.Table source = instance.tables.get(instruction.index2);
        Tables.copy(instance.tables.get(index), popAddress(), source, from, length);
      }
      case TABLE_INIT -> {
        long length = popAddress();
        long from = popAddress();
        List<@Nullable Object> segment = instance.elements.get(index);
        Tables.init(instance.tables.get(instruction.index2), popAddress(), segment, from, length);
      }
      case ELEM_DROP -> instance.elements.set(index, List.of());
      default -> {
        return false;
      }
    }
    return true;
  }

  private void pushAddress(int table, long value) {
    boolean is64 = instance.tables.get(table).type.limits().is64();
    push(is64 ? (Object) value : (Object) (int) value);
  }

  @SuppressWarnings("ReferenceEquality") // That is what the instruction asks for.
  private static boolean isSame(@Nullable Object a, @Nullable Object b) {
    return a instanceof Guest.I31 ? a.equals(b) : a == b;
  }

  private boolean stepReference(Instruction instruction) {
    int index = instruction.index;
    switch (instruction.opcode) {
      case REF_NULL -> push(null);
      case REF_IS_NULL -> push(pop() == null ? 1 : 0);
      case REF_FUNC -> push(instance.functions.get(index));
      case REF_EQ -> {
        Object b = pop();
        Object a = pop();
        boolean isSame = isSame(a, b);
        push(isSame ? 1 : 0);
      }
      case REF_AS_NON_NULL ->
          push(References.require(Object.class, pop(), TrapReason.NULL_REFERENCE));
      case BR_ON_NULL -> {
        Object reference = pop();
        if (reference == null) {
          branch(index);
        } else {
          push(reference);
        }
      }
      case BR_ON_NON_NULL -> {
        Object reference = pop();
        if (reference != null) {
          push(reference);
          branch(index);
        }
      }
      case REF_TEST, REF_TEST_NULL -> {
        boolean nullable = instruction.opcode == Opcode.REF_TEST_NULL;
        push(References.matches(pop(), RefType.of(nullable, instruction.heapType)) ? 1 : 0);
      }
      case REF_CAST, REF_CAST_NULL -> {
        boolean nullable = instruction.opcode == Opcode.REF_CAST_NULL;
        if (!References.matches(stack.getLast(), RefType.of(nullable, instruction.heapType))) {
          throw new Guest.Trap(TrapReason.CAST_FAILURE);
        }
      }
      case BR_ON_CAST -> {
        if (References.matches(stack.getLast(), instruction.castTarget)) {
          branch(index);
        }
      }
      case BR_ON_CAST_FAIL -> {
        if (!References.matches(stack.getLast(), instruction.castTarget)) {
          branch(index);
        }
      }
      case ANY_CONVERT_EXTERN -> push(References.internalize(pop()));
      case EXTERN_CONVERT_ANY -> push(References.externalize(pop()));
      default -> {
        return false;
      }
    }
    return true;
  }

  private void stepNumber(Instruction instruction) {
    Opcode opcode = instruction.opcode;
    Operator operator = Operator.of(opcode);
    if (operator != null) {
      long second = operator.operands().size() == 2 ? bits(pop()) : 0;
      push(number(operator.result(), operator.apply(bits(pop()), second)));
    } else if (opcode.accessWidthLog2() >= 0) {
      access(instruction);
    } else if (opcode.prefix() == Opcode.PREFIX_SIMD && opcode.signature() != null) {
      Object[] operands = popAll(opcode.signature().params().size()).toArray();
      push(Vectors.apply(instruction, operands));
    } else {
      stepMemory(instruction);
    }
  }

  private void access(Instruction instruction) {
    Opcode opcode = instruction.opcode;
    LinearMemory memory = instance.memories.get(instruction.memory);
    FuncType signature = opcode.signature();
    if (signature == null || opcode.prefix() == Opcode.PREFIX_ATOMIC) {
      throw new UnsupportedOperationException(opcode.mnemonic());
    }
    int width = 1 << opcode.accessWidthLog2();
    boolean isVector = opcode.prefix() == Opcode.PREFIX_SIMD;
    if (signature.results().isEmpty()) {
      Object value = nonNull(pop());
      long address = popAddress();
      if (isVector) {
        Vectors.store(instruction, memory, address, (V128) value);
      } else {
        memory.write(memory.checked(address, instruction.memoryOffset, width), width, bits(value));
      }
    } else if (isVector) {
      V128 old = signature.params().isEmpty() ? new V128(0, 0) : (V128) nonNull(pop());
      push(Vectors.load(instruction, memory, popAddress(), old));
    } else {
      int from = memory.checked(popAddress(), instruction.memoryOffset, width);
      long value = memory.read(from, width);
      if (opcode.mnemonic().endsWith("_s")) {
        value = value << (64 - 8 * width) >> (64 - 8 * width);
      }
      push(number((NumType) signature.results().getFirst(), value));
    }
  }

  private void stepMemory(Instruction instruction) {
    switch (instruction.opcode) {
      case DATA_DROP -> instance.data.set(instruction.index, new byte[0]);
      case I64_ADD128, I64_SUB128 -> {
        BigInteger b = popWide();
        BigInteger a = popWide();
        pushWide(instruction.opcode == Opcode.I64_ADD128 ? a.add(b) : a.subtract(b));
      }
      case I64_MUL_WIDE_S -> pushWide(wide(popLong(), true).multiply(wide(popLong(), true)));
      case I64_MUL_WIDE_U -> pushWide(wide(popLong(), false).multiply(wide(popLong(), false)));
      default -> stepMemory(instruction, instance.memories.get(written(instruction)));
    }
  }

  private static int written(Instruction instruction) {
    return instruction.opcode == Opcode.MEMORY_COPY ? instruction.index : instruction.memory;
  }

  private void stepMemory(Instruction instruction, LinearMemory memory) {
    switch (instruction.opcode) {
      case MEMORY_SIZE -> pushPages(memory, memory.pages());
      case MEMORY_GROW -> pushPages(memory, memory.grow(popAddress()));
      case MEMORY_FILL -> {
        long length = popAddress();
        byte value = (byte) popInt();
        int to = memory.checked(popAddress(), 0, length);
        Arrays.fill(memory.bytes, to, to + (int) length, value);
      }
      case MEMORY_COPY -> {
        long length = popAddress();
        LinearMemory source = instance.memories.get(instruction.index2);
        int from = source.checked(popAddress(), 0, length);
        int to = memory.checked(popAddress(), 0, length);
        System.arraycopy(source.bytes, from, memory.bytes, to, (int) length);
      }
      case MEMORY_INIT -> {
        long length = popAddress();
        byte[] segment = instance.data.get(instruction.index);
        int from =
            Oracle.range(popAddress(), length, segment.length, TrapReason.MEMORY_OUT_OF_BOUNDS);
        int to = memory.checked(popAddress(), 0, length);
        System.arraycopy(segment, from, memory.bytes, to, (int) length);
      }
      default -> throw new UnsupportedOperationException(instruction.opcode.mnemonic());
    }
  }

  private void pushPages(LinearMemory memory, long pages) {
    push(memory.type.limits().is64() ? (Object) pages : (Object) (int) pages);
  }

  private static BigInteger wide(long value, boolean isSigned) {
    BigInteger number = BigInteger.valueOf(value);
    return isSigned || value >= 0 ? number : number.add(BigInteger.TWO.pow(64));
  }

  private BigInteger popWide() {
    BigInteger high = wide(popLong(), true);
    return high.shiftLeft(64).add(wide(popLong(), false));
  }

  private void pushWide(BigInteger number) {
    push(number.longValue());
    push(number.shiftRight(64).longValue());
  }
}
