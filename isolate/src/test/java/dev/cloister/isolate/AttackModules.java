package dev.cloister.isolate;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.Collections;
import java.util.List;

/// Modules that try to take more than is theirs.
final class AttackModules {
  private static final String WASI = "wasi_snapshot_preview1";
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private AttackModules() {}

  /// Answers the sum of two numbers: what a harmless neighbour does.
  static byte[] add() {
    return new ModuleBuilder()
        .memory(1)
        .exportFunction(
            "add",
            new FuncType(List.of(I32, I32), List.of(I32)),
            code -> code.localGet(0).localGet(1).i32Add())
        .build();
  }

  /// `memory` grows until it may not and aborts; `stubborn` goes on asking; `table` and `stubborn
  /// table` likewise.
  static byte[] growing() {
    ModuleBuilder module =
        new ModuleBuilder().memory(1).table(new TableType(FUNCREF, Limits.of(1)));
    growLoops(module, "memory", code -> code.i32Const(16).op(Opcode.MEMORY_GROW, 0));
    growLoops(
        module,
        "table",
        code ->
            code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                .i32Const(1_000)
                .op(Opcode.TABLE_GROW, 0));
    return module.build();
  }

  private interface Piece {
    CodeBuilder in(CodeBuilder code);
  }

  private static void growLoops(ModuleBuilder module, String name, Piece grow) {
    module.exportFunction(
        name,
        VOID,
        code ->
            grow.in(code.loop())
                .i32Const(-1)
                .op(Opcode.I32_NE)
                .brIf(0)
                .end()
                .op(Opcode.UNREACHABLE));
    module.exportFunction(
        "stubborn-" + name, VOID, code -> grow.in(code.loop()).drop().br(0).end());
  }

