package dev.cloister.sandbox.wast;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A runner is worth what its failures are worth: each kind of command is tried with a script that
/// is right and with scripts that are wrong.
final class WastRunnerTest {
  private static final FuncType TO_I32 = new FuncType(List.of(), List.of(I32));
  private static final FuncType I32_TO_I32 = new FuncType(List.of(I32), List.of(I32));

  @TempDir private Path folder;
  private final List<CommandResult> failures = new ArrayList<>();

  @BeforeEach
  void writeModules() throws IOException {
    write(
        "counter.wasm",
        new ModuleBuilder()
            .global(new GlobalType(I32, true), code -> code.i32Const(0))
            .memory(1)
            .exportFunction(
                "next",
                TO_I32,
                code -> code.globalGet(0).i32Const(1).i32Add().globalSet(0).globalGet(0))
            .exportFunction("id", I32_TO_I32, code -> code.localGet(0))
            .exportFunction(
                "nan",
                new FuncType(List.of(), List.of(F32)),
                code -> code.op(Opcode.F32_CONST, 0x7fc0_0001))
            .exportFunction("trap", TO_I32, code -> code.op(Opcode.UNREACHABLE))
            .exportFunction(
                "divide", I32_TO_I32, code -> code.i32Const(1).localGet(0).op(Opcode.I32_DIV_S))
            .exportFunction("deep", TO_I32, code -> code.call(5).i32Const(1).i32Add())
            .exportFunction("forever", FuncType.EMPTY, code -> code.loop().br(0).end())
            .export("count", ExternKind.GLOBAL, 0)
            .export("memory", ExternKind.MEMORY, 0)
            .build());
    write(
        "importer.wasm",
        new ModuleBuilder()
            .importFunction("lib", "next", TO_I32)
            .exportFunction("twice", TO_I32, code -> code.call(0).call(0).i32Add())
            .build());
    write(
        "wrong-importer.wasm",
        new ModuleBuilder()
            .importFunction("lib", "next", new FuncType(List.of(I64), List.of()))
            .build());
    write("malformed.wasm", new byte[] {0, 'a', 's', 'm', 2, 0, 0, 0});
    write("invalid.wasm", new ModuleBuilder().function(TO_I32, _ -> {}).build());
    write(
        "start-traps.wasm",
        new ModuleBuilder()
            .function(FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
            .start(0)
            .build());
    write("empty.wasm", new ModuleBuilder().build());
  }

  @Test
  void results_thatMatch_pass() {
    assertPasses(module("counter"), returns("id", "i32:7", "i32:7"), returns("next", "", "i32:1"));
  }

  @Test
  void results_thatDiffer_fail() {
    WastSummary summary = run(module("counter"), returns("id", "i32:7", "i32:8"));

    assertThat(summary.passed()).isEqualTo(1);
    assertThat(summary.failed()).isEqualTo(1);
    assertThat(failures.getFirst().describe())
        .contains("script.json:2: assert_return: expected i32 8, actual i32 7");
  }

  @Test
  void results_ofAnotherNumberOrType_fail() {
    assertFails(module("counter"), returns("id", "i32:7", ""));
    assertFails(module("counter"), returns("id", "i32:7", "i64:7"));
    assertFails(module("counter"), returns("id", "i32:7", "i32:7 i32:7"));
  }

  @Test
  void nanPatterns_areTold() {
    assertPasses(module("counter"), returns("nan", "", "f32:nan:arithmetic"));
    assertFails(module("counter"), returns("nan", "", "f32:nan:canonical"));
  }

  @Test
  void returnExpected_butTrap_fails() {
    assertFails(module("counter"), returns("trap", "", "i32:1"));
  }

  @Test
  void missingExport_fails() {
    assertFails(module("counter"), returns("none", "", "i32:1"));
    assertFails(module("counter"), traps("none", "", "unreachable"));
    assertFails(module("counter"), action("none"));
  }

  @Test
  void wrongArguments_fail() {
    assertFails(module("counter"), returns("id", "", "i32:1"));
    assertFails(module("counter"), returns("id", "i64:1", "i32:1"));
  }

  @Test
  void trap_isJudgedByItsText() {
    assertPasses(module("counter"), traps("trap", "", "unreachable"));
    assertPasses(module("counter"), traps("divide", "i32:0", "integer divide by zero"));
    assertFails(module("counter"), traps("divide", "i32:0", "integer overflow"));
    assertFails(module("counter"), traps("divide", "i32:1", "integer divide by zero"));
  }

  @Test
  void trapTexts_ofARecordedScript_areAnotherEnginesWords() throws IOException {
    Path script = folder.resolve("recorded.json");
    Files.writeString(
        script,
        ("{'source_filename':'x.wasm','commands':["
                + module("counter")
                + ","
                + traps("divide", "i32:0", "divide by zero")
                + ","
                + traps("divide", "i32:1", "divide by zero")
                + "]}")
            .replace('\'', '"'));
    try (WastRunner runner =
        new WastRunner(
            WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.none()),
            failures::add)) {
      assertThat(runner.run(List.of(script))).hasToString("2 passed, 1 failed, 0 skipped");
    }
  }

