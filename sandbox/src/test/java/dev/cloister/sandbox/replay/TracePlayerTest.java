package dev.cloister.sandbox.replay;

import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.sandbox.wast.ScriptException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A player is worth what its failures are worth: each kind of event is tried with a trace that is
/// right and with one that is wrong.
final class TracePlayerTest {
  private static final FuncType I32_TO_I32 = new FuncType(List.of(I32), List.of(I32));
  private static final String SHA256_OF_ZEROED_PAGE =
      "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31";

  private static final byte[] MODULE =
      new ModuleBuilder()
          .importFunction("env", "ask", I32_TO_I32)
          .memory(1)
          .table(new TableType(RefType.EXTERNREF, Limits.of(1)))
          .exportFunction("id", I32_TO_I32, code -> code.localGet(0))
          .exportFunction(
              "askTwice",
              I32_TO_I32,
              code -> code.localGet(0).call(0).localGet(0).i32Const(1).i32Add().call(0).i32Add())
          .exportFunction("load", I32_TO_I32, code -> code.localGet(0).access(Opcode.I32_LOAD, 0))
          .exportFunction("trap", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
          .exportFunction(
              "nan",
              new FuncType(List.of(), List.of(F64)),
              code -> code.op(Opcode.F64_CONST, 0x7ff8_0000_0000_0001L))
          .exportFunction(
              "element",
              new FuncType(List.of(I32), List.of(RefType.EXTERNREF)),
              code -> code.localGet(0).op(Opcode.TABLE_GET, 0))
          .export("memory", ExternKind.MEMORY, 0)
          .export("refs", ExternKind.TABLE, 0)
          .build();

  private static final String END = "{'e':'end','memory':null}";

  @TempDir private Path folder;
  private final List<String> differences = new ArrayList<>();

  @Test
  void recordedRun_passes() throws IOException {
    assertPasses(
        call("askTwice", 5),
        importing(5),
        ret(10),
        importing(6),
        // The host calls back before it answers.
        call("id", 1),
        returning(1),
        ret(20),
        returning(30),
        END);
  }

  @Test
  void wrongResult_failsAndThePlayGoesOn() throws IOException {
    ReplaySummary summary = play(call("id", 1), returning(2), call("id", 3), returning(3), END);

    assertThat(summary).hasToString("4 passed, 1 failed, 0 skipped");
    assertThat(differences).singleElement().asString().startsWith("event 2: ");
  }

  @Test
  void wrongArgumentOfImport_fails() throws IOException {
    assertThat(
            play(
                call("askTwice", 5), importing(6), ret(1), importing(6), ret(1), returning(2), END))
        .hasToString("6 passed, 1 failed, 0 skipped");
  }

  @Test
  void missingImportCall_endsThePlay() throws IOException {
    assertThat(play(call("id", 5), importing(5), ret(1), returning(5), END))
        .hasToString("1 passed, 1 failed, 3 skipped");
  }

  @Test
  void unexpectedImportCall_endsThePlay() throws IOException {
    assertThat(play(call("askTwice", 5), returning(5), END))
        .hasToString("1 passed, 1 failed, 1 skipped");
  }

  @Test
  void otherImport_endsThePlay() throws IOException {
    assertThat(
            play(
                call("askTwice", 5),
                "{'e':'import','module':'env','name':'tell','args':[]}",
                ret(1),
                END))
        .hasToString("1 passed, 1 failed, 2 skipped");
  }

  @Test
  void trap_isExpectedOrNot() throws IOException {
    String trap = "{'e':'trap'}";
    assertPasses("{'e':'call','export':'trap','args':[]}", trap, END);
    assertThat(play(call("id", 1), trap, END).failed()).isEqualTo(1);
    assertThat(play("{'e':'call','export':'trap','args':[]}", "{'e':'unwound'}", END).failed())
        .isEqualTo(1);
  }

  @Test
  void exceptionOfTheHost_unwindsTheCall() throws IOException {
    assertPasses(call("askTwice", 5), importing(5), "{'e':'throw'}", "{'e':'unwound'}", END);
  }

  @Test
  void trapOfNestedCall_travelsOn() throws IOException {
    assertPasses(
        call("askTwice", 5),
        importing(5),
        "{'e':'call','export':'trap','args':[]}",
        "{'e':'trap'}",
        "{'e':'throw'}",
        "{'e':'trap'}",
        END);
  }

  @Test
  void hostWrites_areSeen() throws IOException {
    assertPasses(
        "{'e':'call','export':'load','args':[{'type':'i32','value':'65536'}],'grow':1,"
            + "'writes':[[65536,'BwAAAA==']]}",
        returning(7),
        END);
  }

  @Test
  void memoryAtTheEnd_isCompared() throws IOException {
    String end = "{'e':'end','memory':{'bytes':%d,'sha256':'%s'}}";
    assertPasses(end.formatted(65536, SHA256_OF_ZEROED_PAGE));
    assertThat(play(end.formatted(65536, "00")).failed()).isEqualTo(1);
    assertThat(play(end.formatted(131072, SHA256_OF_ZEROED_PAGE)).failed()).isEqualTo(1);
  }

  @Test
  void end_insideOfAnImport_isTheEnd() throws IOException {
    assertPasses(call("askTwice", 5), importing(5), END);
  }

  @Test
  void traceWithoutEnd_fails() throws IOException {
    assertThat(play(call("id", 1), returning(1)).failed()).isEqualTo(1);
  }

  @Test
  void tables_holdHostObjects() throws IOException {
    String seven = "{'type':'externref','value':'7'}";
    assertPasses(
        "{'e':'table.grow','table':'refs','by':2}",
        "{'e':'table.set','table':'refs','index':2,'value':" + seven + "}",
        call("element", 2),
        "{'e':'return','results':[" + seven + "]}",
        call("element", 1),
        "{'e':'return','results':[{'type':'externref','value':'null'}]}",
        END);
    assertThat(
            play(
                    "{'e':'table.set','table':'refs','index':0,'value':" + seven + "}",
                    call("element", 0),
                    "{'e':'return','results':[{'type':'externref','value':'8'}]}",
                    END)
                .failed())
        .isEqualTo(1);
  }

  @Test
  void anyNan_equalsAnyNan() throws IOException {
    assertPasses(
        "{'e':'call','export':'nan','args':[]}",
        "{'e':'return','results':[{'type':'f64','value':'9221120237041090560'}]}",
        END);
    assertThat(
            play(
                    "{'e':'call','export':'nan','args':[]}",
                    "{'e':'return','results':[{'type':'f64','value':'0'}]}",
                    END)
                .failed())
        .isEqualTo(1);
  }

  @Test
  void fileThatIsNoTrace_isAFault() throws IOException {
    Path text = Files.writeString(folder.resolve("trace"), "{}");

    assertThatThrownBy(() -> TraceReader.read(text)).isInstanceOf(ScriptException.class);
    assertThatThrownBy(() -> TraceReader.read(write("{'e':'nothing'}")))
        .isInstanceOf(ScriptException.class)
        .hasMessageContaining("event 1");
    assertThatThrownBy(() -> TraceReader.read(write())).isInstanceOf(ScriptException.class);
  }

  private void assertPasses(String... events) throws IOException {
    ReplaySummary summary = play(events);
    assertThat(differences).isEmpty();
    assertThat(summary).isEqualTo(new ReplaySummary(events.length, 0, 0));
  }

  private ReplaySummary play(String... events) throws IOException {
    differences.clear();
    try (WasmEngine engine = new WasmEngine(EngineConfig.defaults());
        EngineIsolate isolate = engine.addIsolate("test");
        ModuleHandle module = engine.compile(isolate, MODULE);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      return TracePlayer.play(write(events), module, store, differences::add);
    }
  }

  private Path write(String... events) throws IOException {
    Path file = folder.resolve("trace.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (String event : events) {
        out.write((event.replace('\'', '"') + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    return file;
  }

  private static String call(String export, int argument) {
    return "{'e':'call','export':'%s','args':[%s]}".formatted(export, i32(argument));
  }

  private static String importing(int argument) {
    return "{'e':'import','module':'env','name':'ask','args':[%s]}".formatted(i32(argument));
  }

  private static String ret(int result) {
    return "{'e':'ret','results':[%s]}".formatted(i32(result));
  }

  private static String returning(int result) {
    return "{'e':'return','results':[%s]}".formatted(i32(result));
  }

  private static String i32(int value) {
    return "{'type':'i32','value':'%d'}".formatted(value);
  }
}
