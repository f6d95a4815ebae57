package dev.cloister.engine;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The behaviours that V8 tests of streaming compilation (`test-streaming-compilation.cc`, 43
/// cases), on the whole way from bytes to a native module.
///
/// Each module is compiled whole, as a stream cut in two at every byte, and as such a stream when a
/// module that begins in the same way is known: always with one outcome. Each stream is given up at
/// every byte, by its user and by somebody else: nothing is left.
@Timeout(120)
final class StreamBehavioursTest {
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final WasmEngine engine = new WasmEngine(EngineConfig.defaults());
  private final EngineIsolate isolate = engine.addIsolate("streams");

  @AfterEach
  void close() {
    assertThat(engine.compileJobs()).isEmpty();
    engine.shared().checkInvariants();
    engine.close();
  }

  private static ModuleBuilder answers(int first, int second) {
    return new ModuleBuilder()
        .exportFunction("first", TO_INT, code -> code.i32Const(first))
        .exportFunction("second", TO_INT, code -> code.i32Const(second));
  }

  private static byte[] cut(byte[] module, int bytes) {
    return Arrays.copyOf(module, module.length - bytes);
  }

  private static byte[] with(byte[] module, int... more) {
    return new BinaryWriter().bytes(module).bytes(more).toByteArray();
  }

  /// By what V8 calls the case.
  private static Map<String, byte[]> modules() {
    Map<String, byte[]> modules = new LinkedHashMap<>();
    byte[] valid = answers(1, 2).build();
    modules.put("AllBytesArriveImmediatelyStreamFinishesFirst", valid);
    modules.put("OnlyModuleHeader", new ModuleBuilder().build());
    modules.put("NoFunctions", new ModuleBuilder().memory(1).data(0, new byte[3]).build());
    modules.put("ZeroFunctions_EmptyCodeSection", with(new ModuleBuilder().build(), 10, 1, 0));
    modules.put("DataSectionAfterCode", answers(3, 4).memory(1).data(0, new byte[3]).build());
    modules.put("UnknownSectionsAfterCode", with(valid, 0, 3, 1, 'x', 7));
    modules.put("CustomSectionBefore", answers(5, 6).custom("before", new byte[5]).build());
    modules.put("CutInTheModule", cut(valid, 3));
    modules.put(
        "CutInTheDataSection", cut(answers(3, 4).memory(1).data(0, new byte[3]).build(), 2));
    modules.put(
        "ErrorInSectionLength",
        with(new ModuleBuilder().build(), 1, 0x84, 0x80, 0x80, 0x80, 0x80, 0));
    modules.put("ErrorInSection", with(new ModuleBuilder().build(), 1, 4, 1, 0x61, 0, 0));
    modules.put("ErrorInSectionId", with(new ModuleBuilder().build(), 20, 0));
    modules.put(
        "ErrorInFirstFunction_DetectedByCompiler",
        new ModuleBuilder()
            .exportFunction("bad", TO_INT, code -> code.i64Const(1))
            .exportFunction("good", TO_INT, code -> code.i32Const(1))
            .build());
    modules.put(
        "ErrorInLastFunction",
        new ModuleBuilder()
            .exportFunction("good", TO_INT, code -> code.i32Const(1))
            .exportFunction("bad", TO_INT, code -> code.i64Const(1))
            .build());
    modules.put(
        "ErrorsInTwoFunctions_TheFirstCounts",
        new ModuleBuilder()
            .exportFunction("bad", TO_INT, code -> code.i64Const(1))
            .exportFunction(
                "worse", new FuncType(List.of(), List.of(I64)), code -> code.i32Const(1))
            .build());
    modules.put(
        "FunctionSectionWithoutCodeSection",
        with(new ModuleBuilder().build(), 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0));
    modules.put(
        "CodeSectionWithoutFunctionSection", with(new ModuleBuilder().build(), 10, 4, 1, 2, 0, 11));
    modules.put("SectionOrderErrorBehindCode", with(valid, 1, 4, 1, 0x60, 0, 0));
    modules.put("ErrorInDataSectionBehindCode", with(valid, 11, 1, 1));
    modules.put("TwoCodeSections", with(valid, 10, 4, 1, 2, 0, 11));
    return modules;
  }

  static Stream<String> names() {
    return modules().keySet().stream();
  }

  private String whole(byte[] module) {
    try (ModuleHandle handle = engine.compile(isolate, module)) {
      return handle.hash().hex();
    } catch (WasmException e) {
      return String.valueOf(e);
    }
  }

  private String streamed(byte[] module, int cut) {
    StreamingCompilation streaming = engine.startStreaming(isolate);
    try {
      streaming.push(module, 0, cut);
      streaming.push(module, cut, module.length - cut);
      try (ModuleHandle handle = streaming.finish()) {
        return handle.hash().hex();
      }
    } catch (WasmException e) {
      return String.valueOf(e);
    } finally {
      streaming.abort();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void module_withCuts_hasOneOutcome(String name) {
    byte[] module = Objects.requireNonNull(modules().get(name));
    // An engine of its own knows nothing yet.
    String expected;
    try (TestEngine other = new TestEngine()) {
      ModuleHandle handle = other.engine().compile(other.isolate(), module);
      expected = handle.hash().hex();
    } catch (WasmException e) {
      expected = String.valueOf(e);
    }
    for (int cut = 0; cut <= module.length; cut++) {
      assertThat(streamed(module, cut)).as("cut at %s", cut).isEqualTo(expected);
    }
    assertThat(whole(module)).isEqualTo(expected);
    assertThat(engine.compileJobs()).isEmpty();
  }

  /// A module with the same types, imports and so on, and a code section of the same size.
  @ParameterizedTest
  @MethodSource("names")
  void module_withAKnownPrefix_hasTheSameOutcome(String name) {
    byte[] module = Objects.requireNonNull(modules().get(name));
    String expected = whole(module);
    try (ModuleHandle known = engine.compile(isolate, answers(8, 9).build());
        ModuleHandle other = engine.compile(isolate, badless(name))) {
      for (int cut = 0; cut <= module.length; cut++) {
        assertThat(streamed(module, cut)).as("cut at %s", cut).isEqualTo(expected);
      }
      assertThat(known.hash()).isNotEqualTo(other.hash());
    }
  }

  /// The valid twin of a module whose fault is in a body.
  private static byte[] badless(String name) {
    List<String> exports =
        switch (name) {
          case "ErrorInFirstFunction_DetectedByCompiler" -> List.of("bad", "good");
          case "ErrorInLastFunction" -> List.of("good", "bad");
          default -> List.of("any");
        };
    ModuleBuilder builder = new ModuleBuilder();
    exports.forEach(export -> builder.exportFunction(export, TO_INT, code -> code.i32Const(1)));
    return builder.build();
  }

  @ParameterizedTest
  @MethodSource("names")
  void stream_thatIsAborted_leavesNothing(String name) {
    byte[] module = Objects.requireNonNull(modules().get(name));
    for (int cut = 0; cut <= module.length; cut++) {
      StreamingCompilation streaming = engine.startStreaming(isolate);
      boolean isFaulty = false;
      try {
        streaming.push(module, 0, cut);
      } catch (WasmException _) {
        isFaulty = true;
      }
      streaming.abort();
      streaming.abort();
      assertThat(engine.compileJobs()).isEmpty();
      if (!isFaulty) {
        assertThatThrownBy(() -> streaming.push(module, 0, 1))
            .isInstanceOf(IllegalStateException.class);
      }
    }
    assertThat(engine.statistics().nativeModules()).isZero();
  }

  @ParameterizedTest
  @MethodSource("names")
  void stream_thatIsCancelled_saysSoAndLeavesNothing(String name) {
    byte[] module = Objects.requireNonNull(modules().get(name));
    for (int cut = 0; cut <= module.length; cut++) {
      StreamingCompilation streaming = engine.startStreaming(isolate);
      try {
        streaming.push(module, 0, cut);
      } catch (WasmException _) {
        continue;
      }
      assertThat(engine.cancelCompileJob(streaming.jobId())).isTrue();
      assertThat(engine.compileJobs()).isEmpty();
      int from = cut;
      assertThatThrownBy(() -> streaming.push(module, from, module.length - from))
          .isInstanceOf(CompilationCancelledException.class);
      assertThatThrownBy(streaming::finish).isInstanceOf(CompilationCancelledException.class);
      streaming.abort();
    }
    // The prefix has no owner: streams are decoded as they come.
    assertThat(streamed(answers(1, 2).build(), 20)).hasSize(64);
  }

  // Several at once.

  /// V8 `HalfStreamedModule…`: no deadlock, and the stream ends up with the other's module.
  @Test
  void wholeModule_compiledWhileItStreams_isWhatTheStreamEndsWith() {
    byte[] module = answers(1, 2).build();
    for (int cut = 0; cut <= module.length; cut++) {
      StreamingCompilation streaming = engine.startStreaming(isolate);
      streaming.push(module, 0, cut);
      try (ModuleHandle whole = engine.compile(isolate, module)) {
        streaming.push(module, cut, module.length - cut);
        try (ModuleHandle streamed = streaming.finish()) {
          assertThat(streamed.nativeModule()).isSameAs(whole.nativeModule());
          assertThat(whole.info().references()).isEqualTo(2);
        }
      }
    }
    assertThat(engine.statistics().compilations()).isLessThanOrEqualTo(module.length + 1);
  }

  /// Streams with the same prefix and other bodies, side by side: each is right.
  @Test
  void streams_withTheSamePrefix_areEachRight() {
    List<byte[]> modules = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      modules.add(answers(i, i + 1).build());
    }
    List<StreamingCompilation> streams =
        modules.stream().map(_ -> engine.startStreaming(isolate)).toList();
    for (int at = 0; at < modules.getFirst().length; at++) {
      for (int i = 0; i < modules.size(); i++) {
        streams.get(i).push(modules.get(i), at, 1);
      }
    }
    for (int i = modules.size() - 1; i >= 0; i--) {
      try (ModuleHandle handle = streams.get(i).finish();
          Store store = new Store(HeapLimiter.UNLIMITED)) {
        assertThat(handle.hash()).isEqualTo(ModuleHash.of(modules.get(i)));
        assertThat(TestEngine.intResult(handle.instantiate(store, Imports.NONE), "second"))
            .isEqualTo(i + 1);
      }
    }
    assertThat(engine.statistics().compilations()).isEqualTo(8);
  }

  /// The same module on several streams at once is one.
  @Test
  void streams_ofOneModule_endWithOne() {
    byte[] module = answers(1, 2).build();
    List<StreamingCompilation> streams = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      StreamingCompilation streaming = engine.startStreaming(isolate);
      streaming.push(module, 0, module.length);
      streams.add(streaming);
    }
    List<ModuleHandle> handles = streams.stream().map(StreamingCompilation::finish).toList();
    assertThat(handles.stream().map(ModuleHandle::nativeModule).distinct()).hasSize(1);
    assertThat(engine.statistics().compilations()).isEqualTo(1);
    assertThat(engine.statistics().cacheHits()).isEqualTo(3);
  }

  /// V8 crash 1160031.
  @Test
  void invalidModule_streamedWhileDebugging_isRefusedAsEver() {
    byte[] bad = Objects.requireNonNull(modules().get("ErrorInLastFunction"));
    String expected = whole(bad);
    assertThat(isolate.debugger().enter()).isTrue();
    for (int cut = 0; cut <= bad.length; cut++) {
      assertThat(streamed(bad, cut)).isEqualTo(expected);
    }
    assertThat(streamed(answers(1, 2).build(), 12)).hasSize(64);
  }

  @Test
  void debuggingIsolate_debugsEveryModule_whicheverWayItCame() {
    EngineIsolate other = engine.addIsolate("other");
    assertThat(other.debugger().enter()).isTrue();
    byte[] module = answers(1, 2).build();
    ModuleHandle compiled = engine.compile(isolate, module);
    int before = other.debugger().modules().size();
    ModuleHandle shared = compiled.shareWith(other);
    assertThat(other.debugger().modules()).hasSize(before + 1);
    shared.close();
    ModuleHandle found = engine.compile(other, module);
    assertThat(found.nativeModule()).isSameAs(compiled.nativeModule());
    assertThat(other.debugger().modules()).isNotEmpty();
    assertThat(isolate.debugger().isEnabled()).isFalse();
  }
}