  @Test
  void exhaustion_isNoOtherTrap() {
    assertPasses(
        module("counter"),
        assertion("assert_exhaustion", invoke("deep", ""), "call stack exhausted"));
    assertFails(
        module("counter"),
        assertion("assert_exhaustion", invoke("trap", ""), "call stack exhausted"));
    assertFails(module("counter"), traps("deep", "", "unreachable"));
  }

  @Test
  void exceptionExpected_butReturnOrTrap_fails() {
    assertFails(
        module("counter"), "{'type':'assert_exception','action':" + invoke("next", "") + "}");
    assertFails(
        module("counter"), "{'type':'assert_exception','action':" + invoke("trap", "") + "}");
  }

  @Test
  void action_mustNotFail() {
    assertPasses(module("counter"), action("next"));
    assertFails(module("counter"), action("trap"));
  }

  @Test
  void globals_areRead() {
    String read = "{'type':'get','field':'count'}";
    assertPasses(module("counter"), action("next"), returnsOf(read, "i32:1"));
    assertFails(module("counter"), returnsOf(read, "i32:1"));
    assertFails(module("counter"), returnsOf("{'type':'get','field':'next'}", "i32:1"));
  }

  @Test
  void refusedModules_areJudgedByTheKindOfFault() {
    assertPasses(refuses("assert_malformed", "malformed", "unknown binary version"));
    assertPasses(refuses("assert_invalid", "invalid", "type mismatch"));
    assertFails(refuses("assert_malformed", "invalid", "type mismatch"));
    assertFails(refuses("assert_invalid", "malformed", "unknown binary version"));
    assertFails(refuses("assert_malformed", "empty", "anything"));
    assertFails(refuses("assert_invalid", "empty", "anything"));
  }

