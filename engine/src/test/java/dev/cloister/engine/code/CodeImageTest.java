package dev.cloister.engine.code;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.NativeModuleInfo.ImageInfo;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Images of one module: instances are switched from one to another at calls from outside.
///
/// Which image a frame runs is read off the stack: the loader of its class is the image's.
final class CodeImageTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final CompileThreads threads = new CompileThreads(1);
  private final SignatureClasses signatureClasses = new SignatureClasses(threads);
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  /// The images of the guest frames at each call of the host, the innermost frame first.
  private final List<List<Integer>> seen = new ArrayList<>();

  @AfterEach
  void closeThreads() {
    store.close();
    threads.close();
  }

  private NativeModule compile(ModuleBuilder module) {
    return new NativeModule(
        ModuleDecoder.decode(module.build(), WasmFeatures.ALL, WasmLimits.defaults()),
        ModuleHash.of(module.build()),
        CodeKind.BASELINE,
        ModulePlan.METHOD_BYTES,
        VectorUse.WORTHWHILE,
        signatureClasses,
        new StructClasses(threads),
        threads,
        Stopper.create(StopPolicy.defaults()),
        MemoryPool.NONE,
        CodeManager.unlimited(),
        DebugFileLoader.NONE,
        ClassFileArchive.NONE);
  }

  /// `outer` calls the host, then `inner`, which does so as well; all count in memory and global.
  private static ModuleBuilder counting() {
    return new ModuleBuilder()
        .importFunction("host", "look", VOID)
        .exportFunction(
            "outer",
            TO_INT,
            code ->
                code.call(2)
                    .call(0)
                    .call(2)
                    // The same through the table, of the own instance.
                    .i32Const(0)
                    .callIndirect(VOID, 0)
                    .i32Const(0)
                    .access(Opcode.I32_LOAD, 0)
                    .globalGet(0)
                    .i32Add())
        .exportFunction(
            "inner",
            VOID,
            code ->
                code.i32Const(0)
                    .i32Const(0)
                    .access(Opcode.I32_LOAD, 0)
                    .i32Const(1)
                    .i32Add()
                    .access(Opcode.I32_STORE, 0)
                    .globalGet(0)
                    .i32Const(1000)
                    .i32Add()
                    .globalSet(0)
                    .call(0))
        .memory(1)
        .global(new GlobalType(I32, true), code -> code.i32Const(0))
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .elements(0, 0, 2);
  }

  /// Imports `host.look`, which notes the images of the frames and then runs `then`.
  private Imports looking(Runnable then) {
    return Imports.builder()
        .define(
            "host",
            "look",
            HostFunction.of(
                VOID,
                (_, _) -> {
                  seen.add(imagesOnStack());
                  then.run();
                  return new Object[0];
                }))
        .build();
  }

  /// Returns the ordinals of the images whose chunks are on the stack, without repetition.
  private static List<Integer> imagesOnStack() {
    List<Integer> images = new ArrayList<>();
    for (StackTraceElement element : new Throwable().getStackTrace()) {
      String loader = element.getClassLoaderName();
      if (element.getClassName().startsWith("dev.cloister.generated.C")
          && element.getMethodName().startsWith("f")) {
        int image = Integer.parseInt(loader.substring(loader.lastIndexOf('-') + 1));
        if (images.isEmpty() || images.getLast() != image) {
          images.add(image);
        }
      }
    }
    return images;
  }

  @Test
  void instance_switchedBetweenCalls_runsTheOtherImageWithItsState() {
    NativeModule module = compile(counting());
    Instance instance = module.instantiate(store, looking(() -> {}));
    CodeImage first = module.currentImage();

    assertThat(result(instance, "outer")).isEqualTo(3 + 3000);
    CodeImage second = module.addImage(CodeKind.BASELINE);
    assertThat(result(instance, "outer")).isEqualTo(6 + 6000);
    instance.useImage(second.entry());
    assertThat(result(instance, "outer")).isEqualTo(9 + 9000);
    instance.useImage(first.entry());
    assertThat(result(instance, "outer")).isEqualTo(12 + 12_000);

    List<Integer> zero = List.of(0);
    List<Integer> one = List.of(1);
    assertThat(seen)
        .containsExactly(
            zero, zero, zero, zero, zero, zero, zero, zero, one, one, one, one, zero, zero, zero,
            zero);
  }

  /// The host switches while frames run: they finish in their image, calls from outside do not.
  @Test
  void instance_switchedInMidCall_finishesItsFramesInTheOldImage() {
    NativeModule module = compile(counting());
    List<Instance> instances = new ArrayList<>();
    CodeImage[] images = {module.currentImage(), module.addImage(CodeKind.BASELINE)};
    int[] calls = new int[1];
    Instance instance =
        module.instantiate(
            store, looking(() -> instances.getFirst().useImage(images[++calls[0] % 2].entry())));
    instances.add(instance);
    instance.useImage(images[0].entry());

    // Four switches a call, so each call begins in image 0 and stays there.
    for (int i = 1; i <= 3; i++) {
      assertThat(result(instance, "outer")).isEqualTo(i * 3003);
    }

    assertThat(seen).hasSize(12).containsOnly(List.of(0));
  }

  /// A nested call from the host runs the new image above frames of the old one.
  @Test
  void instance_switchedBeforeNestedCall_runsBothImagesOnOneStack() {
    NativeModule module = compile(counting());
    List<Instance> instances = new ArrayList<>();
    CodeImage second = module.addImage(CodeKind.BASELINE);
    boolean[] isNested = new boolean[1];
    Instance instance =
        module.instantiate(
            store,
            looking(() -> {
              if (!isNested[0]) {
                isNested[0] = true;
                instances.getFirst().useImage(second.entry());
                call(instances.getFirst(), "inner");
              }
            }));
    instances.add(instance);
    instance.useImage(module.images().getFirst().entry());

    assertThat(result(instance, "outer")).isEqualTo(4004);

    assertThat(seen).containsExactly(List.of(0), List.of(1, 0), List.of(0), List.of(0), List.of(0));
  }

  /// References that another instance holds enter the image that their owner runs.
  @Test
  void reference_heldByAnotherInstance_entersTheCurrentImageOfItsOwner() {
    NativeModule module = compile(counting());
    NativeModule foreign =
        compile(
            new ModuleBuilder()
                .importFunction("m", "inner", VOID)
                .exportFunction("f", VOID, code -> code.call(0).i32Const(0).callIndirect(VOID, 0))
                .table(new TableType(RefType.FUNCREF, Limits.of(1)))
                .elements(0, 0, 0));
    Instance owner = module.instantiate(store, looking(() -> {}));
    Instance other =
        foreign.instantiate(
            store, Imports.builder().define("m", "inner", owner.exportedFunction("inner")).build());

    call(other, "f");
    owner.useImage(module.addImage(CodeKind.BASELINE).entry());
    call(other, "f");

    // The frames below are those of the foreign module, whose only image is 0.
    assertThat(seen).containsExactly(List.of(0), List.of(0), List.of(1, 0), List.of(1, 0));
  }

  @Test
  void useImage_makesItTheOneOfNewInstancesAndOfOldOnesFromTheirNextCallOn() {
    NativeModule module = compile(counting());
    Instance old = module.instantiate(store, looking(() -> {}));
    CodeImage first = module.currentImage();
    CodeImage added = module.addImage(CodeKind.BASELINE);
    assertThat(module.currentImage()).isSameAs(first);
    module.useImage(added);

    assertThat(module.currentImage()).isSameAs(added);
    assertThat(module.images()).extracting(CodeImage::ordinal).containsExactly(0, 1);
    call(module.instantiate(store, looking(() -> {})), "inner");
    call(old, "inner");

    assertThat(seen).containsExactly(List.of(1), List.of(1));
  }

  /// Chunks are generated when they are first called, in each image by itself.
  @Test
  void chunks_areGeneratedOnDemand() {
    ModuleBuilder builder = new ModuleBuilder();
    for (int i = 0; i < 250; i++) {
      builder.exportFunction("f" + i, INT, code -> code.localGet(0));
    }
    NativeModule module = compile(builder);
    Instance instance = module.instantiate(store, Imports.NONE);
    CodeImage image = module.currentImage();
    int chunks = module.chunkCount();
    assertThat(chunks).isGreaterThan(3);
    assertThat(image.generatedChunks()).isZero();

    assertThat(result(instance, "f249", 7)).isEqualTo(7);
    assertThat(image.generatedChunks()).isEqualTo(1);
    assertThat(result(instance, "f248", 7)).isEqualTo(7);
    assertThat(image.generatedChunks()).isEqualTo(1);
    long before = module.codeBytes();
    module.generateAll();
    assertThat(image.generatedChunks()).isEqualTo(chunks);
    assertThat(module.codeBytes()).isGreaterThan(before);

    CodeImage second = module.addImage(CodeKind.BASELINE);
    assertThat(second.generatedChunks()).isZero();
    instance.useImage(second.entry());
    assertThat(result(instance, "f0", 7)).isEqualTo(7);
    assertThat(second.generatedChunks()).isEqualTo(1);
    assertThat(image.generatedChunks()).isEqualTo(chunks);
  }

  @Test
  void image_ofAnotherModule_isRefused() {
    NativeModule module = compile(counting());
    CodeImage foreign = compile(counting()).currentImage();

    assertThatThrownBy(() -> module.useImage(foreign)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource
  void codeKind_ofTheConfiguration_isTheOneThatRuns(CodeKind kind) {
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      ModuleHandle module = engine.compile(counting());
      Instance instance = module.instantiate(store, looking(() -> {}));

      assertThat(result(instance, "outer")).isEqualTo(3003);

      assertThat(module.info().images())
          .extracting(ImageInfo::tier, ImageInfo::isCurrent, ImageInfo::generatedChunks)
          .containsExactly(tuple(kind.label(), true, 1));
    }
  }

  /// An instance goes through all kinds of code and back, between calls, with its state.
  @Test
  void switchTo_runsTheInstanceInCodeOfThatKind() {
    try (TestEngine engine = new TestEngine()) {
      ModuleHandle module = engine.compile(counting());
      Instance instance = module.instantiate(store, looking(() -> {}));
      int calls = 0;
      for (int round = 0; round < 2; round++) {
        for (CodeKind kind : CodeKind.values()) {
          module.switchTo(kind, instance);
          assertThat(result(instance, "outer")).isEqualTo(++calls * 3003);
        }
      }

      assertThat(module.info().images())
          .extracting(ImageInfo::tier)
          .containsExactlyElementsOf(
              Arrays.stream(CodeKind.values()).map(CodeKind::label).toList());
      assertThat(module.codeKind()).isEqualTo(CodeKind.BASELINE);
      Instance foreign = engine.instantiate(new ModuleBuilder());
      assertThatThrownBy(() -> module.switchTo(CodeKind.FUEL, foreign))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /// The host switches an instance through all kinds while its frames are on the stack.
  @Test
  void instance_switchedInMidCall_runsAllKindsOnOneStack() {
    NativeModule module = compile(counting());
    List<Instance> instances = new ArrayList<>();
    Iterator<CodeKind> kinds = Arrays.stream(CodeKind.values()).skip(1).iterator();
    Instance instance =
        module.instantiate(
            store,
            looking(() -> {
              if (kinds.hasNext()) {
                instances.getFirst().useImage(module.image(kinds.next()).entry());
                call(instances.getFirst(), "inner");
              }
            }));
    instances.add(instance);

    int images = CodeKind.values().length;
    assertThat(result(instance, "outer")).isEqualTo((images + 2) * 1001);

    assertThat(seen.get(images - 1))
        .containsExactlyElementsOf(
            IntStream.range(0, images).mapToObj(i -> images - 1 - i).toList());
  }
}
