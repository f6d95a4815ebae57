package dev.cloister.engine.code;

import static dev.cloister.engine.fixture.TestEngine.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.GenerationCause;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.VecType;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Which functions are optimized when, by heat and by request.
final class ModuleTiersTest {
  /// Two samples of a function with vectors, four of another one; no time between generations.
  private static final TierPolicy EAGER =
      new TierPolicy(/* isAutomatic= */ true, 1_000_000, 2, 4, 100, 0);

  /// The argument for which [#sums] take some milliseconds.
  private static final int LONG = 200_000;

  private static final int SQUARE_OF_LONG = (int) (200_000L * 200_000L);

  private final RecordingListener listener = new RecordingListener();
  private final CodeEvents events =
      new CodeEvents(new EngineEvents(List.of(listener)), Runnable::run);
  private final TestModules modules = new TestModules();
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final double[] codeCacheUse = new double[1];
  private Tiering tiering = new Tiering(EAGER);

  @AfterEach
  void close() {
    store.close();
    modules.close();
  }

  private NativeModule compile(ModuleBuilder builder) {
    CodeManager manager =
        new CodeManager(
            Long.MAX_VALUE,
            /* isStressed= */ false,
            0.8,
            () -> codeCacheUse[0],
            Runnable::run,
            tiering,
            events);
    return modules.compile(builder, manager);
  }

