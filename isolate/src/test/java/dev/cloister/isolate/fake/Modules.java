package dev.cloister.isolate.fake;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.PackedType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The modules that tests run.
public final class Modules {
  private static final String WASI = "wasi_snapshot_preview1";
  private static final String EXTISM = "extism:host/env";
  private static final FuncType VECTORS = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));

  private Modules() {}

  /// Exports that end in all kinds of ways: `add`, `spin`, `trap`, `recurse`, `grow` (by pages; -1
  /// is answered with a trap), `constant` (an i64).
  public static byte[] plain() {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    return module
        .exportFunction(
            "add",
            new FuncType(List.of(I32, I32), List.of(I32)),
            code -> code.localGet(0).localGet(1).i32Add())
        .exportFunction("spin", FuncType.EMPTY, code -> code.loop().br(0).end())
        .exportFunction("trap", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
        .exportFunction(
            "recurse",
            new FuncType(List.of(), List.of(I32)),
            code -> code.call(3).i32Const(1).i32Add())
        .exportFunction(
            "grow",
            new FuncType(List.of(I32), List.of(I32)),
            code ->
                code.localGet(0)
                    .op(Opcode.MEMORY_GROW, 0)
                    .localSet(0)
                    .localGet(0)
                    .i32Const(-1)
                    .op(Opcode.I32_EQ)
                    .ifThen()
                    .op(Opcode.UNREACHABLE)
                    .end()
                    .localGet(0))
        .exportFunction(
            "constant", new FuncType(List.of(), List.of(I64)), code -> code.i64Const(-5))
        .build();
  }

  /// A reactor whose `_initialize` sets a global to 0 from -1000, and whose `count` raises it,
  /// keeps it in memory at 100, says `count` on standard output and answers it; `trap` traps.
  public static byte[] counter() {
    ModuleBuilder module = new ModuleBuilder();
    module.importFunction(WASI, "fd_write", VECTORS);
    module.memory(1);
    int global = 0;
    module.global(new GlobalType(I32, true), code -> code.i32Const(-1000));
    return module
        .data(1000, "count".getBytes(StandardCharsets.UTF_8))
        .exportFunction("_initialize", FuncType.EMPTY, code -> code.i32Const(0).globalSet(global))
        .exportFunction(
            "count",
            new FuncType(List.of(), List.of(I32)),
            code -> {
              code.globalGet(global).i32Const(1).i32Add().globalSet(global);
              code.i32Const(100).globalGet(global).access(Opcode.I32_STORE, 0);
              code.i32Const(0).i32Const(1000).access(Opcode.I32_STORE, 0);
              code.i32Const(4).i32Const(5).access(Opcode.I32_STORE, 0);
              code.i32Const(1).i32Const(0).i32Const(1).i32Const(16).call(0).drop();
              code.i32Const(100).access(Opcode.I32_LOAD, 0);
            })
        .exportFunction("trap", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
        .build();
  }

  /// A module that never finishes its instantiation.
  public static byte[] spinningStart() {
    return new ModuleBuilder()
        .function(FuncType.EMPTY, code -> code.loop().br(0).end())
        .start(0)
        .exportFunction("add", FuncType.EMPTY, code -> {})
        .build();
  }

  /// A module with a memory of `pages` pages.
  public static byte[] withMemory(int pages) {
    return new ModuleBuilder()
        .memory(pages)
        .exportFunction("add", FuncType.EMPTY, code -> {})
        .build();
  }

  /// Exports `make`, which makes an array of so many bytes and answers its length.
  public static byte[] arrays() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    return module
        .exportFunction(
            "make",
            new FuncType(List.of(I32), List.of(I32)),
            code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, bytes).op(Opcode.ARRAY_LEN))
        .build();
  }

  /// A module that needs something nobody has.
  public static byte[] unlinkable() {
    return new ModuleBuilder()
        .importFunction("env", "missing", FuncType.EMPTY)
        .exportFunction("add", FuncType.EMPTY, code -> {})
        .build();
  }

  /// Exports `count`, which answers what `kv_list` does: the bytes that the keys take.
  public static byte[] keyValues() {
    FuncType list = new FuncType(List.of(I32, I32, I32, I32, I32, I32), List.of(I32));
    return new ModuleBuilder()
        .importFunction("cloister", "kv_list", list)
        .memory(1)
        .exportFunction(
            "count",
            new FuncType(List.of(), List.of(I32)),
            code -> {
              code.i32Const(0).i32Const(0).i32Const(0).i32Const(0);
              code.i32Const(0).i32Const(1000).call(0);
            })
        .build();
  }

  /// A module that shows the signs of Extism.
  public static byte[] extism() {
    return new ModuleBuilder()
        .importFunction(EXTISM, "input_length", new FuncType(List.of(), List.of(I64)))
        .exportFunction("count", new FuncType(List.of(), List.of(I32)), code -> code.i32Const(0))
        .build();
  }

  /// An Extism plug-in whose `_initialize` sets a global to 0 from -1000, and whose `count` raises
  /// it, keeps it in memory at 100, and answers it as one digit; `parameter` takes an i32.
  public static byte[] extismCounter() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction(EXTISM, "alloc", new FuncType(List.of(I64), List.of(I64)))
            .importFunction(EXTISM, "store_u8", new FuncType(List.of(I64, I32), List.of()))
            .importFunction(EXTISM, "output_set", new FuncType(List.of(I64, I64), List.of()))
            .memory(1);
    int global = 0;
    module.global(new GlobalType(I32, true), code -> code.i32Const(-1000));
    return module
        .exportFunction("_initialize", FuncType.EMPTY, code -> code.i32Const(0).globalSet(global))
        .exportFunction(
            "count",
            new FuncType(List.of(), List.of(I32)),
            code -> {
              int block = code.local(I64);
              code.globalGet(global).i32Const(1).i32Add().globalSet(global);
              code.i32Const(100).globalGet(global).access(Opcode.I32_STORE, 0);
              code.i64Const(1).call(0).localSet(block);
              code.localGet(block).i32Const(100).access(Opcode.I32_LOAD, 0).i32Const('0').i32Add();
              code.call(1);
              code.localGet(block).i64Const(1).call(2);
              code.i32Const(0);
            })
        .exportFunction("parameter", new FuncType(List.of(I32), List.of()), code -> {})
        .build();
  }

  /// A module whose start function takes `steps` steps to find the number that it keeps in memory
  /// at 8, and then calls the imported function, if there is one; `next` raises the number by 1 and
  /// answers it.
  ///
  /// @param imported the module and the name of a function, of type `type`; both null for none
  public static byte[] slowStart(
      int steps, @Nullable String importedModule, @Nullable String imported, FuncType type) {
    ModuleBuilder module = new ModuleBuilder();
    boolean calls = importedModule != null && imported != null;
    if (importedModule != null && imported != null) {
      module.importFunction(importedModule, imported, type);
    }
    module.memory(1);
    return module
        .function(
            FuncType.EMPTY,
            code -> {
              int step = code.local(I32);
              code.loop();
              code.i32Const(8).i32Const(8).access(Opcode.I32_LOAD, 0).i32Const(3).i32Add();
              code.access(Opcode.I32_STORE, 0);
              code.localGet(step).i32Const(1).i32Add().localTee(step);
              code.i32Const(steps).op(Opcode.I32_NE).brIf(0).end();
              if (calls) {
                type.params()
                    .forEach(param -> {
                      if (param.equals(I64)) {
                        code.i64Const(0);
                      } else {
                        code.i32Const(1024);
                      }
                    });
                code.call(0);
                type.results().forEach(_ -> code.drop());
              }
            })
        .start(calls ? 1 : 0)
        .exportFunction(
            "next",
            new FuncType(List.of(), List.of(I32)),
            code -> {
              code.i32Const(8).i32Const(8).access(Opcode.I32_LOAD, 0).i32Const(1).i32Add();
              code.access(Opcode.I32_STORE, 0);
              code.i32Const(8).access(Opcode.I32_LOAD, 0);
            })
        .build();
  }

  /// One that calls nothing.
  public static byte[] slowStart(int steps) {
    return slowStart(steps, null, null, FuncType.EMPTY);
  }

  /// A module for others, which exports `nothing`.
  public static byte[] library() {
    return new ModuleBuilder().exportFunction("nothing", FuncType.EMPTY, code -> {}).build();
  }

  /// A module whose `count` calls `nothing` of the module `library`.
  public static byte[] usingLibrary() {
    return new ModuleBuilder()
        .importFunction("library", "nothing", FuncType.EMPTY)
        .exportFunction(
            "count", new FuncType(List.of(), List.of(I32)), code -> code.call(0).i32Const(0))
        .build();
  }

  /// A command that copies standard input to standard output, says `done` on standard error and
  /// exits with 3.
  public static byte[] cat() {
    return command()
        .data(1000, "done".getBytes(StandardCharsets.UTF_8))
        .exportFunction(
            "_start",
            FuncType.EMPTY,
            code -> {
              code.block().loop();
              // read up to 4096 bytes at 8192 by the vector at 0
              code.i32Const(0).i32Const(8192).access(Opcode.I32_STORE, 0);
              code.i32Const(4).i32Const(4096).access(Opcode.I32_STORE, 0);
              code.i32Const(0).i32Const(0).i32Const(1).i32Const(4).call(0).brIf(1);
              code.i32Const(4).access(Opcode.I32_LOAD, 0).op(Opcode.I32_EQZ).brIf(1);
              code.i32Const(1).i32Const(0).i32Const(1).i32Const(16).call(1).brIf(1);
              code.br(0).end().end();
              code.i32Const(0).i32Const(1000).access(Opcode.I32_STORE, 0);
              code.i32Const(4).i32Const(4).access(Opcode.I32_STORE, 0);
              code.i32Const(2).i32Const(0).i32Const(1).i32Const(16).call(1).drop();
              code.i32Const(3).call(2);
            })
        .build();
  }

  /// A command that writes 4096 bytes to standard output again and again.
  public static byte[] flood() {
    return command()
        .exportFunction(
            "_start",
            FuncType.EMPTY,
            code -> {
              code.i32Const(0).i32Const(8192).access(Opcode.I32_STORE, 0);
              code.i32Const(4).i32Const(4096).access(Opcode.I32_STORE, 0);
              code.loop();
              code.i32Const(1).i32Const(0).i32Const(1).i32Const(16).call(1).drop();
              code.br(0).end();
            })
        .build();
  }

  /// A command that sleeps for `nanos` on the monotonic clock.
  public static byte[] sleep(long nanos) {
    return command()
        .exportFunction(
            "_start",
            FuncType.EMPTY,
            code -> {
              code.i32Const(16).i32Const(1).access(Opcode.I32_STORE, 0);
              code.i32Const(24).i64Const(nanos).access(Opcode.I64_STORE, 0);
              code.i32Const(0).i32Const(512).i32Const(1).i32Const(1024).call(3).drop();
            })
        .build();
  }

  private static ModuleBuilder command() {
    return new ModuleBuilder()
        .importFunction(WASI, "fd_read", VECTORS)
        .importFunction(WASI, "fd_write", VECTORS)
        .importFunction(WASI, "proc_exit", new FuncType(List.of(I32), List.of()))
        .importFunction(WASI, "poll_oneoff", VECTORS)
        .memory(MemoryType.of(Limits.of(1)))
        .export("memory", ExternKind.MEMORY, 0);
  }
}