  @Test
  void textOfRefusedModules_isJudgedOnlyWhenAsked() {
    String otherText = refuses("assert_invalid", "invalid", "unknown memory");
    assertPasses(otherText);

    var settings = WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.none());
    var strict =
        new WastRunner.Settings(
            settings.engine(),
            false,
            /* strictText= */ true,
            settings.commandLimit(),
            settings.known());
    assertThat(run(strict, otherText).failed()).isEqualTo(1);
    assertThat(run(strict, refuses("assert_invalid", "invalid", "type mismatch")).failed())
        .isZero();
  }

  @Test
  void textModules_areSkipped() {
    WastSummary summary =
        run("{'type':'assert_malformed','filename':'x.wat','module_type':'text','text':'t'}");

    assertThat(summary.skippedByReason()).containsEntry("text format", 1);
    assertThat(summary).hasToString("0 passed, 0 failed, 1 skipped");
  }

  @Test
  void linking_goesThroughTheRegistry() {
    assertPasses(
        module("counter", "$C"),
        "{'type':'register','name':'$C','as':'lib'}",
        module("importer"),
        returns("twice", "", "i32:3"),
        returnsOf("{'type':'invoke','module':'$C','field':'next','args':[]}", "i32:3"));
  }

  @Test
  void unlinkableModules_areJudgedByText() {
    String register = "{'type':'register','as':'lib'}";
    assertPasses(refuses("assert_unlinkable", "importer", "unknown import"));
    assertPasses(
        module("counter"),
        register,
        refuses("assert_unlinkable", "wrong-importer", "incompatible import type"));
    assertFails(refuses("assert_unlinkable", "importer", "incompatible import type"));
    assertFails(
        module("counter"), register, refuses("assert_unlinkable", "importer", "unknown import"));
    assertFails(refuses("assert_unlinkable", "malformed", "unknown import"));
  }

  @Test
  void moduleThatDoesNotLink_fails_andIsNotCurrent() {
    assertThat(run(module("counter"), module("importer"), returns("next", "", "i32:1")).failed())
        .isEqualTo(2);
  }

  @Test
  void uninstantiableModules_areJudgedByText() {
    assertPasses(refuses("assert_uninstantiable", "start-traps", "unreachable"));
    assertFails(refuses("assert_uninstantiable", "start-traps", "integer overflow"));
    assertFails(refuses("assert_uninstantiable", "empty", "unreachable"));
  }

  @Test
  void definitions_giveInstancesOfTheirOwn() {
    assertPasses(
        "{'type':'module_definition','name':'$D','filename':'counter.wasm','module_type':'binary'}",
        "{'type':'module_instance','instance':'$1','module':'$D'}",
        returns("next", "", "i32:1"),
        "{'type':'module_instance','instance':'$2','module':'$D'}",
        returns("next", "", "i32:1"),
        returnsOf("{'type':'invoke','module':'$1','field':'next','args':[]}", "i32:2"));
  }

  @Test
  void unknownNames_fail() {
    assertFails(returns("next", "", "i32:1"));
    assertFails(returnsOf("{'type':'invoke','module':'$X','field':'f','args':[]}", ""));
    assertFails("{'type':'register','as':'lib'}");
    assertFails("{'type':'wait','thread':'$T'}");
    assertFails("{'type':'module_instance'}");
    assertFails("{'type':'assert_nothing'}");
    assertFails(module("no-such-file"));
  }

  @Test
  void twice_startsFromAnEmptyState() {
    var settings = WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.none()).twice();

    WastSummary summary = run(settings, module("counter"), returns("next", "", "i32:1"));

    assertThat(summary).hasToString("4 passed, 0 failed, 0 skipped");
  }

  @Test
  void threads_haveNamesOfTheirOwn() {
    WastSummary summary =
        run(
            module("counter", "$C"),
            thread("$T", "'shared_module':'$C',", module("empty")),
            "{'type':'wait','thread':'$T'}");
    assertThat(summary).hasToString("4 passed, 0 failed, 0 skipped");
    assertFails(
        module("counter", "$C"),
        thread(
            "$T",
            "",
            returnsOf("{'type':'invoke','module':'$C','field':'next','args':[]}", "i32:1")));
  }

  @Test
  void failuresOfThreads_count() {
    WastSummary summary =
        run(
            thread("$T", "", module("counter") + "," + returns("id", "i32:1", "i32:2")),
            "{'type':'wait','thread':'$T'}");

    assertThat(summary).hasToString("3 passed, 1 failed, 0 skipped");
  }

  @Test
  void endlessLoop_isStoppedAndFails() {
    var settings =
        new WastRunner.Settings(
            EngineConfig.defaults(), false, false, Duration.ofMillis(300), KnownUnsupported.none());

    assertThat(run(settings, module("counter"), action("forever")).failed()).isEqualTo(1);
  }

  @Test
  void spectest_isThere() throws IOException {
    write(
        "spectest.wasm",
        new ModuleBuilder()
            .importFunction("spectest", "print_i32", new FuncType(List.of(I32), List.of()))
            .importItem("spectest", "global_i32", new GlobalType(I32, false))
            .importItem("spectest", "table", new TableType(RefType.FUNCREF, Limits.of(10, 20)))
            .exportFunction("global", TO_I32, code -> code.globalGet(0).call(0).globalGet(0))
            .build());

    assertPasses(module("spectest"), returns("global", "", "i32:666"));
  }

  @Test
  void conflicts_areSkipped() throws IOException {
    Files.writeString(
        folder.resolve("conflicts.json"),
        """
        [{"json":"script.json","line":2,"type":"assert_return","text":"x","reason":"superseded"}]
        """);

    WastSummary summary = run(module("counter"), returns("id", "i32:7", "i32:8"));

    assertThat(summary.skippedByReason()).containsEntry("superseded", 1);
    assertThat(summary.failed()).isZero();
  }

  @Test
  void log_isCompared() throws IOException {
    FuncType logType = new FuncType(List.of(I32), List.of());
    write(
        "logger.wasm",
        new ModuleBuilder()
            .importItem("fuzzing-support", "log-i32", new FuncExternType(DefinedType.of(logType)))
            .exportFunction("f", FuncType.EMPTY, code -> code.i32Const(5).call(0))
            .build());
    String expectation = "{'type':'assert_return','action':%s,'expected':[],'log':[%s]}";
    String five = "{'type':'i32','value':'5'}";

    assertPasses(module("logger"), expectation.formatted(invoke("f", ""), five));
    assertFails(module("logger"), expectation.formatted(invoke("f", ""), ""));
    assertFails(module("logger"), expectation.formatted(invoke("f", ""), five + "," + five));
  }

  @Test
  void state_isCompared() {
    String state = "{'type':'assert_state','memories':{},'globals':{'count':%s},'tables':{}}";
    assertPasses(module("counter"), action("next"), state.formatted("{'type':'i32','value':'1'}"));
    assertFails(module("counter"), state.formatted("{'type':'i32','value':'1'}"));
    assertFails(module("counter"), "{'type':'assert_state','tables':{'count':{'length':'1'}}}");
    assertFails(
        module("counter"),
        "{'type':'assert_state','memories':{'memory':{'bytes':'65536','sha256':'00'}}}");
  }

  @Test
  void fileThatIsNoScript_isAFault() throws IOException {
    Path file = Files.writeString(folder.resolve("x.json"), "{\"commands\":1}");
    try (WastRunner runner =
        new WastRunner(
            WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.none()), _ -> {})) {
      assertThatThrownBy(() -> runner.run(List.of(file))).isInstanceOf(ScriptException.class);
    }
  }

  private void assertPasses(String... commands) {
    WastSummary summary = run(commands);
    assertThat(failures).isEmpty();
    assertThat(summary.passed()).isEqualTo(commands.length);
  }

  /// Requires that exactly one command fails, the last one or one inside of it.
  private void assertFails(String... commands) {
    assertThat(run(commands).failed()).isEqualTo(1);
  }

  private WastSummary run(String... commands) {
    return run(WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.none()), commands);
  }

  private WastSummary run(WastRunner.Settings settings, String... commands) {
    StringBuilder json = new StringBuilder("{\"commands\":[");
    for (int i = 0; i < commands.length; i++) {
      json.append(i == 0 ? "" : ",")
          .append(commands[i].replace('\'', '"').replaceFirst("\\{", "{\"line\":" + (i + 1) + ","));
    }
    Path script = folder.resolve("script.json");
    failures.clear();
    try (WastRunner runner = new WastRunner(settings, failures::add)) {
      Files.writeString(script, json.append("]}"));
      return runner.run(List.of(script));
    } catch (IOException fault) {
      throw new AssertionError(fault);
    }
  }

  private void write(String name, byte[] module) throws IOException {
    Files.write(folder.resolve(name), module);
  }

  private static String module(String name) {
    return "{'type':'module','filename':'" + name + ".wasm','module_type':'binary'}";
  }

  private static String module(String name, String instance) {
    return "{'type':'module','name':'%s','filename':'%s.wasm','module_type':'binary'}"
        .formatted(instance, name);
  }

  private static String refuses(String type, String module, String text) {
    return "{'type':'%s','filename':'%s.wasm','module_type':'binary','text':'%s'}"
        .formatted(type, module, text);
  }

  private static String thread(String name, String shared, String commands) {
    return "{'type':'thread','name':'%s',%s'commands':[%s]}".formatted(name, shared, commands);
  }

  private static String action(String field) {
    return "{'type':'action','action':" + invoke(field, "") + "}";
  }

  private static String returns(String field, String arguments, String expected) {
    return returnsOf(invoke(field, arguments), expected);
  }

  private static String returnsOf(String action, String expected) {
    return "{'type':'assert_return','action':" + action + ",'expected':" + values(expected) + "}";
  }

  private static String traps(String field, String arguments, String text) {
    return assertion("assert_trap", invoke(field, arguments), text);
  }

  private static String assertion(String type, String action, String text) {
    return "{'type':'%s','action':%s,'text':'%s'}".formatted(type, action, text);
  }

  private static String invoke(String field, String arguments) {
    return "{'type':'invoke','field':'" + field + "','args':" + values(arguments) + "}";
  }

  /// Values written as `type:value`, separated by spaces.
  private static String values(String values) {
    List<String> json = new ArrayList<>();
    for (String value : values.split(" ", -1)) {
      if (!value.isEmpty()) {
        String[] parts = value.split(":", 2);
        json.add("{'type':'%s','value':'%s'}".formatted(parts[0], parts[1]));
      }
    }
    return "[" + String.join(",", json) + "]";
  }
}
