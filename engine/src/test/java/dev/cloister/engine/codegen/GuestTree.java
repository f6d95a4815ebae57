package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Guest programs as trees: each node writes itself as Wasm, and says what it does by doing it.
///
/// This is the interpreter that compiled code is compared with. It is slow and simple: branches are
/// exceptions, memory is accessed byte by byte, operators are those of [Operator]. Values are 64
/// bits as there.
final class GuestTree {
  private GuestTree() {}

  /// What branches name: a block or loop.
  static final class Target {}

  /// A branch on its way to its target.
  static final class Branch extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final transient Target target;
    final long value;

    Branch(Target target, long value) {
      super(null, null, false, false);
      this.target = target;
      this.value = value;
    }
  }

  /// More steps than a test should take.
  static final class TooLong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooLong() {
      super(null, null, false, false);
    }
  }

  /// The state of a module that is interpreted.
  static final class Machine {
    static final int PAGE = 1 << 16;

    final List<Function> functions;
    final List<@Nullable Function> table;
    final long[] globals;
    final int maxPages;
    byte[] memory;
    long stepsLeft;

    Machine(List<Function> functions, List<@Nullable Function> table, int globals, int maxPages) {
      this.functions = functions;
      this.table = table;
      this.globals = new long[globals];
      this.maxPages = maxPages;
      this.memory = new byte[PAGE];
    }

    long call(Function function, long[] args) {
      Activation activation = new Activation(this, function, args);
      try {
        function.body().run(activation);
        return function.result().eval(activation);
      } catch (Branch branch) {
        if (branch.target != function.target()) {
          throw new AssertionError("a branch left its function", branch);
        }
        return branch.value;
      } catch (GuestExceptions.Delegated delegated) {
        throw delegated.arriveAt(function.target());
      }
    }

    int grow(int pages) {
      int former = memory.length / PAGE;
      if (pages < 0 || former + pages > maxPages) {
        return -1;
      }
      memory = Arrays.copyOf(memory, memory.length + pages * PAGE);
      return former;
    }

    int checked(long address, long offset, int bytes) {
      long from = (address & 0xffff_ffffL) + offset;
      if (from + bytes > memory.length) {
        throw new Operator.Fault(TrapReason.MEMORY_OUT_OF_BOUNDS);
      }
      return (int) from;
    }
  }

  /// A call of a function that is interpreted.
  static final class Activation {
    final Machine machine;
    final long[] locals;

    /// What each `try` caught last.
    final Map<Target, GuestExceptions.Thrown> caught = new IdentityHashMap<>();

    Activation(Machine machine, Function function, long[] args) {
      this.machine = machine;
      this.locals = Arrays.copyOf(args, args.length + function.locals().size());
    }

    void step() {
      if (--machine.stepsLeft < 0) {
        throw new TooLong();
      }
    }
  }

  /// Writes nodes as Wasm.
  static final class Emission {
    final CodeBuilder code;
    private final List<Target> open = new ArrayList<>();

    Emission(CodeBuilder code, Target function) {
      this.code = code;
      open.add(function);
    }

    void open(Target target) {
      open.add(target);
    }

    void close() {
      open.removeLast();
      code.end();
    }

    void closeByDelegate(Target target) {
      open.removeLast();
      code.op(Opcode.DELEGATE, label(target));
    }

    int label(Target target) {
      int index = open.lastIndexOf(target);
      if (index < 0) {
        throw new AssertionError("no such block is open");
      }
      return open.size() - 1 - index;
    }
  }

  /// A function: statements, then the value that it returns.
  record Function(
      int index,
      List<NumType> params,
      NumType resultType,
      List<NumType> locals,
      Target target,
      Sequence body,
      Expression result) {
    FuncType type() {
      return new FuncType(List.copyOf(params), List.of(resultType));
    }

    void emit(CodeBuilder code) {
      locals.forEach(code::local);
      Emission emission = new Emission(code, target);
      body.emit(emission);
      result.emit(emission);
    }
  }

  // Expressions.

  /// Leaves one value.
  interface Expression {
    void emit(Emission to);

    long eval(Activation in);
  }

  record Constant(NumType type, long bits) implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.op(Opcode.valueOf(type.name() + "_CONST"), bits);
    }

    @Override
    public long eval(Activation in) {
      return bits;
    }
  }

  record LocalGet(int local) implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.localGet(local);
    }

    @Override
    public long eval(Activation in) {
      return in.locals[local];
    }
  }

  record LocalTee(int local, Expression value) implements Expression {
    @Override
    public void emit(Emission to) {
      value.emit(to);
      to.code.localTee(local);
    }

    @Override
    public long eval(Activation in) {
      long bits = value.eval(in);
      in.locals[local] = bits;
      return bits;
    }
  }

  record GlobalGet(int global) implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.globalGet(global);
    }

    @Override
    public long eval(Activation in) {
      return in.machine.globals[global];
    }
  }

  record Operation(Operator operator, List<Expression> operands) implements Expression {
    @Override
    public void emit(Emission to) {
      operands.forEach(operand -> operand.emit(to));
      to.code.op(operator.opcode());
    }

    @Override
    public long eval(Activation in) {
      in.step();
      long a = operands.getFirst().eval(in);
      long b = operands.size() > 1 ? operands.get(1).eval(in) : 0;
      return operator.apply(a, b);
    }
  }

  /// A float whose NaNs are all the same one, for places that show its bits.
  ///
  /// @param scratch a local of the type
  record Canonical(NumType type, int scratch, Expression value) implements Expression {
    private static final long F32_NAN = 0x7fc0_0000;
    private static final long F64_NAN = 0x7ff8_0000_0000_0000L;

    private long nan() {
      return type == F64 ? F64_NAN : F32_NAN;
    }

    @Override
    public void emit(Emission to) {
      value.emit(to);
      to.code.localTee(scratch);
      new Constant(type, nan()).emit(to);
      to.code.localGet(scratch).localGet(scratch).op(Opcode.valueOf(type.name() + "_EQ"));
      to.code.op(Opcode.SELECT);
    }

    @Override
    public long eval(Activation in) {
      long bits = value.eval(in);
      in.locals[scratch] = bits;
      return Double.isNaN(Operator.toDouble(bits, type)) ? nan() : bits;
    }
  }

  record Select(Expression first, Expression second, Expression condition) implements Expression {
    @Override
    public void emit(Emission to) {
      first.emit(to);
      second.emit(to);
      condition.emit(to);
      to.code.op(Opcode.SELECT);
    }

    @Override
    public long eval(Activation in) {
      long a = first.eval(in);
      long b = second.eval(in);
      return condition.eval(in) != 0 ? a : b;
    }
  }

  record Load(Opcode opcode, NumType type, int bytes, boolean isSigned, long offset, Expression at)
      implements Expression {
    @Override
    public void emit(Emission to) {
      at.emit(to);
      to.code.access(opcode, offset);
    }

    @Override
    public long eval(Activation in) {
      in.step();
      int from = in.machine.checked(at.eval(in), offset, bytes);
      long bits = 0;
      for (int i = bytes - 1; i >= 0; i--) {
        bits = (bits << 8) | (in.machine.memory[from + i] & 0xff);
      }
      int unused = 64 - 8 * bytes;
      if (isSigned) {
        bits = bits << unused >> unused;
      }
      return type == I32 ? (int) bits : bits;
    }
  }

  record Grow(int pages) implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.i32Const(pages).op(Opcode.MEMORY_GROW, 0);
    }

    @Override
    public long eval(Activation in) {
      return in.machine.grow(pages);
    }
  }

  record Size() implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.op(Opcode.MEMORY_SIZE, 0);
    }

    @Override
    public long eval(Activation in) {
      return in.machine.memory.length / Machine.PAGE;
    }
  }

  /// A call, which writes itself as a tail call too.
  interface AnyCall extends Expression {
    void emitTail(Emission to);

    /// Evaluates the operands, and returns what calls the function.
    LongSupplier prepare(Activation in);

    @Override
    default long eval(Activation in) {
      return prepare(in).getAsLong();
    }
  }

  record Call(Function function, List<Expression> args) implements AnyCall {
    @Override
    public void emit(Emission to) {
      args.forEach(arg -> arg.emit(to));
      to.code.call(function.index());
    }

    @Override
    public void emitTail(Emission to) {
      args.forEach(arg -> arg.emit(to));
      to.code.op(Opcode.RETURN_CALL, function.index());
    }

    @Override
    public LongSupplier prepare(Activation in) {
      in.step();
      long[] values = args.stream().mapToLong(arg -> arg.eval(in)).toArray();
      return () -> in.machine.call(function, values);
    }
  }

  record CallIndirect(FuncType type, List<Expression> args, Expression element)
      implements AnyCall {
    @Override
    public void emit(Emission to) {
      args.forEach(arg -> arg.emit(to));
      element.emit(to);
      to.code.callIndirect(type, 0);
    }

    @Override
    public void emitTail(Emission to) {
      args.forEach(arg -> arg.emit(to));
      element.emit(to);
      to.code.returnCallIndirect(type, 0);
    }

    @Override
    public LongSupplier prepare(Activation in) {
      in.step();
      long[] values = args.stream().mapToLong(arg -> arg.eval(in)).toArray();
      long index = element.eval(in) & 0xffff_ffffL;
      if (index >= in.machine.table.size()) {
        throw new Operator.Fault(TrapReason.UNDEFINED_ELEMENT);
      }
      Function function = in.machine.table.get((int) index);
      if (function == null) {
        throw new Operator.Fault(TrapReason.UNINITIALIZED_ELEMENT);
      }
      if (!function.type().equals(type)) {
        throw new Operator.Fault(TrapReason.INDIRECT_CALL_TYPE_MISMATCH);
      }
      return () -> in.machine.call(function, values);
    }
  }

  record IfValue(
      NumType type,
      Target target,
      Expression condition,
      Sequence then,
      Expression value,
      Sequence otherwise,
      Expression other)
      implements Expression {
    @Override
    public void emit(Emission to) {
      condition.emit(to);
      to.code.ifThen(type);
      to.open(target);
      then.emit(to);
      value.emit(to);
      to.code.otherwise();
      otherwise.emit(to);
      other.emit(to);
      to.close();
    }

    @Override
    public long eval(Activation in) {
      try {
        if (condition.eval(in) != 0) {
          then.run(in);
          return value.eval(in);
        }
        otherwise.run(in);
        return other.eval(in);
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
        return branch.value;
      }
    }
  }

  /// A block with a result, which branches to it carry.
  record BlockValue(NumType type, Target target, Sequence body, Expression value)
      implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.block(type);
      to.open(target);
      body.emit(to);
      value.emit(to);
      to.close();
    }

    @Override
    public long eval(Activation in) {
      try {
        body.run(in);
        return value.eval(in);
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
        return branch.value;
      }
    }
  }

  /// A loop that is entered `turns` times with a parameter that it computes anew each time.
  ///
  /// @param counter a local that nothing else assigns
  /// @param parameter a local that takes the parameter
  record LoopValue(
      NumType type,
      Target target,
      int counter,
      int turns,
      int parameter,
      Expression initial,
      Sequence body,
      Expression next)
      implements Expression {
    @Override
    public void emit(Emission to) {
      to.code.i32Const(turns).localSet(counter);
      initial.emit(to);
      to.code.start(Opcode.LOOP, new FuncType(List.of(type), List.of(type)));
      to.open(target);
      to.code.localSet(parameter);
      body.emit(to);
      next.emit(to);
      to.code.localGet(counter).i32Const(1).op(Opcode.I32_SUB).localTee(counter).brIf(0);
      to.close();
    }

    @Override
    public long eval(Activation in) {
      in.locals[counter] = turns;
      long value = initial.eval(in);
      do {
        in.step();
        in.locals[parameter] = value;
        body.run(in);
        value = next.eval(in);
        in.locals[counter]--;
      } while (in.locals[counter] != 0);
      return value;
    }
  }

  /// A conditional branch with a value, which stays if the branch is not taken.
  record BranchIfValue(Target target, Expression value, Expression condition)
      implements Expression {
    @Override
    public void emit(Emission to) {
      value.emit(to);
      condition.emit(to);
      to.code.brIf(to.label(target));
    }

    @Override
    public long eval(Activation in) {
      long bits = value.eval(in);
      if (condition.eval(in) != 0) {
        throw new Branch(target, bits);
      }
      return bits;
    }
  }

  // Statements.

  /// Leaves nothing.
  interface Statement {
    void emit(Emission to);

    void run(Activation in);
  }

  record Sequence(List<Statement> statements) implements Statement {
    @Override
    public void emit(Emission to) {
      statements.forEach(statement -> statement.emit(to));
    }

    @Override
    public void run(Activation in) {
      for (Statement statement : statements) {
        in.step();
        statement.run(in);
      }
    }
  }

  record Drop(Expression value) implements Statement {
    @Override
    public void emit(Emission to) {
      value.emit(to);
      to.code.drop();
    }

    @Override
    public void run(Activation in) {
      value.eval(in);
    }
  }

  record LocalSet(int local, Expression value) implements Statement {
    @Override
    public void emit(Emission to) {
      value.emit(to);
      to.code.localSet(local);
    }

    @Override
    public void run(Activation in) {
      in.locals[local] = value.eval(in);
    }
  }

  record GlobalSet(int global, Expression value) implements Statement {
    @Override
    public void emit(Emission to) {
      value.emit(to);
      to.code.globalSet(global);
    }

    @Override
    public void run(Activation in) {
      in.machine.globals[global] = value.eval(in);
    }
  }

  record Store(Opcode opcode, int bytes, long offset, Expression at, Expression value)
      implements Statement {
    @Override
    public void emit(Emission to) {
      at.emit(to);
      value.emit(to);
      to.code.access(opcode, offset);
    }

    @Override
    public void run(Activation in) {
      long address = at.eval(in);
      long bits = value.eval(in);
      int from = in.machine.checked(address, offset, bytes);
      for (int i = 0; i < bytes; i++) {
        in.machine.memory[from + i] = (byte) (bits >> (8 * i));
      }
    }
  }

  record If(Target target, Expression condition, Sequence then, @Nullable Sequence otherwise)
      implements Statement {
    @Override
    public void emit(Emission to) {
      condition.emit(to);
      to.code.ifThen();
      to.open(target);
      then.emit(to);
      if (otherwise != null) {
        to.code.otherwise();
        otherwise.emit(to);
      }
      to.close();
    }

    @Override
    public void run(Activation in) {
      try {
        if (condition.eval(in) != 0) {
          then.run(in);
        } else if (otherwise != null) {
          otherwise.run(in);
        }
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
      }
    }
  }

  record Block(Target target, Sequence body) implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.block();
      to.open(target);
      body.emit(to);
      to.close();
    }

    @Override
    public void run(Activation in) {
      try {
        body.run(in);
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
      } catch (GuestExceptions.Delegated delegated) {
        throw delegated.arriveAt(target);
      }
    }
  }

  /// A loop of `turns` turns; a branch to it begins the next one, if there is one left.
  record Loop(Target target, int counter, int turns, Sequence body) implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.i32Const(turns).localSet(counter);
      to.code.block().loop();
      to.open(new Target());
      to.open(target);
      // Counted at the head, so that branches to it count as well.
      to.code.localGet(counter).op(Opcode.I32_EQZ).brIf(1);
      to.code.localGet(counter).i32Const(1).op(Opcode.I32_SUB).localSet(counter);
      body.emit(to);
      to.code.br(0);
      to.close();
      to.close();
    }

    @Override
    public void run(Activation in) {
      in.locals[counter] = turns;
      while (in.locals[counter] != 0) {
        in.step();
        in.locals[counter]--;
        try {
          body.run(in);
        } catch (Branch branch) {
          if (branch.target != target) {
            throw branch;
          }
        }
      }
    }
  }

  /// A loop that ends in `i += step; if (i != limit) continue`, as clang writes them; after `most`
  /// turns it is left in any case.
  ///
  /// @param limitLocal the local with the limit, or -1 if it is the constant `limit`
  record StepLoop(
      Target end,
      Target head,
      int local,
      int step,
      int limitLocal,
      int limit,
      int counter,
      int most,
      Sequence body)
      implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.i32Const(most).localSet(counter).block().loop();
      to.open(end);
      to.open(head);
      to.code.localGet(counter).op(Opcode.I32_EQZ).brIf(1);
      to.code.localGet(counter).i32Const(1).op(Opcode.I32_SUB).localSet(counter);
      body.emit(to);
      to.code.localGet(local).i32Const(step).i32Add().localTee(local);
      if (limitLocal < 0) {
        to.code.i32Const(limit);
      } else {
        to.code.localGet(limitLocal);
      }
      to.code.op(Opcode.I32_NE).brIf(0);
      to.close();
      to.close();
    }

    @Override
    public void run(Activation in) {
      in.locals[counter] = most;
      boolean goesOn = true;
      while (goesOn && in.locals[counter] != 0) {
        in.step();
        in.locals[counter]--;
        try {
          body.run(in);
          in.locals[local] = (int) (in.locals[local] + step);
          goesOn = in.locals[local] != (limitLocal < 0 ? limit : in.locals[limitLocal]);
        } catch (Branch branch) {
          if (branch.target == end) {
            return;
          }
          if (branch.target != head) {
            throw branch;
          }
        }
      }
    }
  }

  record BranchIf(Target target, Expression condition) implements Statement {
    @Override
    public void emit(Emission to) {
      condition.emit(to);
      to.code.brIf(to.label(target));
    }

    @Override
    public void run(Activation in) {
      if (condition.eval(in) != 0) {
        throw new Branch(target, 0);
      }
    }
  }

  /// A branch with or without a value; what follows it in its sequence is never run.
  record Jump(Target target, @Nullable Expression value) implements Statement {
    @Override
    public void emit(Emission to) {
      if (value != null) {
        value.emit(to);
      }
      to.code.br(to.label(target));
    }

    @Override
    public void run(Activation in) {
      throw new Branch(target, value == null ? 0 : value.eval(in));
    }
  }

  /// @param isTail whether a value that is a call is a tail call
  record Return(Target function, Expression value, boolean isTail) implements Statement {
    @Override
    public void emit(Emission to) {
      if (isTail && value instanceof AnyCall call) {
        call.emitTail(to);
      } else {
        value.emit(to);
        to.code.ret();
      }
    }

    @Override
    public void run(Activation in) {
      if (isTail && value instanceof AnyCall call) {
        throw new Branch(function, outOfHandlers(call.prepare(in)));
      }
      throw new Branch(function, value.eval(in));
    }

    /// The function is left before a tail call is made, and with it the blocks with handlers.
    private long outOfHandlers(LongSupplier call) {
      try {
        return call.getAsLong();
      } catch (GuestExceptions.Thrown thrown) {
        throw new GuestExceptions.Delegated(thrown, function);
      }
    }
  }

  /// A switch: the index selects a case, others the last one; a case may fall through.
  record Switch(Target end, Expression index, List<Case> cases) implements Statement {
    /// @param fallsThrough whether the next case follows
    record Case(Target label, Sequence body, boolean fallsThrough) {}

    @Override
    public void emit(Emission to) {
      to.code.block();
      to.open(end);
      for (int i = cases.size() - 1; i >= 0; i--) {
        to.code.block();
        to.open(cases.get(i).label());
      }
      index.emit(to);
      long[] labels = new long[cases.size()];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = i;
      }
      to.code.brTable(labels);
      for (Case branch : cases) {
        to.close();
        branch.body().emit(to);
        if (!branch.fallsThrough()) {
          to.code.br(to.label(end));
        }
      }
      to.close();
    }

    @Override
    public void run(Activation in) {
      long selected = index.eval(in) & 0xffff_ffffL;
      int at = (int) Math.min(selected, cases.size() - 1L);
      try {
        do {
          cases.get(at).body().run(in);
        } while (cases.get(at++).fallsThrough() && at < cases.size());
      } catch (Branch branch) {
        if (branch.target != end) {
          throw branch;
        }
      }
    }
  }
}