  /// Functions `f0`, `f1` …, each of which adds up its argument many times in four lanes.
  private static ModuleBuilder sums(int functions) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < functions; i++) {
      module.exportFunction("f" + i, TestModules.INT, ModuleTiersTest::sum);
    }
    return module;
  }

  private static void sum(CodeBuilder code) {
    int i = code.local(NumType.I32);
    int lanes = code.local(VecType.V128);
    code.loop();
    code.localGet(lanes).localGet(0).op(Opcode.I32X4_SPLAT).op(Opcode.I32X4_ADD).localSet(lanes);
    code.localGet(i).i32Const(1).i32Add().localTee(i);
    code.localGet(0).op(Opcode.I32_LT_U).brIf(0).end();
    code.localGet(lanes).op(Opcode.I32X4_EXTRACT_LANE, 3);
  }

  /// Tells the sampler that a guest was found in a function, of the image that is current.
  private void sample(NativeModule module, int function, int times) {
    CodeImage image = module.currentImage();
    String loader = image.entry().getClass().getClassLoader().getName();
    StackTraceElement[] stack = {
      new StackTraceElement(
          loader, null, null, "dev.cloister.engine.runtime.intrinsic.I32x4Ops", "add", null, 1),
      new StackTraceElement(
          loader, null, null, "dev.cloister.generated.C0", "f" + function, null, 1),
    };
    for (int i = 0; i < times; i++) {
      assertThat(tiering.sampler().sample(stack)).isTrue();
    }
  }

  private static BitSet optimized(NativeModule module) {
    return module.currentTiers().optimized();
  }

  private static BitSet set(int... functions) {
    BitSet set = new BitSet();
    IntStream.of(functions).forEach(set::set);
    return set;
  }

  @Test
  void priority_asksAtOneAndAtPowersOfTwoFromFour() {
    assertThat(IntStream.rangeClosed(0, 40).filter(ModuleTiers::isAsked))
        .containsExactly(1, 4, 8, 16, 32);
  }

  @Test
  void hotFunction_isOptimized_andTheOthersAreNot() {
    NativeModule module = compile(sums(3));
    Instance instance = module.instantiate(store, Imports.NONE);
    assertThat(result(instance, "f1", 5)).isEqualTo(25);

    sample(module, 1, 1);
    assertThat(optimized(module)).isEqualTo(set());
    sample(module, 1, 1);
    TestModules.await("a generation", () -> !optimized(module).isEmpty());

    assertThat(optimized(module)).isEqualTo(set(1));
    CodeImage image = module.currentImage();
    assertThat(image.ordinal()).isEqualTo(1);
    // Its code was there before calls could enter it.
    assertThat(Objects.requireNonNull(image.code(1)).tier()).isEqualTo(CodeKind.OPTIMIZED);
    for (int f = 0; f < 3; f++) {
      assertThat(result(instance, "f" + f, 7)).isEqualTo(49);
    }
    assertThat(image.instanceCount()).isEqualTo(1);
    assertThat(tiering.figures().generations()).isEqualTo(1);
    assertThat(module.heat()).containsExactly(new FunctionHeat(1, 2, 1, CodeKind.OPTIMIZED));
    TestModules.await(
        "the first one is retired", () -> !listener.told(GenerationRetired.class).isEmpty());
    assertThat(listener.told(GenerationPublished.class))
        .extracting(GenerationPublished::generation, GenerationPublished::cause)
        .containsExactly(tuple(0, GenerationCause.FIRST), tuple(1, GenerationCause.HEAT));
    GenerationPublished made = listener.told(GenerationPublished.class).getLast();
    assertThat(made.optimizedFunctions()).isEqualTo(1);
    assertThat(made.tier()).isEqualTo("mixed");
    assertThat(made.module()).isEqualTo(module.hash());
    assertThat(made.codeBytes()).isPositive();
    assertThat(listener.told(GenerationRetired.class))
        .extracting(GenerationRetired::generation)
        .containsExactly(0);
  }

  /// What is hot while a generation is made, and what is on the way there, comes together.
  @Test
  void hotFunctions_comeTogether() {
    tiering = new Tiering(new TierPolicy(true, 1_000_000, 8, 8, 100, 0));
    NativeModule module = compile(sums(4));
    sample(module, 0, 1);
    sample(module, 1, 7);
    sample(module, 2, 2);
    assertThat(optimized(module)).isEqualTo(set());
    sample(module, 1, 1);
    TestModules.await("a generation", () -> !optimized(module).isEmpty());

    // Function 0 has less than a quarter of what makes one hot.
    assertThat(optimized(module)).isEqualTo(set(1, 2));
    assertThat(module.currentImage().ordinal()).isEqualTo(1);
  }

  /// Later generations are made ever more rarely, and there are only so many.
  @Test
  void generations_areBoundedInNumberAndTime() {
    tiering = new Tiering(new TierPolicy(true, 1_000_000, 1, 1, 2, 0));
    NativeModule module = compile(sums(5));
    for (int f = 0; f < 2; f++) {
      int generation = f + 1;
      sample(module, f, 1);
      TestModules.await(
          "generation " + generation, () -> tiering.figures().generations() == generation);
    }
    sample(module, 2, 40);
    assertThat(tiering.figures().generations()).isEqualTo(2);
    assertThat(optimized(module)).isEqualTo(set(0, 1));

    tiering = new Tiering(new TierPolicy(true, 1_000_000, 1, 1, 9, 3_600_000_000_000L));
    NativeModule other = compile(sums(2));
    sample(other, 0, 1);
    TestModules.await("the first", () -> tiering.figures().generations() == 1);
    sample(other, 1, 40);
    assertThat(tiering.figures().generations()).isEqualTo(1);
  }

  /// A generation that would change nothing would only cost the JIT its work.
  @Test
  void hotFunction_withTheSameCodeInBothTiers_changesNothing() {
    NativeModule module = compile(TestModules.adders(3));

    sample(module, 2, 4);
    TestModules.await("it was tried", () -> tiering.figures().needless() == 1);

    assertThat(module.images()).hasSize(1);
    assertThat(tiering.figures().generations()).isZero();
  }

  @Test
  void hotFunction_whileTheCodeCacheIsFull_isPostponed() {
    NativeModule module = compile(sums(2));
    Instance instance = module.instantiate(store, Imports.NONE);
    codeCacheUse[0] = 0.9;
    sample(module, 0, 2);
    TestModules.await("it was tried", () -> tiering.figures().postponed() == 1);
    assertThat(optimized(module)).isEqualTo(set());
    assertThat(result(instance, "f0", 3)).isEqualTo(9);

    // It asks again when it has become four times as hot.
    codeCacheUse[0] = 0.1;
    sample(module, 0, 6);
    TestModules.await("a generation", () -> optimized(module).get(0));
  }

  @Test
  void samples_ofHostFunctionsAndStrangers_areNotCounted() {
    NativeModule module = compile(sums(1));
    String loader = module.currentImage().entry().getClass().getClassLoader().getName();
    StackTraceElement guest =
        new StackTraceElement(loader, null, null, "dev.cloister.generated.C0", "f0", null, 1);
    StackTraceElement host = new StackTraceElement("dev.cloister.isolate.Clock", "now", null, 1);
    StackTraceElement unknown =
        new StackTraceElement("wasm-0-7", null, null, "dev.cloister.generated.C0", "f0", null, 1);
    HeatSampler sampler = tiering.sampler();

    assertThat(sampler.sample(new StackTraceElement[] {host, guest})).isFalse();
    assertThat(sampler.sample(new StackTraceElement[] {host})).isFalse();
    assertThat(sampler.sample(new StackTraceElement[0])).isFalse();
    assertThat(sampler.sample(new StackTraceElement[] {unknown})).isTrue();
    assertThat(new Tiering(EAGER).sampler().sample(new StackTraceElement[] {guest})).isTrue();

    assertThat(module.heat()).isEmpty();
  }

  // By request.

  @Test
  void tierUp_ofAFunction_andOfAll() {
    NativeModule module = compile(sums(3));
    Instance instance = module.instantiate(store, Imports.NONE);

    assertThat(module.tierUp(2)).isTrue();
    assertThat(optimized(module)).isEqualTo(set(2));
    assertThat(module.currentImage().code(2)).isNotNull();
    assertThat(result(instance, "f2", 3)).isEqualTo(9);
    assertThat(module.tierUp(2)).isFalse();
    assertThat(module.tierUp((Integer) null)).isTrue();

    assertThat(module.currentTiers()).isEqualTo(FunctionTiers.of(CodeKind.OPTIMIZED));
    assertThat(module.tierUp((Integer) null)).isFalse();
    assertThat(module.tierUp(1)).isFalse();
    assertThat(result(instance, "f2", 3)).isEqualTo(9);
    assertThatThrownBy(() -> module.tierUp(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> module.tierDown(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void tierUp_ofWhatAnEarlierRunFoundHot() {
    NativeModule module = compile(sums(4));

    assertThat(module.tierUp(set(0, 3))).isTrue();

    assertThat(optimized(module)).isEqualTo(set(0, 3));
    assertThat(module.currentImage().code(3)).isNotNull();
    assertThatThrownBy(() -> module.tierUp(set(4))).isInstanceOf(IndexOutOfBoundsException.class);
  }

  /// A function that was told to be baseline code stays so, however hot it is.
  @Test
  void tierDown_holdsUntilTheFunctionIsAskedUp() {
    NativeModule module = compile(sums(2));
    module.tierUp((Integer) null);

    assertThat(module.tierDown(0)).isTrue();
    assertThat(module.currentTiers().of(0)).isEqualTo(CodeKind.BASELINE);
    assertThat(module.currentTiers().of(1)).isEqualTo(CodeKind.OPTIMIZED);
    assertThat(module.tierDown(0)).isFalse();
    assertThat(module.tierDown((Integer) null)).isTrue();
    assertThat(module.currentTiers()).isEqualTo(FunctionTiers.of(CodeKind.BASELINE));
    sample(module, 0, 64);
    assertThat(optimized(module)).isEqualTo(set());

    assertThat(module.tierUp(0)).isTrue();
    assertThat(optimized(module)).isEqualTo(set(0));
    assertThat(module.tierDown(0)).isTrue();
    assertThat(optimized(module)).isEqualTo(set());
  }

  @Test
  void tierUp_whileTheCodeCacheIsFull_saysSo() {
    NativeModule module = compile(sums(2));
    codeCacheUse[0] = 0.9;
    assertThatThrownBy(() -> module.tierUp(0)).isInstanceOf(LimitExceededException.class);
    assertThat(optimized(module)).isEqualTo(set());
  }

  // By the module's own hints.

  /// Function 0 runs once, function 1 is worth optimizing, nothing is known of function 2.
  private static final byte[] HINTS = {2, 0, 1, 0, 2, 5, 127, 1, 1, 0, 2, 0, 3};

  @Test
  void hints_ofTheModule_areWhereItBegins() {
    NativeModule module = compile(sums(3).hints("metadata.code.compilation_priority", HINTS));
    assertThat(optimized(module)).isEqualTo(set(1));
    assertThat(module.currentImage().ordinal()).isZero();

    // What runs once gets no better by samples, other functions do.
    sample(module, 0, 8);
    sample(module, 2, 2);
    TestModules.await("a generation", () -> optimized(module).get(2));
    assertThat(optimized(module)).isEqualTo(set(1, 2));
    Instance instance = module.instantiate(store, Imports.NONE);
    for (int f = 0; f < 3; f++) {
      assertThat(result(instance, "f" + f, 7)).isEqualTo(49);
    }
  }

  @Test
  void hints_withoutTiersByThemselves_areNotUsed() {
    tiering = new Tiering(TierPolicy.onRequest());
    NativeModule module = compile(sums(3).hints("metadata.code.compilation_priority", HINTS));
    assertThat(module.currentTiers()).isEqualTo(FunctionTiers.of(CodeKind.BASELINE));
  }

  // With real samples.

  /// A guest that computes with vectors becomes fast by itself, at its next call.
  @Test
  void guest_thatKeepsRunning_isFoundAndOptimized() {
    tiering = new Tiering(new TierPolicy(true, 2_000_000, 3, 100_000, 8, 0));
    NativeModule module = compile(sums(2));
    Instance instance = module.instantiate(store, Imports.NONE);

    TestModules.await(
        "the generation",
        () -> {
          assertThat(result(instance, "f1", LONG)).isEqualTo(SQUARE_OF_LONG);
          return optimized(module).get(1);
        });

    assertThat(optimized(module)).isEqualTo(set(1));
    assertThat(result(instance, "f1", LONG)).isEqualTo(SQUARE_OF_LONG);
    assertThat(module.currentImage().instanceCount()).isEqualTo(1);
    Tiering.Figures figures = tiering.figures();
    assertThat(figures.guestSamples()).isBetween(3L, figures.samples());
    assertThat(figures.samplerNanos()).isPositive();
  }

  /// Where no guest runs there is no sampler; it comes back also for an instance that there was.
  @Test
  void sampler_endsWhenNoGuestRuns_andBeginsWithTheNextCall() {
    tiering = new Tiering(new TierPolicy(true, 1_000_000, 1_000_000, 1_000_000, 8, 0));
    NativeModule module = compile(sums(1));
    Instance instance = module.instantiate(store, Imports.NONE);
    assertThat(tiering.sampler().isRunning()).isTrue();
    TestModules.await("the sampler ends", () -> !tiering.sampler().isRunning());

    TestModules.await(
        "it begins",
        () -> {
          result(instance, "f0", 1);
          return tiering.sampler().isRunning();
        });
  }

  /// Guests call while functions go up and down, all at once.
  @Test
  void tiers_changedWhileGuestsRun_giveTheSameResults() throws InterruptedException {
    tiering = new Tiering(new TierPolicy(true, 1_000_000, 1, 1, 1_000, 0));
    NativeModule module = compile(sums(6));
    AtomicBoolean isDone = new AtomicBoolean();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    List<Thread> guests =
        IntStream.range(0, 2)
            .mapToObj(_ ->
                Thread.ofPlatform()
                    .uncaughtExceptionHandler((_, e) -> failures.add(e))
                    .start(() -> {
                      try (Store own = new Store(HeapLimiter.UNLIMITED)) {
                        Instance instance = module.instantiate(own, Imports.NONE);
                        for (int i = 0; !isDone.get(); i++) {
                          assertThat(result(instance, "f" + i % 6, i % 50 + 1))
                              .isEqualTo((i % 50 + 1) * (i % 50 + 1));
                        }
                      }
                    }))
            .toList();
    for (int i = 0; i < 40; i++) {
      if (i % 2 == 0) {
        module.tierUp(i % 6);
      } else {
        module.tierDown(i % 5);
      }
    }
    isDone.set(true);
    for (Thread guest : guests) {
      guest.join();
    }

    assertThat(failures).isEmpty();
    assertThat(module.images()).allMatch(image -> image.instanceCount() == 0);
  }
}
