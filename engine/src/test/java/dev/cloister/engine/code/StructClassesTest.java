package dev.cloister.engine.code;

import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The classes of structures: who shares them, and how long they live.
final class StructClassesTest {
  private final CompileThreads threads = new CompileThreads(1);
  private final SignatureClasses signatureClasses = new SignatureClasses(threads);
  private final StructClasses structClasses = new StructClasses(threads);

  @AfterEach
  void closeThreads() {
    threads.close();
  }

  private static StructType struct(StorageType... fields) {
    return new StructType(Stream.of(fields).map(field -> new FieldType(field, true)).toList());
  }

  /// {@return an object of a type of these fields, made by a module of its own}
  private WasmStruct make(@Nullable StructType supertype, StructType type) {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType parent = supertype == null ? null : module.openType(null, supertype);
    DefinedType made = module.openType(parent, type);
    module.exportFunction(
        "make",
        new FuncType(List.of(), List.of(ANYREF)),
        code -> code.op(Opcode.STRUCT_NEW_DEFAULT, made));
    NativeModule compiled =
        new NativeModule(
            ModuleDecoder.decode(module.build(), WasmFeatures.ALL, WasmLimits.defaults()),
            ModuleHash.of(module.build()),
            CodeKind.BASELINE,
            ModulePlan.METHOD_BYTES,
            VectorUse.WORTHWHILE,
            signatureClasses,
            structClasses,
            threads,
            Stopper.create(StopPolicy.defaults()),
            MemoryPool.NONE,
            CodeManager.unlimited(),
            DebugFileLoader.NONE,
            ClassFileArchive.NONE);
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      return (WasmStruct)
          Objects.requireNonNull(
              compiled.instantiate(store, Imports.NONE).exportedFunction("make").call()[0]);
    }
  }

  @Test
  void modules_shareTheClassOfAShape() {
    WasmStruct first = make(null, struct(I32, ANYREF));
    // Another type, but stored in the same way.
    WasmStruct second = make(null, struct(I32, EXTERNREF));
    assertThat(second.getClass()).isSameAs(first.getClass());
    assertThat(second.type()).isNotSameAs(first.type());

    WasmStruct child = make(struct(I32, ANYREF), struct(I32, ANYREF, F64));
    assertThat(child.getClass().getSuperclass()).isSameAs(first.getClass());
    WasmStruct alone = make(null, struct(I32, ANYREF, F64));
    assertThat(alone.getClass()).isNotSameAs(child.getClass());
  }

  @Test
  void classes_dieWithModulesAndObjects() throws InterruptedException {
    StructType type = struct(I64, I64, F64);
    WasmStruct object = make(struct(I64), type);
    Class<?> kept = object.getClass();
    System.gc();
    // The module is gone, but its class is found again as long as there is an object of it.
    assertThat(make(struct(I64), type).getClass()).isSameAs(kept);

    WeakReference<Class<?>> unused = new WeakReference<>(make(null, struct(F64, F64)).getClass());
    while (unused.get() != null) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(object.fields()).containsExactly(0L, 0L, 0.0);
  }
}
