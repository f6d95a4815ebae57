package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.GuestTree.Expression;
import dev.cloister.engine.codegen.GuestTree.Function;
import dev.cloister.engine.codegen.GuestTree.Sequence;
import dev.cloister.engine.codegen.GuestTree.Statement;
import dev.cloister.engine.codegen.GuestTree.Target;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes valid random modules: functions over numbers with memory, globals, blocks, loops, switches
/// and calls. They always end, and mostly without a trap.
final class RandomFunctions {
  private static final List<NumType> TYPES = List.of(I32, I64, F32, F64);
  private static final int MAX_PAGES = 3;

  /// A function of at least this many statements does not fit into one JVM method.
  private static final int LARGE = 100;

  /// A module, as a tree and in the binary format.
  record Program(List<Function> functions, List<NumType> globals, boolean growsMemory) {
    GuestTree.Machine machine() {
      List<@Nullable Function> table = new ArrayList<>(functions);
      table.add(null);
      return new GuestTree.Machine(functions, table, globals.size(), growsMemory ? MAX_PAGES : 1);
    }

    ModuleBuilder module() {
      ModuleBuilder module = new ModuleBuilder();
      int[] indices = new int[functions.size()];
      for (Function function : functions) {
        indices[function.index()] = function.index();
        module.exportFunction("f" + function.index(), function.type(), function::emit);
      }
      module
          .table(new TableType(RefType.FUNCREF, Limits.of(functions.size() + 1)))
          .elements(0, 0, indices)
          .memory(MemoryType.of(Limits.of(1, MAX_PAGES)))
          .export("memory", ExternKind.MEMORY, 0);
      GuestExceptions.TAGS.forEach(
          types -> module.tag(new FuncType(List.copyOf(types), List.of())));
      for (int i = 0; i < globals.size(); i++) {
        NumType type = globals.get(i);
        module.global(
            new GlobalType(type, true), code -> code.op(Opcode.valueOf(type.name() + "_CONST"), 0));
        // Every other one is a cell.
        if (i % 2 == 0) {
          module.export("g" + i, ExternKind.GLOBAL, i);
        }
      }
      return module;
    }
  }

  private final Random random;
  private final boolean growsMemory;
  private final List<Function> functions = new ArrayList<>();
  private final List<NumType> globals = List.of(I32, I64, F64, F32, I32, I64);

  // The function that is being made.
  private final List<NumType> locals = new ArrayList<>();
  private final List<Block> blocks = new ArrayList<>();
  private final List<Integer> freeCounters = new ArrayList<>();

  /// The open blocks that `delegate` may name.
  private final List<Target> delegates = new ArrayList<>();

  /// The open clauses of `try` that `rethrow` may name.
  private final List<Target> caught = new ArrayList<>();

  /// The number of open blocks with handlers.
  private int handlers;

  private int assignable;
  private int calls;
  private Target function = new Target();
  private NumType resultType = I32;

  /// An open block that may be branched to.
  ///
  /// @param type of the value that branches carry, or null
  private record Block(Target target, @Nullable NumType type) {}

  private RandomFunctions(Random random, boolean growsMemory) {
    this.random = random;
    this.growsMemory = growsMemory;
  }

