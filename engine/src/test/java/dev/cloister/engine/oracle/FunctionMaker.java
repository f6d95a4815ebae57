package dev.cloister.engine.oracle;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes one random function: control flow, calls and variables. What computes values is left to
/// [ValueMaker] and [ObjectMaker].
///
/// Loops have a counter that nothing else writes, so that they end.
final class FunctionMaker {
  private static final int MAX_CALLS = 4;

  final Programs programs;
  final Random random;
  private final ValueMaker values;
  private final ObjectMaker objects;
  private final FuncType type;
  private final List<ValueType> locals = new ArrayList<>();
  private final List<Block> blocks = new ArrayList<>();
  private final List<Integer> freeCounters = new ArrayList<>();

  /// The blocks in whose clauses the code is: what `rethrow` may name.
  private final List<Tree.Label> caught = new ArrayList<>();

  private final List<Integer> assignable = new ArrayList<>();
  private final List<Integer> scratch = new ArrayList<>();
  private int calls;
  private int budget;

  /// An open block.
  ///
  /// @param types what branches carry
  /// @param isLoop whether branches go back
  record Block(Tree.Label label, List<ValueType> types, boolean isLoop) {}

  FunctionMaker(Programs programs, FuncType type) {
    this.programs = programs;
    this.random = programs.random;
    this.type = type;
    this.values = new ValueMaker(this);
    this.objects = new ObjectMaker(this, values);
  }

  Program.Function make(int statements, int depth) {
    locals.addAll(type.params());
    for (int i = 0; i < type.params().size(); i++) {
      assignable.add(i);
    }
    // One of each type at least, so that there is always one to pick, and one for scratch.
    for (ValueType local : programs.types) {
      for (int i = programs.oneIn(2) ? 1 : 2; i > 0; i--) {
        assignable.add(locals.size());
        locals.add(local);
      }
      scratch.add(locals.size());
      locals.add(local);
    }
    budget = 60 * statements;
    Tree.Label label = new Tree.Label();
    blocks.add(new Block(label, type.results(), /* isLoop= */ false));
    List<Tree> body = new ArrayList<>(sequence(statements, depth));
    Tree tail = programs.has(WasmFeature.TAIL_CALL) && programs.oneIn(4) ? tailCall(depth) : null;
    if (tail != null) {
      body.add(tail);
    }
    body.addAll(expressions(type.results(), depth));
    blocks.clear();
    return new Program.Function(
        type, List.copyOf(locals.subList(type.params().size(), locals.size())), label, body);
  }

  // Variables.

  int local(ValueType wanted) {
    return programs.pick(assignable.stream().filter(i -> locals.get(i).equals(wanted)).toList());
  }

  int scratch(ValueType wanted) {
    return programs.pick(scratch.stream().filter(i -> locals.get(i).equals(wanted)).toList());
  }

  private int global(ValueType wanted) {
    List<Integer> fitting = new ArrayList<>();
    for (int i = 0; i < programs.globals.size(); i++) {
      if (programs.globals.get(i).valueType().equals(wanted)) {
        fitting.add(i);
      }
    }
    return programs.pick(fitting);
  }

  /// Takes a local that counts the turns of one loop; loops that are not nested share it.
  private int takeCounter() {
    if (freeCounters.isEmpty()) {
      locals.add(I32);
      return locals.size() - 1;
    }
    return freeCounters.removeLast();
  }

  static Tree localGet(ValueType type, int local) {
    return Tree.op(List.of(type), List.of(), to -> to.code().localGet(local));
  }

  static Tree localTee(ValueType type, int local, Tree value) {
    return Tree.op(List.of(type), List.of(value), to -> to.code().localTee(local));
  }

  static Tree localSet(int local, Tree value) {
    return Tree.op(List.of(), List.of(value), to -> to.code().localSet(local));
  }

  static Tree i32(int value) {
    return Tree.op(List.of(I32), List.of(), to -> to.code().i32Const(value));
  }

  static Tree of(Opcode opcode, ValueType result, Tree... operands) {
    return Tree.op(List.of(result), List.of(operands), to -> to.code().op(opcode));
  }