  /// Declares `count` tables of `elements` elements.
  static byte[] tables(int count, int elements) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count; i++) {
      module.table(new TableType(FUNCREF, Limits.of(elements)));
    }
    return module.exportFunction("run", VOID, code -> {}).build();
  }

  /// Declares `count` memories of `pages` pages.
  static byte[] memories(int count, int pages) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count; i++) {
      module.memory(pages);
    }
    return module.exportFunction("run", VOID, code -> {}).build();
  }

  /// `kept` makes a list without end, `garbage` objects without end that nobody keeps, `array` one
  /// array of so many bytes.
  static byte[] objects() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType node =
        module.type(
            new StructType(
                List.of(
                    new FieldType(new RefType(true, AbstractHeapType.ANY), false),
                    new FieldType(I64, true))));
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    module.global(
        new GlobalType(new RefType(true, AbstractHeapType.ANY), true),
        code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.ANY));
    module.exportFunction(
        "kept",
        VOID,
        code ->
            code.loop()
                .globalGet(0)
                .i64Const(1)
                .op(Opcode.STRUCT_NEW, node)
                .globalSet(0)
                .br(0)
                .end());
    module.exportFunction(
        "garbage",
        VOID,
        code ->
            code.loop().i32Const(10_000).op(Opcode.ARRAY_NEW_DEFAULT, bytes).drop().br(0).end());
    module.exportFunction(
        "array",
        INT,
        code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, bytes).op(Opcode.ARRAY_LEN));
    return module.build();
  }

  /// Recurses without end, with `locals` locals in each frame, and in each does something that
  /// takes locks, charges accounts or changes what tenants share; before that it goes `depth`
  /// frames of another size down, which moves where the stack ends.
  static byte[] recursion(int locals) {
    ModuleBuilder module = new ModuleBuilder();
    module.importFunction(WASI, "random_get", new FuncType(List.of(I32, I32), List.of(I32)));
    module.importFunction(
        WASI, "fd_write", new FuncType(List.of(I32, I32, I32, I32), List.of(I32)));
    module.memory(1);
    module.table(new TableType(FUNCREF, Limits.of(1)));
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    int recurse = module.functionCount();
    module.function(
        VOID,
        code -> {
          int first = code.local(I64);
          for (int i = 1; i < locals; i++) {
            code.local(I64);
          }
          for (int i = 0; i < locals; i++) {
            code.i64Const(i).localSet(first + i);
          }
          code.i32Const(0).i32Const(8).call(0).drop();
          code.i32Const(1).i32Const(16).i32Const(1).i32Const(8).call(1).drop();
          code.i32Const(0).op(Opcode.MEMORY_GROW, 0).drop();
          code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
              .i32Const(1)
              .op(Opcode.TABLE_GROW, 0)
              .drop();
          code.i32Const(20_000).op(Opcode.ARRAY_NEW_DEFAULT, bytes).drop();
          code.call(recurse);
          for (int i = 0; i < locals; i++) {
            code.localGet(first + i).drop();
          }
        });
    int offset = module.functionCount();
    module.exportFunction(
        "recurse",
        INT,
        code ->
            code.localGet(0)
                .op(Opcode.I32_EQZ)
                .ifThen()
                .call(recurse)
                .end()
                .localGet(0)
                .i32Const(-1)
                .i32Add()
                .call(offset));
    return module.build();
  }

  /// Calls functions of the host with lengths and addresses that no memory has.
  static byte[] giantLengths() {
    ModuleBuilder module = new ModuleBuilder();
    module.importFunction(WASI, "random_get", new FuncType(List.of(I32, I32), List.of(I32)));
    FuncType vectors = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));
    module.importFunction(WASI, "fd_write", vectors);
    module.importFunction(WASI, "fd_read", vectors);
    module.importFunction(WASI, "poll_oneoff", vectors);
    module.memory(1);
    module.exportFunction("random", INT, code -> code.localGet(0).i32Const(-1).call(0));
    for (String name : List.of("fd_write", "fd_read", "poll_oneoff")) {
      int function = List.of("fd_write", "fd_read", "poll_oneoff").indexOf(name) + 1;
      module.exportFunction(
          name, INT, code -> code.localGet(0).i32Const(8).i32Const(-1).i32Const(16).call(function));
      module.exportFunction(
          name + "-vector",
          INT,
          code -> {
            code.i32Const(8).i32Const(0).access(Opcode.I32_STORE, 0);
            code.i32Const(12).i32Const(-1).access(Opcode.I32_STORE, 0);
            code.localGet(0).i32Const(8).i32Const(1).i32Const(16).call(function);
          });
    }
    return module.build();
  }

  /// Waits at a shared memory for what nobody does.
  static byte[] waiting() {
    return new ModuleBuilder()
        .memory(
            new MemoryType(Limits.of(1, 1), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2))
        .exportFunction(
            "run",
            new FuncType(List.of(), List.of(I32)),
            code -> {
              code.i32Const(0).i32Const(0).i64Const(-1);
              code.access(Opcode.MEMORY_ATOMIC_WAIT32, 0);
            })
        .build();
  }

  /// Blocks within blocks.
  static byte[] deepNesting(int depth) {
    return new ModuleBuilder()
        .exportFunction(
            "run",
            VOID,
            code -> {
              for (int i = 0; i < depth; i++) {
                code.block();
              }
              for (int i = 0; i < depth; i++) {
                code.end();
              }
            })
        .build();
  }

  /// One switch with many targets.
  static byte[] hugeSwitch(int targets) {
    return new ModuleBuilder()
        .exportFunction(
            "run",
            new FuncType(List.of(I32), List.of()),
            code -> code.block().localGet(0).brTable(new long[targets]).end())
        .build();
  }

  /// Functions that declare very many locals in a few bytes.
  static byte[] manyLocals(int functions, int locals) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < functions; i++) {
      module.function(
          VOID,
          code -> {
            for (int j = 0; j < locals; j++) {
              code.local(I64);
            }
          });
    }
    return module.exportFunction("run", VOID, code -> {}).build();
  }

  /// Types of functions with many parameters.
  static byte[] manyTypes(int types, int parameters) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < types; i++) {
      List<ValueType> params = Collections.nCopies(i % parameters, (ValueType) I32);
      List<ValueType> results = Collections.nCopies(i / parameters, (ValueType) I64);
      module.functionType(new FuncType(params, results));
    }
    return module.exportFunction("run", VOID, code -> {}).build();
  }
}