  /// Returns a program of some small functions, which call each other.
  static Program program(long seed) {
    Random random = new Random(seed);
    RandomFunctions made = new RandomFunctions(random, random.nextInt(3) == 0);
    int count = 2 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      made.addFunction(3 + random.nextInt(12), 3);
    }
    return new Program(made.functions, made.globals, made.growsMemory);
  }

  /// Returns a program with a function that is too large for one JVM method.
  static Program largeProgram(long seed) {
    Random random = new Random(seed);
    RandomFunctions made = new RandomFunctions(random, random.nextBoolean());
    made.addFunction(5, 2);
    made.addFunction(700, 4);
    return new Program(made.functions, made.globals, made.growsMemory);
  }

  private void addFunction(int statements, int depth) {
    locals.clear();
    blocks.clear();
    freeCounters.clear();
    delegates.clear();
    caught.clear();
    handlers = 0;
    calls = 0;
    function = new Target();
    resultType = pick(TYPES);
    List<NumType> params = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      params.add(pick(TYPES));
    }
    locals.addAll(params);
    // Some of each type, so that there is always one to pick; the last four are for scratch.
    for (int i = 0; i < 2; i++) {
      locals.addAll(TYPES);
    }
    assignable = locals.size();
    locals.addAll(TYPES);
    Sequence body = statements < LARGE ? sequence(statements, depth) : large(statements, depth);
    Expression result = expression(resultType, depth);
    functions.add(
        new Function(
            functions.size(),
            List.copyOf(params),
            resultType,
            List.copyOf(locals.subList(params.size(), locals.size())),
            function,
            body,
            result));
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private int local(NumType type) {
    while (true) {
      int local = random.nextInt(assignable);
      if (locals.get(local) == type) {
        return local;
      }
    }
  }

  private int scratch(NumType type) {
    return assignable + TYPES.indexOf(type);
  }

  /// Takes a local that counts the turns of one loop; loops that are not nested share it.
  private int takeCounter() {
    if (freeCounters.isEmpty()) {
      locals.add(I32);
      return locals.size() - 1;
    }
    return freeCounters.removeLast();
  }

  private int global(NumType type) {
    while (true) {
      int global = random.nextInt(globals.size());
      if (globals.get(global) == type) {
        return global;
      }
    }
  }

  // Statements.

  private Sequence sequence(int length, int depth) {
    List<Statement> statements = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      statements.add(statement(depth));
    }
    return new Sequence(List.copyOf(statements));
  }

  private Sequence inner(int depth) {
    Sequence sequence = sequence(random.nextInt(4), depth - 1);
    if (random.nextInt(12) == 0) {
      List<Statement> statements = new ArrayList<>(sequence.statements());
      statements.add(jump(depth - 1));
      // Code that cannot be reached, but must be valid.
      if (random.nextBoolean()) {
        statements.add(statement(1));
      }
      return new Sequence(List.copyOf(statements));
    }
    return sequence;
  }

  private Statement jump(int depth) {
    if (random.nextInt(handlers > 0 ? 3 : 15) == 0) {
      return thrown(depth);
    }
    if (!blocks.isEmpty() && random.nextInt(4) > 0) {
      Block block = pick(blocks);
      NumType type = block.type();
      return new GuestTree.Jump(block.target(), type == null ? null : expression(type, depth));
    }
    boolean isTail = random.nextInt(3) > 0;
    return new GuestTree.Return(
        function, isTail ? call(resultType, depth) : expression(resultType, depth), isTail);
  }

  private Statement statement(int depth) {
    int kind = random.nextInt(depth > 0 ? 23 : 8);
    NumType type = pick(TYPES);
    return switch (kind) {
      case 0, 1, 2, 3 -> new GuestTree.LocalSet(local(type), expression(type, depth));
      case 4 -> new GuestTree.GlobalSet(global(type), expression(type, depth));
      case 5, 6 -> store(depth);
      case 7 -> new GuestTree.Drop(expression(type, depth));
      case 8, 9 -> {
        Expression condition = condition(depth - 1);
        Target target = new Target();
        yield within(
            target,
            null,
            () ->
                new GuestTree.If(
                    target, condition, inner(depth), random.nextBoolean() ? inner(depth) : null));
      }
      case 10, 11 -> {
        Target target = new Target();
        yield within(target, null, () -> delegable(target, depth));
      }
      case 12 -> {
        Target target = new Target();
        int counter = takeCounter();
        int turns = random.nextInt(5);
        Statement loop =
            within(target, null, () -> new GuestTree.Loop(target, counter, turns, inner(depth)));
        freeCounters.add(counter);
        yield loop;
      }
      case 13, 14 -> branchIf(depth);
      case 15 -> stepLoop(depth);
      case 16, 17 -> switchOn(depth);
      case 18, 19 -> tryTable(0, depth);
      case 20 -> legacyTry(0, depth);
      case 21 -> delegate(0, depth);
      default ->
          new GuestTree.If(
              new Target(), condition(depth - 1), new Sequence(List.of(jump(depth - 1))), null);
    };
  }

  // Exceptions.

  /// Makes a large sequence, most of it within blocks with handlers.
  private Sequence large(int statements, int depth) {
    return switch (random.nextInt(4)) {
      case 0 -> sequence(statements, depth);
      case 1 -> new Sequence(List.of(tryTable(statements, depth)));
      case 2 -> new Sequence(List.of(legacyTry(statements / 2, depth)));
      default -> {
        Target outer = new Target();
        delegates.add(outer);
        Statement inner = delegate(statements, depth);
        delegates.removeLast();
        Statement middle =
            new GuestExceptions.TryTable(
                new Target(),
                new Target(),
                new Sequence(List.of(inner)),
                List.of(handler(anyTag(), inner(depth)), handler(-1, inner(depth))));
        yield new Sequence(
            List.of(
                new GuestExceptions.Try(
                    outer,
                    new Sequence(List.of(middle)),
                    List.of(handler(anyTag(), inner(depth)), handler(-1, inner(depth))))));
      }
    };
  }

  private Statement delegable(Target target, int depth) {
    delegates.add(target);
    Statement block = new GuestTree.Block(target, inner(depth));
    delegates.removeLast();
    return block;
  }

  private Statement thrown(int depth) {
    if (!caught.isEmpty() && random.nextInt(3) == 0) {
      return new GuestExceptions.Rethrow(pick(caught));
    }
    int tag = random.nextInt(GuestExceptions.TAGS.size());
    List<Expression> values = new ArrayList<>();
    for (NumType type : GuestExceptions.TAGS.get(tag)) {
      values.add(shown(type, expression(type, depth - 1)));
    }
    return new GuestExceptions.Throw(tag, List.copyOf(values));
  }

  /// What is protected: something that may throw at its end.
  private Sequence attempted(Target target, int size, int depth) {
    handlers++;
    delegates.add(target);
    List<Statement> statements = new ArrayList<>(part(size, depth).statements());
    if (random.nextBoolean()) {
      statements.add(
          new GuestTree.If(
              new Target(), condition(depth - 1), new Sequence(List.of(thrown(depth))), null));
    }
    delegates.removeLast();
    handlers--;
    return new Sequence(List.copyOf(statements));
  }

  /// @param size the number of statements, or 0 for a few
  private Sequence part(int size, int depth) {
    return size == 0 ? inner(depth) : sequence(size, depth);
  }

  private Statement tryTable(int size, int depth) {
    Target end = new Target();
    Target target = new Target();
    return within(
        end,
        null,
        () -> {
          Sequence body = within(target, null, () -> attempted(target, size, depth));
          List<GuestExceptions.Handler> clauses = new ArrayList<>();
          for (int i = random.nextInt(4); i > 0; i--) {
            clauses.add(handler(random.nextInt(4) == 0 ? -1 : anyTag(), inner(depth)));
          }
          return new GuestExceptions.TryTable(end, target, body, List.copyOf(clauses));
        });
  }

  /// @param size the number of statements of the body and of each clause, or 0 for a few
  private Statement legacyTry(int size, int depth) {
    Target target = new Target();
    return within(
        target,
        null,
        () -> {
          Sequence body = attempted(target, size, depth);
          caught.add(target);
          delegates.add(target);
          List<GuestExceptions.Handler> clauses = new ArrayList<>();
          for (int i = random.nextInt(4); i > 0; i--) {
            clauses.add(handler(anyTag(), part(size / 2, depth)));
          }
          if (random.nextBoolean()) {
            clauses.add(handler(-1, part(size / 2, depth)));
          }
          delegates.removeLast();
          caught.removeLast();
          return new GuestExceptions.Try(target, body, List.copyOf(clauses));
        });
  }

  private Statement delegate(int size, int depth) {
    Target target = new Target();
    Target outer =
        delegates.isEmpty() || random.nextInt(4) == 0 ? function : pick(delegates);
    return within(
        target,
        null,
        () -> new GuestExceptions.Delegate(target, attempted(target, size, depth), outer));
  }

  private int anyTag() {
    return random.nextInt(GuestExceptions.TAGS.size());
  }

  private GuestExceptions.Handler handler(int tag, Sequence body) {
    List<Integer> values = new ArrayList<>();
    if (tag >= 0) {
      GuestExceptions.TAGS.get(tag).forEach(type -> values.add(local(type)));
    }
    return new GuestExceptions.Handler(
        tag, random.nextBoolean(), List.copyOf(values), body, random.nextInt(4) == 0);
  }

  private Statement stepLoop(int depth) {
    Target end = new Target();
    Target head = new Target();
    int counter = takeCounter();
    int step = (random.nextBoolean() ? 1 : -1) << random.nextInt(5);
    int limit = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(64) - 16;
    boolean isConstant = random.nextBoolean();
    Statement loop =
        within(
            end,
            null,
            () ->
                within(
                    head,
                    null,
                    () ->
                        new GuestTree.StepLoop(
                            end,
                            head,
                            local(I32),
                            step,
                            isConstant ? -1 : local(I32),
                            limit,
                            counter,
                            random.nextInt(8),
                            inner(depth))));
    freeCounters.add(counter);
    return loop;
  }

  private <T> T within(Target target, @Nullable NumType type, Supplier<T> make) {
    blocks.add(new Block(target, type));
    T made = make.get();
    blocks.removeLast();
    return made;
  }

  private Statement branchIf(int depth) {
    List<Block> plain = blocks.stream().filter(block -> block.type() == null).toList();
    return plain.isEmpty()
        ? new GuestTree.Drop(expression(I32, depth))
        : new GuestTree.BranchIf(pick(plain).target(), condition(depth - 1));
  }

  private Statement switchOn(int depth) {
    Target end = new Target();
    // Many cases make a big switch, whose cases work on copies of the locals.
    int count = random.nextBoolean() ? 9 + random.nextInt(4) : 1 + random.nextInt(4);
    Expression index =
        random.nextInt(4) == 0
            ? expression(I32, depth - 1)
            : masked(expression(I32, depth - 1), 15);
    return within(
        end,
        null,
        () -> {
          List<GuestTree.Switch.Case> cases = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            cases.add(
                new GuestTree.Switch.Case(
                    new Target(), inner(count > 8 ? depth - 1 : depth), random.nextInt(3) == 0));
          }
          return new GuestTree.Switch(end, index, List.copyOf(cases));
        });
  }

  private record Access(Opcode opcode, NumType type, int bytes, boolean isSigned) {}

  private static final List<Access> LOADS =
      List.of(
          new Access(Opcode.I32_LOAD, I32, 4, true),
          new Access(Opcode.I32_LOAD8_S, I32, 1, true),
          new Access(Opcode.I32_LOAD8_U, I32, 1, false),
          new Access(Opcode.I32_LOAD16_S, I32, 2, true),
          new Access(Opcode.I32_LOAD16_U, I32, 2, false),
          new Access(Opcode.I64_LOAD, I64, 8, true),
          new Access(Opcode.I64_LOAD8_S, I64, 1, true),
          new Access(Opcode.I64_LOAD8_U, I64, 1, false),
          new Access(Opcode.I64_LOAD16_U, I64, 2, false),
          new Access(Opcode.I64_LOAD32_S, I64, 4, true),
          new Access(Opcode.I64_LOAD32_U, I64, 4, false),
          new Access(Opcode.F32_LOAD, F32, 4, true),
          new Access(Opcode.F64_LOAD, F64, 8, true));

  private static final List<Access> STORES =
      List.of(
          new Access(Opcode.I32_STORE, I32, 4, true),
          new Access(Opcode.I32_STORE8, I32, 1, true),
          new Access(Opcode.I32_STORE16, I32, 2, true),
          new Access(Opcode.I64_STORE, I64, 8, true),
          new Access(Opcode.I64_STORE8, I64, 1, true),
          new Access(Opcode.I64_STORE16, I64, 2, true),
          new Access(Opcode.I64_STORE32, I64, 4, true),
          new Access(Opcode.F32_STORE, F32, 4, true),
          new Access(Opcode.F64_STORE, F64, 8, true));

  private Statement store(int depth) {
    Access access = pick(STORES);
    Expression address = address(depth - 1);
    Expression value = shown(access.type(), expression(access.type(), depth - 1));
    return new GuestTree.Store(access.opcode(), access.bytes(), offset(), address, value);
  }

  /// A value whose bits are seen: NaNs are made equal, as arithmetic leaves their bits open.
  private Expression shown(NumType type, Expression value) {
    return type == F32 || type == F64 ? new GuestTree.Canonical(type, scratch(type), value) : value;
  }

  private long offset() {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextInt(64);
      case 2 -> random.nextInt(60_000);
      default -> 8;
    };
  }

  private Expression address(int depth) {
    Expression any = expression(I32, depth);
    return random.nextInt(40) == 0 ? any : masked(any, 0x3ff);
  }

  private Expression masked(Expression value, int mask) {
    return new GuestTree.Operation(
        operator(Opcode.I32_AND), List.of(value, new GuestTree.Constant(I32, mask)));
  }

  private static Operator operator(Opcode opcode) {
    return Operator.ALL.stream()
        .filter(operator -> operator.opcode() == opcode)
        .findFirst()
        .orElseThrow();
  }

  // Expressions.

  private Expression condition(int depth) {
    return expression(I32, depth);
  }

  private Expression expression(NumType type, int depth) {
    if (depth <= 0) {
      return leaf(type);
    }
    return switch (random.nextInt(18)) {
      case 0, 1 -> leaf(type);
      case 2 -> new GuestTree.LocalTee(local(type), expression(type, depth - 1));
      case 3 ->
          new GuestTree.Select(
              expression(type, depth - 1), expression(type, depth - 1), condition(depth - 1));
      case 4 -> {
        List<Access> loads = LOADS.stream().filter(load -> load.type() == type).toList();
        Access load = pick(loads);
        yield new GuestTree.Load(
            load.opcode(), type, load.bytes(), load.isSigned(), offset(), address(depth - 1));
      }
      case 5 -> ifValue(type, depth);
      case 6 -> {
        Target target = new Target();
        yield within(
            target,
            type,
            () ->
                new GuestTree.BlockValue(type, target, inner(depth), expression(type, depth - 1)));
      }
      case 7 -> loopValue(type, depth);
      case 8 -> {
        List<Block> fitting = blocks.stream().filter(block -> block.type() == type).toList();
        yield fitting.isEmpty()
            ? leaf(type)
            : new GuestTree.BranchIfValue(
                pick(fitting).target(), expression(type, depth - 1), condition(depth - 1));
      }
      case 9 -> call(type, depth);
      default -> operation(type, depth);
    };
  }

  private Expression leaf(NumType type) {
    return switch (random.nextInt(8)) {
      case 0 -> new GuestTree.GlobalGet(global(type));
      case 1, 2 -> new GuestTree.Constant(type, constant(type));
      case 3 ->
          type != I32
              ? new GuestTree.LocalGet(local(type))
              : growsMemory && random.nextInt(3) == 0
                  ? new GuestTree.Grow(random.nextInt(2))
                  : new GuestTree.Size();
      default -> new GuestTree.LocalGet(local(type));
    };
  }

  private long constant(NumType type) {
    long bits = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(64) - 8;
    return switch (type) {
      case I32 -> (int) bits;
      case I64 -> bits;
      case F32 -> Float.floatToIntBits(bits / 4f);
      case F64 -> Double.doubleToLongBits(bits / 4.0);
    };
  }

  private Expression operation(NumType type, int depth) {
    List<Operator> fitting =
        Operator.ALL.stream()
            .filter(operator -> operator.result() == type)
            .filter(operator -> !operator.canTrap() || random.nextInt(8) == 0)
            .toList();
    Operator operator = pick(fitting);
    List<Expression> operands = new ArrayList<>();
    for (NumType operand : operator.operands()) {
      Expression value = expression(operand, depth - 1);
      operands.add(operator.showsNanBits() ? shown(operand, value) : value);
    }
    return new GuestTree.Operation(operator, List.copyOf(operands));
  }

  private Expression ifValue(NumType type, int depth) {
    Target target = new Target();
    Expression condition = condition(depth - 1);
    return within(
        target,
        type,
        () ->
            new GuestTree.IfValue(
                type,
                target,
                condition,
                inner(depth),
                expression(type, depth - 1),
                inner(depth),
                expression(type, depth - 1)));
  }

  private Expression loopValue(NumType type, int depth) {
    int counter = takeCounter();
    int turns = 1 + random.nextInt(4);
    // Nothing branches to this loop but its own end, or it might never come there.
    Expression loop =
        new GuestTree.LoopValue(
            type,
            new Target(),
            counter,
            turns,
            local(type),
            expression(type, depth - 1),
            inner(depth),
            expression(type, depth - 1));
    freeCounters.add(counter);
    return loop;
  }

  private Expression call(NumType type, int depth) {
    List<Function> fitting =
        functions.stream().filter(callee -> callee.resultType() == type).toList();
    if (fitting.isEmpty() || calls >= 4) {
      return operation(type, depth);
    }
    calls++;
    Function callee = pick(fitting);
    List<Expression> args = new ArrayList<>();
    for (NumType param : callee.params()) {
      args.add(expression(param, depth - 1));
    }
    if (random.nextBoolean()) {
      return new GuestTree.Call(callee, List.copyOf(args));
    }
    // Now and then another function than the one that fits: only those before, to end at last.
    int element = random.nextInt(10) == 0 ? random.nextInt(functions.size()) : callee.index();
    return new GuestTree.CallIndirect(
        callee.type(), List.copyOf(args), new GuestTree.Constant(I32, element));
  }
}
