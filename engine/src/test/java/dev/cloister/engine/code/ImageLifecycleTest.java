package dev.cloister.engine.code;

import static dev.cloister.engine.fixture.TestEngine.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.lang.ref.WeakReference;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How long images live, and what is counted of them.
final class ImageLifecycleTest {
  private final TestModules modules = new TestModules();
  private final CodeManager manager = CodeManager.unlimited();
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @AfterEach
  void close() {
    store.close();
    modules.close();
  }

  private static BitSet set(int... functions) {
    BitSet set = new BitSet();
    for (int function : functions) {
      set.set(function);
    }
    return set;
  }

  private static WeakReference<ClassLoader> loader(CodeImage image) {
    return new WeakReference<>(image.entry().getClass().getClassLoader());
  }

  /// Runs an instance in a first image, then lets a second one take its place.
  private WeakReference<ClassLoader> replaceFirst(NativeModule module, Instance instance) {
    assertThat(result(instance, "f3", 4)).isEqualTo(7);
    CodeImage first = module.currentImage();
    assertThat(first.instanceCount()).isEqualTo(1);
    module.useImage(module.addImage(FunctionTiers.optimizing(set(3))));
    // It has not called anything since.
    assertThat(first.instanceCount()).isEqualTo(1);
    assertThat(first.isPublished()).isFalse();
    assertThat(result(instance, "f3", 4)).isEqualTo(7);
    assertThat(first.instanceCount()).isZero();
    assertThat(module.currentImage().instanceCount()).isEqualTo(1);
    return loader(first);
  }

  @Test
  void image_leftByItsLastInstance_isUnloaded() {
    NativeModule module = modules.compile(TestModules.adders(8), manager);
    Instance instance = module.instantiate(store, Imports.NONE);

    WeakReference<ClassLoader> first = replaceFirst(module, instance);
    long before = manager.figures().unloadedBytes();

    TestModules.awaitCollected("the loader is gone", () -> first.refersTo(null));
    TestModules.awaitCollected(
        "its bytes were confirmed", () -> manager.figures().unloadedBytes() > before);
    assertThat(module.images()).extracting(CodeImage::ordinal).containsExactly(1);
    assertThat(result(instance, "f3", 5)).isEqualTo(8);
  }

  @Test
  void image_thatAnInstanceStillRuns_stays() {
    NativeModule module = modules.compile(TestModules.adders(8), manager);
    Instance pinned = module.instantiate(store, Imports.NONE);
    module.pin(pinned, CodeKind.BASELINE);
    module.useImage(module.addImage(CodeKind.OPTIMIZED));

    for (int i = 0; i < 5; i++) {
      System.gc();
      assertThat(result(pinned, "f1", i)).isEqualTo(i + 1);
    }

    assertThat(module.images()).extracting(CodeImage::ordinal).containsExactly(0, 1);
    assertThat(module.images().getFirst().instanceCount()).isEqualTo(1);
    module.unpin(pinned);
    assertThat(result(pinned, "f1", 1)).isEqualTo(2);
    TestModules.awaitCollected("it is gone", () -> module.images().size() == 1);
  }

