package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ElementSegment;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RecGroup;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A random module as it was made, for making smaller ones of it.
///
/// Function 0 is the import `env.log` of an i64. All own functions, memories, tables and globals
/// are exported, as `f`, `m`, `t` and `g` with their index; `f` only if the host can make its
/// arguments.
///
/// @param data passive segments
record Program(
    List<RecGroup> types,
    List<MemoryType> memories,
    List<TableType> tables,
    List<GlobalType> globals,
    List<FuncType> tags,
    List<byte[]> data,
    List<Function> functions) {

  /// More than the least size of a large function.
  private static final int LARGE_BODY_BYTES = 2_500;

  /// The type of `env.log`.
  static final FuncType LOG = new FuncType(List.of(NumType.I64), List.of());

  /// An own function.
  record Function(FuncType type, List<ValueType> locals, Tree.Label label, List<Tree> body) {
    int size() {
      return body.stream().mapToInt(Tree::size).sum();
    }

    Function withBody(List<Tree> changed) {
      return new Function(type, locals, label, changed);
    }

    /// Whether all parameters are numbers or vectors.
    boolean isCallable() {
      return type.params().stream().noneMatch(RefType.class::isInstance);
    }
  }

  Program withFunction(int index, Function changed) {
    List<Function> copy = new ArrayList<>(functions);
    copy.set(index, changed);
    return new Program(types, memories, tables, globals, tags, data, copy);
  }

  int size() {
    return functions.stream().mapToInt(Function::size).sum();
  }

  /// Writes the module.
  ///
  /// @throws Tree.BrokenTree if it was cut badly
  ModuleBuilder module() {
    ModuleBuilder module = new ModuleBuilder();
    types.forEach(module::types);
    module.importFunction("env", "log", LOG);
    for (int i = 0; i < functions.size(); i++) {
      Function function = functions.get(i);
      module.function(function.type(), code -> write(function, module, code));
      if (function.isCallable()) {
        module.export("f" + (i + 1), ExternKind.FUNCTION, i + 1);
      }
    }
    for (int i = 0; i < memories.size(); i++) {
      module.memory(memories.get(i)).export("m" + i, ExternKind.MEMORY, i);
    }
    for (int i = 0; i < tables.size(); i++) {
      module.table(tables.get(i)).export("t" + i, ExternKind.TABLE, i);
    }
    tags.forEach(module::tag);
    for (int i = 0; i < globals.size(); i++) {
      ValueType type = globals.get(i).valueType();
      module.global(globals.get(i), code -> zero(type, code));
      // Every other one can be seen from outside, and is a cell.
      if (i % 2 == 0) {
        module.export("g" + i, ExternKind.GLOBAL, i);
      }
    }
    int[] all = IntStream.rangeClosed(1, functions.size()).toArray();
    module.elements(0, 0, all).elements(ElementSegment.Mode.PASSIVE, all);
    data.forEach(module::passiveData);
    return module;
  }

  private static void write(Function function, ModuleBuilder module, CodeBuilder code) {
    function.locals().forEach(code::local);
    if (function.type().params().size() % 3 == 2) {
      fill(code);
    }
    List<Tree.Label> open = new ArrayList<>(List.of(function.label()));
    Tree.Writer writer = new Tree.Writer(code, module::typeIndex, open);
    function.body().forEach(tree -> tree.write(writer));
  }

  /// Writes so much that is never executed that the function is a large one, in which memory
  /// accesses are calls.
  private static void fill(CodeBuilder code) {
    code.i32Const(0).ifThen();
    for (int i = 0; i < LARGE_BODY_BYTES; i++) {
      code.op(Opcode.NOP);
    }
    code.end();
  }

  /// Writes the constant that values of a type begin with.
  static void zero(ValueType type, CodeBuilder code) {
    switch (type) {
      case NumType number -> code.op(Opcode.valueOf(number.name() + "_CONST"), 0);
      case VecType _ -> code.op(Opcode.V128_CONST, 0, 0);
      case RefType reference -> code.heapType(Opcode.REF_NULL, reference.heapType());
    }
  }
}
