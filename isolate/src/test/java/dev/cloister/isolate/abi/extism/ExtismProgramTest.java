package dev.cloister.isolate.abi.extism;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.isolate.abi.extism.ExtismFunction.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.isolate.abi.UnsupportedTypeException;
import dev.cloister.isolate.abi.extism.PlugIn.Code;
import dev.cloister.isolate.fake.FakeOutboundHttp;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.host.NamedValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExtismProgramTest {
  private static final Guests GUESTS = new Guests();

  /// Copies the input to the output, eight bytes at a time, then one by one.
  private static void echo(Code code) {
    int at = code.local();
    int length = code.local();
    int target = code.local();
    code.call(INPUT_LENGTH).set(length).get(length).call(ALLOC).set(target);
    code.raw().block().loop();
    code.get(at).i64(8);
    code.raw().op(Opcode.I64_ADD);
    code.get(length);
    code.raw().op(Opcode.I64_GT_U).brIf(1);
    code.get(target).get(at);
    code.raw().op(Opcode.I64_ADD);
    code.get(at).call(INPUT_LOAD_U64).call(STORE_U64);
    code.get(at).i64(8);
    code.raw().op(Opcode.I64_ADD);
    code.set(at);
    code.raw().br(0).end().end();
    code.raw().block().loop();
    code.get(at).get(length);
    code.raw().op(Opcode.I64_GE_U).brIf(1);
    code.get(target).get(at);
    code.raw().op(Opcode.I64_ADD);
    code.get(at).call(INPUT_LOAD_U8).call(STORE_U8);
    code.get(at).i64(1);
    code.raw().op(Opcode.I64_ADD);
    code.set(at);
    code.raw().br(0).end().end();
    code.get(target).get(length).call(OUTPUT_SET);
    code.done(0);
  }

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "eight by", "Hello, World!", "üñîçødé"})
  void input_isRead_andOutputIsAnswered(String text) {
    try (PlugIn plugIn = PlugIn.of(GUESTS, PlugIn.module(ExtismProgramTest::echo))) {
      assertThat(plugIn.run(text)).isEqualTo(text);
      assertThat(plugIn.run(text + text)).isEqualTo(text + text);
    }
  }

  @Test
  void inputLoads_behindTheEnd_are0() {
    byte[] module =
        PlugIn.module(code -> {
          code.i64(3).call(INPUT_LOAD_U8);
          code.i64(-1).call(INPUT_LOAD_U8);
          code.raw().op(Opcode.I32_OR).op(Opcode.I64_EXTEND_I32_U);
          code.i64(0).call(INPUT_LOAD_U64);
          code.raw().op(Opcode.I64_OR);
          code.i64(-1).call(INPUT_LOAD_U64);
          code.raw().op(Opcode.I64_OR);
          code.outputNumber().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.run("abc")).isEqualTo("0".repeat(20));
    }
  }

  @Test
  void inputOffset_isAHandleWithALength() {
    byte[] module =
        PlugIn.module(code -> code.call(INPUT_OFFSET).call(LENGTH_UNSAFE).outputNumber().done(0));
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run("four"))).isEqualTo(4);
      assertThat(Long.parseLong(plugIn.run(""))).isZero();
    }
  }

  @Test
  void free_ofTheInput_emptiesIt() {
    byte[] module =
        PlugIn.module(code -> {
          code.call(INPUT_OFFSET).call(FREE).call(INPUT_LENGTH);
          code.outputNumber().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run("four"))).isZero();
    }
  }

  @Test
  void inputSet_byTheGuest_changesTheInput() {
    byte[] module =
        PlugIn.module(code -> {
          int block = code.block("0123456789");
          code.get(block).i64(4).call(INPUT_SET);
          code.get(block).i64(11).call(INPUT_SET); // too long: ignored
          code.call(INPUT_OFFSET).call(INPUT_LENGTH).call(OUTPUT_SET);
          code.done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.run("former")).isEqualTo("0123");
    }
  }

  @Test
  void output_canBePartOfABlock_andIsNothingBeyondIt() {
    byte[] module =
        PlugIn.module(code -> {
          int block = code.block("0123456789");
          code.get(block).i64(2);
          code.raw().op(Opcode.I64_ADD);
          code.i64(3).call(OUTPUT_SET);
          code.get(block).i64(11).call(OUTPUT_SET);
          code.get(block).i64(-1).call(OUTPUT_SET);
          code.done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.run("")).isEqualTo("234");
    }
  }

  @Test
  void reset_byTheGuest_dropsInputOutputAndError() {
    byte[] module =
        PlugIn.module(code -> {
          int block = code.block("lost");
          code.get(block).output().get(block).call(ERROR_SET).call(RESET);
          code.call(INPUT_LENGTH).call(OUTPUT_LENGTH).call(ERROR_GET);
          code.raw().op(Opcode.I64_OR).op(Opcode.I64_OR).op(Opcode.I64_EQZ);
          code.raw().op(Opcode.I32_EQZ);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.run("input")).isEmpty();
    }
  }

  @Test
  void error_isTheMessage_whateverTheCode() {
    for (int result : new int[] {0, 7}) {
      byte[] module =
          PlugIn.module(code -> {
            int block = code.block("out of cheese");
            code.get(block).call(ERROR_SET).done(result);
          });
      try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
        plugIn.run("");
        assertThat(plugIn.failure()).isEqualTo(new ExtismFailure("out of cheese", result));
        assertThat(plugIn.isSpent()).isFalse();
      }
    }
  }

  @Test
  void error_thatIsCleared_isNone() {
    byte[] module =
        PlugIn.module(code -> {
          int block = code.block("no");
          code.get(block).call(ERROR_SET).i64(0).call(ERROR_SET);
          code.call(ERROR_GET).outputNumber().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run(""))).isZero();
    }
  }

  @Test
  void code_withoutError_isTheMessage() {
    try (PlugIn plugIn = PlugIn.of(GUESTS, PlugIn.module(code -> code.done(-3)))) {
      plugIn.run("");
      assertThat(plugIn.failure())
          .isEqualTo(new ExtismFailure("Returned non-zero exit code: -3", -3));
    }
  }

  @Test
  void trap_endsTheCall() {
    byte[] module = PlugIn.module(code -> code.raw().op(Opcode.UNREACHABLE));
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThatThrownBy(() -> plugIn.run("")).isInstanceOf(TrapException.class);
    }
  }

  @Test
  void export_withoutResult_succeeds() {
    byte[] module =
        PlugIn.builder()
            .exportFunction(
                "run", FuncType.EMPTY, code -> new Code(code).call(INPUT_OFFSET).output())
            .build();
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.run("void")).isEqualTo("void");
    }
  }

  @Test
  void export_ofAnotherType_isRefused() {
    for (FuncType type :
        List.of(
            new FuncType(List.of(I32), List.of(I32)),
            new FuncType(List.of(), List.of(I32, I32)),
            new FuncType(List.of(), List.of(I64)))) {
      byte[] module =
          PlugIn.builder().exportFunction("run", type, code -> code.op(Opcode.UNREACHABLE)).build();
      try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
        assertThatThrownBy(() -> plugIn.run(""))
            .isInstanceOf(UnsupportedTypeException.class)
            .hasMessageContaining("takes no parameters and returns an i32 or nothing");
      }
    }
  }

  @Test
  void initialization_runsOnce_constructorsBeforeHaskell() {
    // _initialize multiplies, hs_init adds: 1 * 10 + 3
    ModuleBuilder builder = PlugIn.builder();
    builder.global(new GlobalType(I64, true), code -> code.i64Const(1));
    byte[] module =
        builder
            .exportFunction(
                "_initialize",
                FuncType.EMPTY,
                code -> code.globalGet(0).i64Const(10).op(Opcode.I64_MUL).globalSet(0))
            .exportFunction(
                "hs_init",
                new FuncType(List.of(I32, I32), List.of()),
                code -> code.globalGet(0).i64Const(3).op(Opcode.I64_ADD).globalSet(0))
            .exportFunction(
                "run",
                PlugIn.RETURNS_CODE,
                code -> {
                  code.globalGet(0);
                  new Code(code).outputNumber().done(0);
                })
            .build();
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run(""))).isEqualTo(13);
      assertThat(Long.parseLong(plugIn.run(""))).isEqualTo(13);
    }
  }

  @Test
  void start_runsWithoutInitialization() {
    ModuleBuilder builder = PlugIn.builder();
    byte[] module =
        builder
            .exportFunction("_initialize", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
            .exportFunction(
                "_start", FuncType.EMPTY, code -> new Code(code).call(INPUT_OFFSET).output())
            .build();
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.call("_start", "started")).isEqualTo("started");
      assertThat(plugIn.isSpent()).isTrue();
    }
  }

  @Test
  void exitOfWasi_isTheCode_and0IsSuccess() {
    for (int exit : new int[] {0, 4}) {
      int procExit = ExtismFunction.values().length;
      ModuleBuilder imports = new ModuleBuilder();
      for (ExtismFunction function : ExtismFunction.values()) {
        imports.importFunction(
            ExtismEnvironment.MODULE_NAME, function.functionName(), function.type());
      }
      byte[] module =
          imports
              .importFunction(
                  "wasi_snapshot_preview1", "proc_exit", new FuncType(List.of(I32), List.of()))
              .memory(1)
              .exportFunction(
                  "run",
                  PlugIn.RETURNS_CODE,
                  code -> {
                    new Code(code).call(INPUT_OFFSET).output();
                    code.i32Const(exit).call(procExit).i32Const(9);
                  })
              .build();
      try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
        if (exit == 0) {
          assertThat(plugIn.run("written")).isEqualTo("written");
        } else {
          assertThat(plugIn.run("")).isEqualTo("Returned non-zero exit code: 4");
        }
        assertThat(plugIn.isSpent()).isTrue();
      }
    }
  }

  @Test
  void variables_outliveInstances_andAreRemovedBy0() {
    byte[] module =
        PlugIn.builder()
            .exportFunction(
                "set",
                PlugIn.RETURNS_CODE,
                code -> {
                  Code calls = new Code(code);
                  int name = calls.block("name");
                  calls.get(name).call(INPUT_OFFSET).call(VAR_SET).done(0);
                })
            .exportFunction(
                "get",
                PlugIn.RETURNS_CODE,
                code -> {
                  Code calls = new Code(code);
                  int name = calls.block("name");
                  calls.get(name).call(VAR_GET).output().done(0);
                })
            .exportFunction(
                "remove",
                PlugIn.RETURNS_CODE,
                code -> {
                  Code calls = new Code(code);
                  int name = calls.block("name");
                  calls.get(name).i64(0).call(VAR_SET).done(0);
                })
            .build();
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(plugIn.call("get", "")).isEmpty();
      plugIn.call("set", "first");
      plugIn.call("set", "second value");
      plugIn.renew();
      assertThat(plugIn.call("get", "")).isEqualTo("second value");
      assertThat(plugIn.variables().chargedBytes())
          .isEqualTo(4 + 12 + VariableStore.OVERHEAD_BYTES);
      plugIn.call("remove", "");
      assertThat(plugIn.call("get", "")).isEmpty();
      assertThat(plugIn.variables().chargedBytes()).isZero();
    }
  }

  @Test
  void handlesOfTheHost_areFreedByIt() {
    byte[] module =
        PlugIn.module(code -> {
          int name = code.block("name");
          code.get(name).call(VAR_GET).drop();
          code.get(name).call(LENGTH).outputNumber().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run(""))).isZero();
    }
  }

  @Test
  void variables_beyondTheirLimit_endTheCall() {
    byte[] module =
        PlugIn.module(code -> {
          int name = code.block("n");
          code.get(name).call(INPUT_OFFSET).call(VAR_SET).done(0);
        });
    ExtismSettings settings = settings(Map.of(), 60);
    try (PlugIn plugIn = new PlugIn(GUESTS, module, settings, HostServices.NONE)) {
      plugIn.run("11 bytes !!");
      assertThatThrownBy(() -> plugIn.run("12 bytes !!!"))
          .isInstanceOf(ExtismException.class)
          .hasMessageStartingWith("Variable store is full: \"n\" needs 61 bytes in all");
      plugIn.renew();
      assertThatThrownBy(() -> plugIn.run("x".repeat(61)))
          .hasMessage("the value of a variable is too large: 61 bytes, allowed are 60");
    }
    try (PlugIn plugIn = new PlugIn(GUESTS, module, settings(Map.of(), 0), HostServices.NONE)) {
      assertThatThrownBy(() -> plugIn.run("x"))
          .hasMessage("Variables are disabled: max_var_bytes is 0");
    }
  }

  @Test
  void config_isOfThePlugIn_thenOfTheTenantIfGranted() {
    byte[] module =
        PlugIn.module(code -> code.call(INPUT_OFFSET).call(CONFIG_GET).output().done(0));
    ExtismSettings settings = settings(Map.of("color", "red"), 0);
    NamedValues tenant = NamedValues.of(Map.of("color", "blue", "shape", "round"));
    HostServices denied = HostServices.builder(Grants.NONE).configuration(tenant).build();
    HostServices granted =
        HostServices.builder(Grants.of(Capability.CONFIG)).configuration(tenant).build();
    try (PlugIn plugIn = new PlugIn(GUESTS, module, settings, granted)) {
      assertThat(plugIn.run("color")).isEqualTo("red");
      assertThat(plugIn.run("shape")).isEqualTo("round");
      assertThat(plugIn.run("size")).isEmpty();
    }
    try (PlugIn plugIn = new PlugIn(GUESTS, module, settings, denied)) {
      assertThat(plugIn.run("color")).isEqualTo("red");
      assertThat(plugIn.run("shape")).isEmpty();
    }
  }

  @Test
  void names_thatAreInvalid_endTheCall() {
    byte[] noHandle = PlugIn.module(code -> code.i64(77).call(CONFIG_GET).output().done(0));
    try (PlugIn plugIn = PlugIn.of(GUESTS, noHandle)) {
      assertThatThrownBy(() -> plugIn.run(""))
          .hasMessage(
              "invalid handle for the name of a configuration value: 0x4d is no live block");
    }
    byte[] noText =
        PlugIn.module(code -> {
          int name = code.block("x");
          code.get(name).i32(0xFF).call(STORE_U8).get(name).call(CONFIG_GET).drop().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, noText)) {
      assertThatThrownBy(() -> plugIn.run(""))
          .hasMessage("the name of a configuration value is not UTF-8");
    }
    byte[] longName =
        PlugIn.module(code -> code.call(INPUT_OFFSET).call(CONFIG_GET).drop().done(0));
    try (PlugIn plugIn = PlugIn.of(GUESTS, longName)) {
      assertThatThrownBy(() -> plugIn.run("x".repeat((64 << 10) + 1)))
          .hasMessage(
              "the name of a configuration value is too large: 65537 bytes, allowed are 65536");
    }
  }

  @Test
  void log_keepsWhatMattersEnough() {
    byte[] module =
        PlugIn.module(code -> {
          for (ExtismFunction log : List.of(LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR)) {
            int block = code.block(log.functionName());
            code.get(block).call(log);
          }
          int broken = code.block("xy");
          code.get(broken).i32(0xC0).call(STORE_U8).get(broken).call(LOG_WARN);
          code.call(GET_LOG_LEVEL);
          code.raw().op(Opcode.I64_EXTEND_I32_U);
          code.outputNumber().done(0);
        });
    List<String> lines = new ArrayList<>();
    HostServices services =
        HostServices.builder(Grants.NONE)
            .log((level, line) -> lines.add(level.label() + ": " + line))
            .build();
    try (PlugIn plugIn =
        new PlugIn(GUESTS, module, ExtismSettings.DEFAULTS, services, LogLevel.DEBUG)) {
      assertThat(Long.parseLong(plugIn.run(""))).isEqualTo(1);
    }
    assertThat(lines)
        .containsExactly(
            "debug: log_debug",
            "info: log_info",
            "warn: log_warn",
            "error: log_error",
            "warn: a log message of 2 bytes is not UTF-8");
  }

  private static ExtismSettings settings(Map<String, String> config, long maxVariableBytes) {
    return new ExtismSettings(
        config, null, 0, maxVariableBytes, ExtismSettings.UNLIMITED, ExtismSettings.UNLIMITED);
  }

  /// Sends the input as description and, unless it is empty, `body` as body.
  private static byte[] sender(String body) {
    return PlugIn.module(code -> {
      int answer = code.local();
      if (body.isEmpty()) {
        code.call(INPUT_OFFSET).i64(0);
      } else {
        int block = code.block(body);
        code.call(INPUT_OFFSET).get(block);
      }
      code.call(HTTP_REQUEST).set(answer).get(answer).output();
      code.call(HTTP_STATUS_CODE).i32(201);
      code.raw().op(Opcode.I32_NE);
    });
  }

  private static HostServices http(FakeOutboundHttp http) {
    return HostServices.builder(Grants.of(Capability.HTTP)).http(http).build();
  }

  private static ExtismSettings hosts(String... patterns) {
    return new ExtismSettings(
        Map.of(),
        List.of(patterns).stream().map(HostPattern::new).toList(),
        100,
        0,
        ExtismSettings.UNLIMITED,
        ExtismSettings.UNLIMITED);
  }

  @Test
  void httpRequest_toAnAllowedHost_isAnswered() {
    FakeOutboundHttp http = new FakeOutboundHttp();
    try (PlugIn plugIn = new PlugIn(GUESTS, sender("ping"), hosts("*.example"), http(http))) {
      assertThat(
              plugIn.run(
                  """
                  {"url": "https://allowed.example/x?y=1", "method": "post",
                   "headers": {"accept": "text/plain"}}\
                  """))
          .isEqualTo("ping");
    }
    assertThat(http.requests())
        .singleElement()
        .satisfies(request -> {
          assertThat(request.method()).isEqualTo("POST");
          assertThat(request.uri()).hasToString("https://allowed.example/x?y=1");
          assertThat(request.headers()).containsExactly(new HttpField("accept", "text/plain"));
          assertThat(request.maxResponseBytes()).isEqualTo(100);
        });
  }

  @Test
  void httpHeaders_areThoseOfTheLastAnswer() {
    byte[] module =
        PlugIn.module(code -> {
          code.call(HTTP_HEADERS).i64(0);
          code.raw().op(Opcode.I64_NE).ifThen().op(Opcode.UNREACHABLE).end();
          code.call(INPUT_OFFSET).i64(0).call(HTTP_REQUEST).drop();
          code.call(HTTP_HEADERS).output().done(0);
        });
    try (PlugIn plugIn = new PlugIn(GUESTS, module, hosts("*"), http(new FakeOutboundHttp()))) {
      String request = "{\"url\":\"http://allowed.example/\"}";
      assertThat(plugIn.run(request)).isEqualTo("{\"x-method\":\"GET\"}");
      assertThat(plugIn.run(request)).as("again").isEqualTo("{\"x-method\":\"GET\"}");
    }
  }

  @Test
  void httpRequest_thatIsNotAllowed_endsTheCall() {
    String request = "{\"url\":\"http://allowed.example/\"}";
    try (PlugIn plugIn =
        new PlugIn(GUESTS, sender(""), hosts("other.*"), http(new FakeOutboundHttp()))) {
      assertThatThrownBy(() -> plugIn.run(request))
          .isInstanceOf(ExtismException.class)
          .hasMessage("HTTP request to http://allowed.example/ is not allowed");
    }
    try (PlugIn plugIn =
        new PlugIn(GUESTS, sender(""), ExtismSettings.DEFAULTS, HostServices.NONE)) {
      assertThatThrownBy(() -> plugIn.run(request))
          .hasMessageContaining("the plugin has no capability \"http\"");
    }
  }

  @Test
  void httpRequest_thatIsMalformed_endsTheCall() {
    try (PlugIn plugIn = new PlugIn(GUESTS, sender(""), hosts("*"), http(new FakeOutboundHttp()))) {
      Map<String, String> faults =
          Map.of(
              "no json", "is not a JSON object",
              "{}", "lacks \"url\"",
              "{\"url\":1}", "\"url\" of an HTTP request must be a text",
              "{\"url\":\"::\"}", "is not a URL",
              "{\"url\":\"/path\"}", "has no host",
              "{\"url\":\"http://x/\",\"heders\":{}}", "unknown member \"heders\"",
              "{\"url\":\"http://x/\",\"headers\":[]}", "must be an object");
      faults.forEach((request, fault) ->
          assertThatThrownBy(() -> plugIn.run(request))
              .isInstanceOf(ExtismException.class)
              .hasMessageContaining(fault));
    }
  }

  @Test
  void httpAnswer_thatIsTooLarge_endsTheCall() {
    try (PlugIn plugIn =
        new PlugIn(GUESTS, sender("x".repeat(101)), hosts("*"), http(new FakeOutboundHttp()))) {
      assertThatThrownBy(() -> plugIn.run("{\"url\":\"http://allowed.example/\"}"))
          .isInstanceOf(ExtismException.class)
          .hasMessageContaining("the answer is too large");
    }
  }

  @Test
  void allocations_beyondTheMemoryOfTheInstance_are0() {
    byte[] module =
        PlugIn.module(code -> {
          code.i64(PlugIn.INSTANCE_BYTES).call(ALLOC).outputNumber().done(0);
        });
    try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
      assertThat(Long.parseLong(plugIn.run(""))).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 1_000, 100_000})
  void allocationsAtTheEndOfTheStack_leaveNothingCharged(long size) {
    int recurse = ExtismFunction.values().length;
    byte[] module =
        PlugIn.builder()
            .exportFunction(
                "recurse",
                FuncType.EMPTY,
                code -> {
                  int block = code.local(I64);
                  Code calls = new Code(code);
                  calls.i64(size).call(ALLOC).set(block).get(block).i32(1).call(STORE_U8);
                  calls.i64(size).call(ALLOC).call(FREE);
                  code.call(recurse);
                })
            .build();
    for (int i = 0; i < 5; i++) {
      try (PlugIn plugIn = PlugIn.of(GUESTS, module)) {
        assertThatThrownBy(() -> plugIn.call("recurse", ""))
            .isInstanceOf(TrapException.class)
            .hasMessageContaining("call stack exhausted");
      }
    }
  }

  @Test
  void callAfterCall_needsNoMoreMemory() {
    try (PlugIn plugIn = PlugIn.of(GUESTS, PlugIn.module(ExtismProgramTest::echo))) {
      String text = "x".repeat(1000);
      plugIn.run(text);
      long chargedBytes = plugIn.ledger().chargedBytes();
      for (int i = 0; i < 2_000; i++) {
        plugIn.run(text);
      }
      assertThat(plugIn.ledger().chargedBytes()).isEqualTo(chargedBytes);
    }
  }
}