  /// A frame keeps its image: the JVM does, and our count says so until the call ends.
  @Test
  void image_thatAFrameRuns_staysUntilTheCallEnds() throws InterruptedException {
    CountDownLatch inHost = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ModuleBuilder builder =
        new ModuleBuilder()
            .importFunction("host", "wait", FuncType.EMPTY)
            .exportFunction("f", TestModules.INT, code -> code.call(0).localGet(0).call(2))
            .function(TestModules.INT, code -> code.localGet(0).i32Const(1).i32Add());
    NativeModule module = modules.compile(builder, manager);
    HostFunction wait =
        HostFunction.of(
            FuncType.EMPTY,
            (_, _) -> {
              inHost.countDown();
              awaitQuietly(goOn);
              return new Object[0];
            });
    Instance instance =
        module.instantiate(store, Imports.builder().define("host", "wait", wait).build());
    @Nullable Object[] seen = new Object[1];
    Thread guest = Thread.ofPlatform().start(() -> seen[0] = result(instance, "f", 41));
    inHost.await();
    module.useImage(module.addImage(CodeKind.OPTIMIZED));
    manager.collect();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    CodeImage first = module.images().getFirst();
    assertThat(first.ordinal()).isZero();
    assertThat(first.instanceCount()).isEqualTo(1);
    assertThat(first.account().state()).isEqualTo(CodeAccount.State.POTENTIALLY_DEAD);

    goOn.countDown();
    guest.join();

    // The function behind the host's call was generated after all that.
    assertThat(seen[0]).isEqualTo(42);
    assertThat(result(instance, "f", 1)).isEqualTo(2);
    assertThat(first.instanceCount()).isZero();
    manager.collect();
    assertThat(first.account().state()).isEqualTo(CodeAccount.State.FREED);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// An instance that changes in mid-call is counted in both until the call ends.
  @Test
  void instance_switchedInMidCall_isCountedInTheOldImageUntilTheCallEnds() {
    ModuleBuilder builder =
        new ModuleBuilder()
            .importFunction("host", "look", FuncType.EMPTY)
            .exportFunction("f", FuncType.EMPTY, code -> code.call(0));
    NativeModule module = modules.compile(builder, manager);
    Instance[] instances = new Instance[1];
    CodeImage first = module.currentImage();
    HostFunction look =
        HostFunction.of(
            FuncType.EMPTY,
            (_, _) -> {
              module.pin(instances[0], CodeKind.DEBUG);
              assertThat(first.instanceCount()).isEqualTo(1);
              assertThat(module.image(CodeKind.DEBUG).instanceCount()).isEqualTo(1);
              return new Object[0];
            });
    instances[0] =
        module.instantiate(store, Imports.builder().define("host", "look", look).build());

    instances[0].exportedFunction("f").call();

    assertThat(first.instanceCount()).isZero();
    assertThat(module.image(CodeKind.DEBUG).instanceCount()).isEqualTo(1);
  }

  /// All instances of a store move together, also those that only other instances call.
  @Test
  void instances_ofOneStore_moveTogether() {
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    NativeModule caller =
        modules.compile(
            new ModuleBuilder()
                .importFunction("m", "f1", TestModules.INT)
                .exportFunction("g", TestModules.INT, code -> code.localGet(0).call(0)),
            manager);
    Instance called = module.instantiate(store, Imports.NONE);
    Instance calling =
        caller.instantiate(
            store, Imports.builder().define("m", "f1", called.exportedFunction("f1")).build());
    assertThat(result(calling, "g", 1)).isEqualTo(2);

    module.useImage(module.addImage(CodeKind.OPTIMIZED));
    assertThat(result(calling, "g", 1)).isEqualTo(2);

    assertThat(module.currentImage().instanceCount()).isEqualTo(1);
    assertThat(called.image()).isSameAs(module.currentImage().entry());
  }

  @Test
  void store_closed_endsTheUsesOfItsInstances() {
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    CodeImage image = module.currentImage();
    for (int i = 0; i < 3; i++) {
      try (Store own = new Store(HeapLimiter.UNLIMITED)) {
        module.instantiate(own, Imports.NONE);
        module.instantiate(own, Imports.NONE);
        assertThat(image.instanceCount()).isEqualTo(2);
      }
      assertThat(image.instanceCount()).isZero();
    }
  }

  // Code objects.

  @Test
  void code_ofAFunction_isThereOnceItsChunkIs() {
    NativeModule module = modules.compile(TestModules.adders(60), manager);
    Instance instance = module.instantiate(store, Imports.NONE);
    CodeImage image = module.addImage(FunctionTiers.optimizing(set(0)));
    module.useImage(image);
    assertThat(image.code(0)).isNull();
    assertThat(image.codes()).isEmpty();

    result(instance, "f0", 1);

    WasmCode code = Objects.requireNonNull(image.code(0));
    assertThat(code).isSameAs(image.code(0));
    assertThat(code.tier()).isEqualTo(CodeKind.OPTIMIZED);
    assertThat(Objects.requireNonNull(image.code(1)).tier()).isEqualTo(CodeKind.BASELINE);
    assertThat(image.code(59)).isNull();
    assertThat(code.functionIndex()).isZero();
    assertThat(code.bytes()).isPositive();
    assertThat(image.codes().stream().mapToLong(WasmCode::bytes).sum())
        .isPositive()
        .isLessThanOrEqualTo(image.codeBytes());
    assertThatThrownBy(() -> image.code(60)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void scope_holdsCode_itIsNotFreedAndNotUnloaded() {
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    Instance instance = module.instantiate(store, Imports.NONE);
    result(instance, "f0", 1);
    CodeImage image = module.currentImage();
    WasmCode code = Objects.requireNonNull(image.code(0));
    assertThat(code.references()).isEqualTo(1);
    try (CodeRefScope scope = new CodeRefScope()) {
      scope.add(code);
      assertThat(code.references()).isEqualTo(2);
      module.useImage(module.addImage(CodeKind.OPTIMIZED));
      result(instance, "f0", 1);
      assertThat(code.references()).isEqualTo(1);

      manager.collect();
      assertThat(image.account().state()).isEqualTo(CodeAccount.State.POTENTIALLY_DEAD);
    }
    assertThat(code.references()).isZero();
    manager.collect();
    assertThat(image.account().state()).isEqualTo(CodeAccount.State.FREED);
    long freed = manager.figures().freedBytes();
    assertThat(freed).isEqualTo(image.codeBytes());

    // Whoever still has it and counts on it again lets it count again.
    try (CodeRefScope scope = new CodeRefScope()) {
      scope.add(code);
      assertThat(manager.figures().freedBytes()).isZero();
    }
    manager.collect();
    assertThat(manager.figures().freedBytes()).isEqualTo(freed);
  }

  // Removal.

  /// A module with an image of each kind and one of mixed tiers, of which that is current.
  private NativeModule withAllImages() {
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    Instance instance = module.instantiate(store, Imports.NONE);
    for (CodeKind kind : CodeKind.values()) {
      module.pin(instance, kind);
      assertThat(result(instance, "f1", 1)).isEqualTo(2);
    }
    module.useImage(module.addImage(FunctionTiers.optimizing(set(1))));
    module.unpin(instance);
    assertThat(result(instance, "f1", 1)).isEqualTo(2);
    return module;
  }

  @ParameterizedTest
  @EnumSource
  void remove_withAFilter_givesUpThatCode(CodeFilter filter) {
    NativeModule module = withAllImages();
    List<CodeImage> images = module.images();
    List<CodeImage> expected =
        images.stream()
            .filter(CodeImage::isPublished)
            .filter(image ->
                switch (filter) {
                  case DEBUG -> image.kind() == CodeKind.DEBUG;
                  case NON_DEBUG -> image.kind() != CodeKind.DEBUG;
                  case BASELINE ->
                      image.tiers().isUniform()
                          && image.kind() != CodeKind.DEBUG
                          && image.kind() != CodeKind.OPTIMIZED;
                  case OPTIMIZED ->
                      !image.tiers().isUniform() || image.kind() == CodeKind.OPTIMIZED;
                  case ALL -> true;
                })
            .toList();
    assertThat(expected).isNotEmpty();
    List<CodeImage> others =
        images.stream()
            .filter(CodeImage::isPublished)
            .filter(image -> !expected.contains(image))
            .toList();

    FreedCode freed = module.remove(filter);

    assertThat(freed.codeBytes())
        .isEqualTo(expected.stream().mapToLong(CodeImage::codeBytes).sum());
    assertThat(freed.metadataBytes()).isGreaterThanOrEqualTo(expected.size());
    assertThat(expected).noneMatch(CodeImage::isPublished);
    assertThat(others).allMatch(CodeImage::isPublished);
    assertThat(module.remove(filter)).isEqualTo(FreedCode.NONE);
    // Calls find code again, made anew where it is needed.
    try (Store own = new Store(HeapLimiter.UNLIMITED)) {
      assertThat(result(module.instantiate(own, Imports.NONE), "f1", 5)).isEqualTo(6);
      boolean isTierLost =
          filter == CodeFilter.OPTIMIZED
              || filter == CodeFilter.NON_DEBUG
              || filter == CodeFilter.ALL;
      assertThat(module.currentTiers().of(1))
          .isEqualTo(isTierLost ? CodeKind.BASELINE : CodeKind.OPTIMIZED);
    }
  }

  @Test
  void remove_whileInstancesRun_movesThemAtTheirNextCall() {
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    Instance instance = module.instantiate(store, Imports.NONE);
    result(instance, "f0", 1);
    CodeImage first = module.currentImage();

    assertThat(module.remove(CodeFilter.BASELINE).codeBytes()).isEqualTo(first.codeBytes());
    assertThat(module.isCurrent(first)).isFalse();
    assertThat(first.instanceCount()).isEqualTo(1);
    assertThat(result(instance, "f0", 1)).isEqualTo(1);

    assertThat(first.instanceCount()).isZero();
    assertThat(module.currentImage().ordinal()).isEqualTo(1);
    assertThat(module.currentImage().tiers()).isEqualTo(FunctionTiers.of(CodeKind.BASELINE));
  }

  // Stack traces.

  /// Functions of both tiers in one chunk, and traps in both with their offsets.
  @Test
  void mixedTiers_runAndTellWhereTheyTrapped() {
    ModuleBuilder builder = new ModuleBuilder();
    for (int i = 0; i < 2; i++) {
      builder.exportFunction(
          "f" + i,
          TestModules.INT,
          code -> code.i32Const(100).localGet(0).op(Opcode.I32_DIV_S).localGet(0).i32Add());
    }
    NativeModule module = modules.compile(builder, manager);
    Instance instance = module.instantiate(store, Imports.NONE);
    TrapException[] baseline = new TrapException[2];
    for (int i = 0; i < 2; i++) {
      baseline[i] = trap(instance, "f" + i);
    }
    CodeImage mixed = module.addImage(FunctionTiers.optimizing(set(1)));
    assertThat(mixed.kind()).isEqualTo(CodeKind.BASELINE);
    assertThat(mixed.tiers().label()).isEqualTo("mixed");
    module.useImage(mixed);

    for (int i = 0; i < 2; i++) {
      assertThat(result(instance, "f" + i, 10)).isEqualTo(20);
      List<WasmFrame> frames = trap(instance, "f" + i).wasmStack();
      assertThat(frames).isEqualTo(baseline[i].wasmStack()).hasSize(1);
      assertThat(frames.getFirst().functionIndex()).isEqualTo(i);
    }
  }

  private static TrapException trap(Instance instance, String function) {
    try {
      result(instance, function, 0);
    } catch (TrapException e) {
      return e;
    }
    throw new AssertionError("no trap");
  }
}