  /// A value that is on the operand stack already: a parameter of the block.
  private static Tree pending(ValueType type) {
    return Tree.op(List.of(type), List.of(), _ -> {});
  }

  // Statements.

  private List<Tree> sequence(int length, int depth) {
    List<Tree> statements = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      statements.add(statement(depth));
    }
    return statements;
  }

  /// What is inside a block, before its results.
  private List<Tree> inner(int depth) {
    List<Tree> statements = new ArrayList<>(sequence(random.nextInt(4), depth - 1));
    if (programs.oneIn(10)) {
      statements.add(jump(depth - 1));
      // Code that cannot be reached, but must be valid.
      if (programs.oneIn(2)) {
        statements.add(statement(1));
      }
    }
    return statements;
  }

  private Tree jump(int depth) {
    Tree tail = programs.has(WasmFeature.TAIL_CALL) && programs.oneIn(3) ? tailCall(depth) : null;
    if (tail != null) {
      return tail;
    }
    if (!programs.tags.isEmpty() && programs.oneIn(12)) {
      return raise(depth);
    }
    if (!caught.isEmpty() && programs.oneIn(4)) {
      Tree.Label label = programs.pick(caught);
      return Tree.op(List.of(), List.of(), to -> to.code().op(Opcode.RETHROW, to.depth(label)));
    }
    if (programs.oneIn(40)) {
      return Tree.op(List.of(), List.of(), to -> to.code().op(Opcode.UNREACHABLE));
    }
    Block block = programs.pick(blocks);
    boolean isReturn = block.equals(blocks.getFirst()) && programs.oneIn(2);
    return Tree.op(
        List.of(),
        expressions(block.types, depth),
        to -> {
          if (isReturn) {
            to.code().ret();
          } else {
            to.code().br(to.depth(block.label));
          }
        });
  }

  private Tree raise(int depth) {
    int tag = random.nextInt(programs.tags.size());
    return Tree.op(
        List.of(),
        expressions(programs.tags.get(tag).params(), depth),
        to -> to.code().op(Opcode.THROW, tag));
  }

  Tree statement(int depth) {
    budget--;
    ValueType any = programs.type();
    return switch (random.nextInt(depth > 0 && budget > 0 ? 26 : 8)) {
      case 0, 1, 2 -> localSet(local(any), expression(any, depth));
      case 3 -> {
        int global = global(any);
        yield Tree.op(
            List.of(), List.of(expression(any, depth)), to -> to.code().globalSet(global));
      }
      case 4, 5 -> values.store(depth);
      case 6 -> Tree.op(List.of(), List.of(expression(any, depth)), to -> to.code().drop());
      case 7 -> log(depth);
      case 8, 9 -> ifThen(List.of(), depth);
      case 10, 11 -> block(List.of(), depth);
      case 12 -> loop(List.of(), depth);
      case 13, 14 -> branchIf(depth);
      case 15 -> stepLoop(depth);
      case 16 -> switchOn(depth);
      case 17 -> setAll(depth);
      case 18 -> values.bulk(depth);
      case 19 -> values.table(depth);
      case 20, 21 -> objects.statement(depth);
      case 22 -> programs.tags.isEmpty() ? statement(depth - 1) : tryTable(List.of(), depth);
      case 23 -> objects.branch(depth, List.copyOf(blocks));
      case 24 ->
          programs.tags.isEmpty() || !programs.has(WasmFeature.LEGACY_EXCEPTIONS)
              ? statement(depth - 1)
              : legacyTry(List.of(), depth);
      default -> dropAll(call(programs.pick(programs.signatures), depth));
    };
  }

  private Tree log(int depth) {
    return Tree.op(List.of(), List.of(expression(I64, depth)), to -> to.code().call(0));
  }

  /// Takes several values at once, from a block or call.
  private Tree setAll(int depth) {
    List<ValueType> types = programs.types(3);
    List<Integer> targets = types.stream().map(this::local).toList().reversed();
    return Tree.op(
        List.of(),
        List.of(several(types, depth)),
        to -> targets.forEach(local -> to.code().localSet(local)));
  }

  private static Tree dropAll(Tree tree) {
    return Tree.op(List.of(), List.of(tree), to -> tree.results().forEach(_ -> to.code().drop()));
  }

  private Tree branchIf(int depth) {
    Block block = programs.pick(blocks);
    List<Tree> operands = new ArrayList<>(expressions(block.types, depth - 1));
    operands.add(expression(I32, depth - 1));
    Tree branch = Tree.op(block.types, operands, to -> to.code().brIf(to.depth(block.label)));
    return dropAll(branch);
  }

  private Tree switchOn(int depth) {
    int count = programs.oneIn(2) ? 9 + random.nextInt(4) : 1 + random.nextInt(4);
    Tree index =
        programs.oneIn(4)
            ? expression(I32, depth - 1)
            : of(Opcode.I32_AND, I32, expression(I32, depth - 1), i32(15));
    List<Tree.Label> labels = new ArrayList<>();
    for (int i = 0; i <= count; i++) {
      labels.add(new Tree.Label());
    }
    List<Tree.Label> targets = new ArrayList<>(labels.subList(0, count));
    targets.add(programs.pick(labels));
    for (Block block : blocks) {
      if (block.types.isEmpty() && !block.isLoop && programs.oneIn(4)) {
        targets.set(random.nextInt(targets.size()), block.label);
      }
    }
    List<Tree> body =
        List.of(
            Tree.op(
                List.of(),
                List.of(index),
                to -> to.code().brTable(targets.stream().mapToLong(to::depth).toArray())));
    // The innermost block holds the jump, the one around it the first case, and so on.
    Tree made = Tree.block(List.of(), labels.getFirst(), List.of(), to -> to.code().block(), body);
    for (int i = 1; i <= count; i++) {
      Tree.Label around = labels.get(i);
      Tree.Label end = labels.get(count);
      List<Tree> parts = new ArrayList<>(List.of(made));
      blocks.add(new Block(end, List.of(), false));
      parts.addAll(inner(count > 8 ? depth - 1 : depth));
      blocks.removeLast();
      if (!programs.oneIn(3)) {
        parts.add(Tree.op(List.of(), List.of(), to -> to.code().br(to.depth(end))));
      }
      made = Tree.block(List.of(), around, List.of(), to -> to.code().block(), parts);
    }
    return made;
  }

  // Blocks.

  private <T> T within(Block block, Supplier<T> make) {
    blocks.add(block);
    T made = make.get();
    blocks.removeLast();
    return made;
  }

  /// Opens a block in the shortest form for its type, or with a type index.
  private void start(CodeBuilder code, Opcode opcode, FuncType blockType, boolean isLong) {
    if (!isLong && blockType.params().isEmpty() && blockType.results().isEmpty()) {
      code.start(opcode);
    } else if (!isLong && blockType.params().isEmpty() && blockType.results().size() == 1) {
      code.start(opcode, blockType.results().getFirst());
    } else {
      code.start(opcode, blockType);
    }
  }

  private List<Tree> body(FuncType blockType, int depth) {
    List<Tree> body = new ArrayList<>();
    for (ValueType param : blockType.params().reversed()) {
      body.add(localSet(local(param), pending(param)));
    }
    body.addAll(inner(depth));
    body.addAll(expressions(blockType.results(), depth - 1));
    return body;
  }

  private FuncType blockType(List<ValueType> results) {
    return new FuncType(programs.oneIn(4) ? programs.types(2) : List.of(), results);
  }

  private Tree block(List<ValueType> results, int depth) {
    FuncType blockType = blockType(results);
    boolean isLong = programs.oneIn(10);
    Tree.Label label = new Tree.Label();
    List<Tree> operands = expressions(blockType.params(), depth - 1);
    List<Tree> body = within(new Block(label, results, false), () -> body(blockType, depth));
    return Tree.block(
        results, label, operands, to -> start(to.code(), Opcode.BLOCK, blockType, isLong), body);
  }

  private Tree ifThen(List<ValueType> results, int depth) {
    FuncType blockType = blockType(results);
    boolean isLong = programs.oneIn(10);
    Tree.Label label = new Tree.Label();
    List<Tree> operands = new ArrayList<>(expressions(blockType.params(), depth - 1));
    operands.add(expression(I32, depth - 1));
    Block block = new Block(label, results, false);
    List<List<Tree>> parts = new ArrayList<>();
    parts.add(operands);
    parts.add(within(block, () -> body(blockType, depth)));
    if (!blockType.params().equals(results) || programs.oneIn(2)) {
      parts.add(within(block, () -> body(blockType, depth)));
    }
    return new Tree(results, parts, to -> start(to.code(), Opcode.IF, blockType, isLong), label);
  }

  /// A loop that takes parameters and goes back to its head with new ones.
  private Tree loop(List<ValueType> results, int depth) {
    List<ValueType> params = programs.oneIn(3) ? programs.types(2) : List.of();
    int counter = takeCounter();
    int turns = random.nextInt(6);
    Tree.Label end = new Tree.Label();
    Tree.Label head = new Tree.Label();
    List<Tree> operands = expressions(params, depth - 1);
    List<Tree> body = new ArrayList<>();
    for (ValueType param : params.reversed()) {
      body.add(localSet(local(param), pending(param)));
    }
    Tree count = of(Opcode.I32_ADD, I32, localGet(I32, counter), i32(1));
    Tree isEnough = of(Opcode.I32_GT_U, I32, localTee(I32, counter, count), i32(turns));
    List<Tree> leave = new ArrayList<>(expressions(results, 1));
    leave.add(isEnough);
    Tree exit = Tree.op(results, leave, to -> to.code().brIf(to.depth(end)));
    body.add(results.isEmpty() ? exit : dropAll(exit));
    within(
        new Block(end, results, false),
        () ->
            within(
                new Block(head, params, true),
                () -> {
                  body.addAll(inner(depth));
                  List<Tree> again = expressions(params, depth - 1);
                  return body.add(Tree.op(List.of(), again, to -> to.code().br(to.depth(head))));
                }));
    freeCounters.add(counter);
    FuncType loopType = new FuncType(params, List.of());
    Tree loop =
        Tree.block(
            List.of(), head, operands, to -> start(to.code(), Opcode.LOOP, loopType, false), body);
    // The end of the loop is never reached; what follows it is.
    List<Tree> around = new ArrayList<>(List.of(localSet(counter, i32(0)), loop));
    around.addAll(expressions(results, 1));
    FuncType endType = new FuncType(List.of(), results);
    return Tree.block(
        results, end, List.of(), to -> start(to.code(), Opcode.BLOCK, endType, false), around);
  }

  /// The forms that clang gives to loops over arrays: `do … while ((i += step) != limit)`, with
  /// other comparisons, with the sum before other instructions, and with nothing but the sum as the
  /// condition.
  private Tree stepLoop(int depth) {
    Tree.Label end = new Tree.Label();
    Tree.Label head = new Tree.Label();
    int counter = takeCounter();
    int local = local(I32);
    int size = random.nextBoolean() ? 1 << random.nextInt(5) : random.nextInt(40);
    int step = random.nextBoolean() ? size : -size;
    Tree left = of(Opcode.I32_SUB, I32, localGet(I32, counter), i32(1));
    List<Tree> body = new ArrayList<>();
    body.add(
        Tree.op(
            List.of(),
            List.of(of(Opcode.I32_EQZ, I32, localGet(I32, counter))),
            to -> to.code().brIf(to.depth(end))));
    body.add(localSet(counter, left));
    Tree next = of(Opcode.I32_ADD, I32, localGet(I32, local), i32(step));
    boolean isNextFirst = programs.oneIn(3);
    if (isNextFirst) {
      body.add(localSet(local, next));
    }
    within(
        new Block(end, List.of(), false),
        () -> within(new Block(head, List.of(), true), () -> body.addAll(inner(depth))));
    Tree index = isNextFirst ? localGet(I32, local) : localTee(I32, local, next);
    body.add(Tree.op(List.of(), List.of(condition(index)), to -> to.code().brIf(to.depth(head))));
    freeCounters.add(counter);
    Tree loop = Tree.block(List.of(), head, List.of(), to -> to.code().loop(), body);
    List<Tree> around =
        List.of(
            localSet(counter, i32(random.nextInt(9))),
            localSet(local, i32(random.nextInt(80) - 40)),
            loop);
    return Tree.block(
        List.of(),
        end,
        List.of(),
        to -> to.code().block(),
        random.nextBoolean() ? around : List.of(around.getFirst(), loop));
  }

  /// A condition on which a loop goes on.
  private Tree condition(Tree index) {
    Tree limit =
        switch (random.nextInt(4)) {
          case 0 -> i32(random.nextInt());
          case 1 -> i32(random.nextInt(64) - 16);
          case 2 -> of(Opcode.I32_ADD, I32, localGet(I32, local(I32)), i32(random.nextInt(9)));
          default -> localGet(I32, local(I32));
        };
    Opcode comparison =
        switch (random.nextInt(8)) {
          case 0 -> Opcode.I32_LT_U;
          case 1 -> Opcode.I32_LE_U;
          case 2 -> Opcode.I32_GT_U;
          case 3 -> Opcode.I32_GE_U;
          case 4 -> Opcode.I32_LT_S;
          default -> Opcode.I32_NE;
        };
    return switch (random.nextInt(6)) {
      case 0 -> index;
      case 1 -> of(comparison, I32, limit, index);
      default -> of(comparison, I32, index, limit);
    };
  }

  /// A `try_table` in the blocks that its clauses branch to. The values that a clause brings are
  /// dropped, or the exception is thrown again.
  private Tree tryTable(List<ValueType> results, int depth) {
    Tree.Label end = new Tree.Label();
    Tree.Label handler = new Tree.Label();
    Tree.Label inside = new Tree.Label();
    int kind = random.nextInt(4);
    int tag = random.nextInt(programs.tags.size());
    List<ValueType> caught = new ArrayList<>();
    if (kind < 2) {
      caught.addAll(programs.tags.get(tag).params());
    }
    if (kind % 2 == 1) {
      caught.add(RefType.EXNREF.asNonNull());
    }
    List<Tree> body =
        within(new Block(end, results, false), () -> body(new FuncType(List.of(), results), depth));
    if (programs.oneIn(2)) {
      body.addFirst(conditional(raise(depth - 1), depth)); // Something to catch.
    }
    FuncType tryType = new FuncType(List.of(), results);
    Tree guarded =
        Tree.block(
            results,
            inside,
            List.of(),
            to -> to.code().tryTable(tryType, new CodeBuilder.Catch(kind, tag, to.depth(handler))),
            body);
    FuncType handlerType = new FuncType(List.of(), caught);
    Tree leave = Tree.op(List.of(), List.of(guarded), to -> to.code().br(to.depth(end)));
    Tree handled =
        Tree.block(
            caught,
            handler,
            List.of(),
            to -> to.code().start(Opcode.BLOCK, handlerType),
            List.of(leave));
    boolean throwsAgain = kind % 2 == 1 && programs.oneIn(4);
    Tree consumed =
        Tree.op(
            List.of(),
            List.of(handled),
            to -> {
              if (throwsAgain) {
                to.code().op(Opcode.THROW_REF);
              } else {
                caught.forEach(_ -> to.code().drop());
              }
            });
    List<Tree> around = new ArrayList<>(List.of(consumed));
    around.addAll(expressions(results, 1));
    return Tree.block(
        results, end, List.of(), to -> to.code().start(Opcode.BLOCK, tryType), around);
  }

  /// A `try` of the older encoding: with clauses, or one that another block has the exceptions of.
  private Tree legacyTry(List<ValueType> results, int depth) {
    Tree.Label label = new Tree.Label();
    FuncType blockType = new FuncType(List.of(), results);
    List<List<Tree>> parts = new ArrayList<>();
    List<Consumer<Tree.Writer>> separators = new ArrayList<>();
    Tree.Label delegated = programs.oneIn(4) ? programs.pick(blocks).label() : null;
    within(
        new Block(label, results, false),
        () -> {
          List<Tree> body = body(blockType, depth);
          if (programs.oneIn(2)) {
            body.addFirst(conditional(raise(depth - 1), depth)); // Something to catch.
          }
          parts.add(List.of());
          parts.add(body);
          caught.add(label);
          for (int i = random.nextInt(3); i > 0 && delegated == null; i--) {
            int tag = random.nextInt(programs.tags.size());
            separators.add(to -> to.code().op(Opcode.CATCH, tag));
            parts.add(body(new FuncType(programs.tags.get(tag).params(), results), depth));
          }
          if (delegated == null && programs.oneIn(2)) {
            separators.add(to -> to.code().op(Opcode.CATCH_ALL));
            parts.add(body(blockType, depth));
          }
          caught.removeLast();
          return label;
        });
    return new Tree(
        results,
        parts,
        to -> to.code().start(Opcode.TRY, blockType),
        label,
        separators,
        to -> {
          if (delegated == null) {
            to.code().end();
          } else {
            to.code().op(Opcode.DELEGATE, to.depth(delegated));
          }
        });
  }

  private Tree conditional(Tree statement, int depth) {
    return new Tree(
        List.of(),
        List.of(List.of(expression(I32, depth - 1)), List.of(statement)),
        to -> to.code().ifThen(),
        new Tree.Label());
  }

  // Calls.

  /// The functions that may be called: those before, so that calls end, by signature.
  private List<Integer> callees(FuncType signature) {
    List<Integer> fitting = new ArrayList<>();
    for (int i = 0; i < programs.functions.size(); i++) {
      if (programs.functions.get(i).type().equals(signature)) {
        fitting.add(i + 1);
      }
    }
    return fitting;
  }

  /// Returns something with the results of a call of a signature, a call if that is possible.
  private Tree call(FuncType signature, int depth) {
    List<Integer> fitting = callees(signature);
    if (fitting.isEmpty() || calls >= MAX_CALLS) {
      return several(signature.results(), depth - 1);
    }
    calls++;
    return call(signature, programs.pick(fitting), depth, false);
  }

  private Tree call(FuncType signature, int callee, int depth, boolean isTail) {
    List<Tree> operands = new ArrayList<>(expressions(signature.params(), depth - 1));
    List<ValueType> results = isTail ? List.of() : signature.results();
    int defined = programs.signatures.indexOf(signature);
    return switch (random.nextInt(3)) {
      case 0 -> {
        yield Tree.op(
            results,
            operands,
            to -> to.code().op(isTail ? Opcode.RETURN_CALL : Opcode.CALL, callee));
      }
      case 1 -> {
        // Now and then another function than the one that fits.
        operands.add(i32(programs.oneIn(12) ? random.nextInt(18) : callee - 1));
        yield Tree.op(
            results,
            operands,
            to -> {
              if (isTail) {
                to.code().returnCallIndirect(signature, /* table= */ 0);
              } else {
                to.code().callIndirect(signature, /* table= */ 0);
              }
            });
      }
      default -> {
        if (programs.functionTypes.isEmpty()) {
          yield call(signature, callee, depth, isTail);
        }
        var functionType = programs.functionTypes.get(defined);
        RefType reference = RefType.of(true, functionType);
        operands.add(
            programs.oneIn(8)
                ? expression(reference, depth - 1)
                : Tree.op(
                    List.of(reference), List.of(), to -> to.code().op(Opcode.REF_FUNC, callee)));
        Opcode opcode = isTail ? Opcode.RETURN_CALL_REF : Opcode.CALL_REF;
        yield Tree.op(results, operands, to -> to.code().op(opcode, to.type(functionType)));
      }
    };
  }

  private @Nullable Tree tailCall(int depth) {
    List<FuncType> fitting =
        programs.signatures.stream()
            .filter(signature -> signature.results().equals(type.results()))
            .filter(signature -> !callees(signature).isEmpty())
            .toList();
    if (fitting.isEmpty() || calls >= MAX_CALLS) {
      return null;
    }
    FuncType signature = programs.pick(fitting);
    return call(signature, programs.pick(callees(signature)), depth, true);
  }

  // Values.

  List<Tree> expressions(List<ValueType> types, int depth) {
    if (types.size() > 1 && programs.oneIn(6)) {
      return List.of(several(types, depth - 1));
    }
    return types.stream().map(each -> expression(each, depth)).toList();
  }

  /// One tree with these results.
  private Tree several(List<ValueType> types, int depth) {
    List<FuncType> signatures =
        programs.signatures.stream()
            .filter(signature -> signature.results().equals(types))
            .filter(signature -> !callees(signature).isEmpty())
            .toList();
    if (depth > 0 && budget > 0 && !signatures.isEmpty() && calls < MAX_CALLS) {
      return call(programs.pick(signatures), depth);
    }
    if (depth <= 0 || budget <= 0) {
      return Tree.op(types, types.stream().map(this::leaf).toList(), _ -> {});
    }
    return valueBlock(types, depth);
  }

  private Tree valueBlock(List<ValueType> types, int depth) {
    budget--;
    return switch (random.nextInt(programs.tags.isEmpty() ? 3 : 4)) {
      case 0 -> block(types, depth);
      case 1 -> ifThen(types, depth);
      case 2 -> loop(types, depth);
      default ->
          programs.has(WasmFeature.LEGACY_EXCEPTIONS) && programs.oneIn(2)
              ? legacyTry(types, depth)
              : tryTable(types, depth);
    };
  }

  Tree expression(ValueType wanted, int depth) {
    budget--;
    if (depth <= 0 || budget <= 0) {
      return leaf(wanted);
    }
    return switch (random.nextInt(18)) {
      case 0, 1 -> leaf(wanted);
      case 2 -> localTee(wanted, local(wanted), expression(wanted, depth - 1));
      case 3 -> select(wanted, depth);
      case 4 -> valueBlock(List.of(wanted), depth);
      case 5 -> {
        List<Block> fitting =
            blocks.stream().filter(block -> block.types.equals(List.of(wanted))).toList();
        if (fitting.isEmpty()) {
          yield leaf(wanted);
        }
        Tree.Label target = programs.pick(fitting).label;
        yield Tree.op(
            List.of(wanted),
            List.of(expression(wanted, depth - 1), expression(I32, depth - 1)),
            to -> to.code().brIf(to.depth(target)));
      }
      case 6, 7 -> several(List.of(wanted), depth);
      default ->
          switch (wanted) {
            case NumType number ->
                number == I32 && programs.oneIn(6)
                    ? objects.inspect(depth)
                    : values.number(number, depth);
            case VecType _ -> values.vector(depth);
            case RefType reference -> objects.reference(reference, depth);
          };
    };
  }

  private Tree select(ValueType wanted, int depth) {
    boolean isTyped = wanted instanceof RefType || programs.oneIn(3);
    return Tree.op(
        List.of(wanted),
        List.of(
            expression(wanted, depth - 1),
            expression(wanted, depth - 1),
            expression(I32, depth - 1)),
        to -> {
          if (isTyped) {
            to.code().select(wanted);
          } else {
            to.code().op(Opcode.SELECT);
          }
        });
  }

  /// A value without operands.
  Tree leaf(ValueType wanted) {
    return switch (random.nextInt(8)) {
      case 0 -> {
        int global = global(wanted);
        yield Tree.op(List.of(wanted), List.of(), to -> to.code().globalGet(global));
      }
      case 1, 2, 3 ->
          switch (wanted) {
            case NumType number -> values.leaf(number);
            case VecType _ -> values.vectorConstant();
            case RefType reference -> objects.leaf(reference);
          };
      default -> localGet(wanted, local(wanted));
    };
  }
}
