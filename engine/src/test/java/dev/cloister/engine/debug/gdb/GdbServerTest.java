package dev.cloister.engine.debug.gdb;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets as LLDB 22 sends them, over a socket.
@Timeout(120)
final class GdbServerTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final int INC = 0;
  private static final int TWICE = 1;

  private final TestEngine engine = new TestEngine();
  private final Debugger debugger = engine.isolate().debugger();
  private GdbServer server;
  private ModuleHandle handle;
  private DebugModule module;

  /// `inc` adds one and what memory has at 16, `twice` calls it twice.
  @BeforeEach
  void start() throws IOException {
    debugger.enter();
    handle =
        engine.compile(
            new ModuleBuilder()
                .name("calc<\"1\">")
                .memory(1)
                .global(new GlobalType(NumType.I64, true), code -> code.i64Const(77))
                .exportFunction(
                    "inc",
                    INT,
                    code ->
                        code.localGet(0)
                            .i32Const(1)
                            .i32Add()
                            .i32Const(16)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Add())
                .exportFunction("twice", INT, code -> code.localGet(0).call(INC).call(INC)));
    module = debugger.modules().getFirst();
    server = GdbServer.start(0, () -> List.of(debugger));
  }

  @AfterEach
  void stop() {
    server.close();
    debugger.leave();
    engine.close();
  }

  private CompletableFuture<Object> call(String function, int argument) {
    CompletableFuture<Object> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (Store store = new Store(HeapLimiter.UNLIMITED)) {
            Instance instance = handle.instantiate(store, Imports.NONE);
            @Nullable Object value = TestEngine.result(instance, function, argument);
            result.complete(String.valueOf(value));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static Object get(CompletableFuture<Object> call) throws Exception {
    return call.get(60, TimeUnit.SECONDS);
  }

  private long address(int function, int offset) {
    return (long) module.id() << 32 | module.module().bodyOffset(function) + offset;
  }

  private String littleEndian(int function, int offset) {
    return PacketText.hex(PacketText.littleEndian(address(function, offset), 8));
  }

  private String breakpoint(String command, int function, int offset) {
    return command + "0," + Long.toHexString(address(function, offset)) + ",4";
  }

  @Test
  void handshake_describesTheTarget() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.sendRaw("+");
      client.endAcknowledgements();
      assertThat(client.ask("qSupported:xmlRegisters=i386,arm,mips,arc;multiprocess+"))
          .contains("PacketSize=4000", "qXfer:libraries:read+", "vContSupported-", "wasm+");
      assertThat(client.ask("QThreadSuffixSupported")).isEmpty();
      assertThat(client.ask("QListThreadsInStopReply")).isEmpty();
      assertThat(client.ask("qHostInfo")).contains("triple:" + PacketText.hex("wasm32"));
      assertThat(client.ask("vCont?")).isEmpty();
      assertThat(client.ask("qProcessInfo")).contains("pid:1;", "ptrsize:4;");
      assertThat(client.ask("qC")).isEqualTo("QC1");
      assertThat(client.ask("qRegisterInfo0")).startsWith("name:pc;").contains("bitsize:64;");
      assertThat(client.ask("qRegisterInfo1")).startsWith("E");
      assertThat(client.ask("?")).isEqualTo("T02thread:1;library:;");
      assertThat(client.ask("?")).isEqualTo("T02thread:1;");
      assertThat(client.ask("qfThreadInfo")).isEqualTo("m1");
      assertThat(client.ask("qsThreadInfo")).isEqualTo("l");
      assertThat(client.ask("Hg0")).isEqualTo("OK");
      assertThat(client.ask("T1")).isEqualTo("OK");
      assertThat(client.ask("T2")).startsWith("E");
      assertThat(client.ask("qAttached")).isEqualTo("1");
      assertThat(client.ask("qWasmCallStack:1")).startsWith("E");
      assertThat(client.ask("p0")).isEqualTo("0000000000000000");
      String list = client.ask("qXfer:libraries:read::0,fff");
      assertThat(list)
          .isEqualTo(
              "l<library-list><library name=\"%s\"><section address=\"0x%x\"/></library></library-list>"
                  .formatted(
                      module.scriptUrl().replaceAll("[<>\"]", "_"), (long) module.id() << 32));
      assertThat(client.ask("qXfer:libraries:read::0,5")).isEqualTo("m<libr");
      assertThat(client.ask("qXfer:libraries:read::5,ffff")).isEqualTo("l" + list.substring(6));
      assertThat(client.ask("qXfer:libraries:read::fffffff,5")).isEqualTo("l");
    }
  }

  @Test
  void breakpoint_steps_values_andMemory() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.endAcknowledgements();
      assertThat(client.ask(breakpoint("Z", INC, 3))).isEqualTo("OK");
      client.send("c");
      CompletableFuture<Object> call = call("twice", 5);

      String pc = Long.toHexString(address(INC, 3));
      assertThat(client.receive())
          .isEqualTo("T05thread-pcs:" + pc + ";thread:1;reason:breakpoint;library:;");
      assertThat(client.ask("qWasmCallStack:1"))
          .isEqualTo(littleEndian(INC, 3) + littleEndian(TWICE, 3));
      assertThat(client.ask("g")).isEqualTo(littleEndian(INC, 3));
      assertThat(client.ask("p0")).isEqualTo(littleEndian(INC, 3));
      assertThat(client.ask("p1")).startsWith("E");
      assertThat(client.ask("qWasmLocal:0;0")).isEqualTo("05000000");
      assertThat(client.ask("qWasmLocal:1;0")).isEqualTo("05000000");
      assertThat(client.ask("qWasmLocal:0;1")).startsWith("E");
      assertThat(client.ask("qWasmLocal:2;0")).startsWith("E");
      assertThat(client.ask("qWasmGlobal:0;0")).isEqualTo("4d00000000000000");
      assertThat(client.ask("qWasmStackValue:0;0")).isEqualTo("05000000");
      assertThat(client.ask("qWasmStackValue:0;1")).startsWith("E");
      assertThat(client.ask("m10,4")).isEqualTo("00000000");
      assertThat(client.ask("M10,4:64000000")).isEqualTo("OK");
      assertThat(client.ask("m10,4")).isEqualTo("64000000");
      assertThat(client.ask("mfffe,8")).isEqualTo("0000");
      assertThat(client.ask("m10000,1")).startsWith("E");
      assertThat(client.ask("qWasmMem:" + module.id() + ";10;2")).isEqualTo("6400");
      assertThat(client.ask("qWasmMem:" + (module.id() + 1) + ";10;2")).startsWith("E");
      assertThat(client.ask("m" + Long.toHexString((long) module.id() << 32) + ",4"))
          .isEqualTo("0061736d");
      assertThat(client.ask("m" + Long.toHexString(1L << 62 | (long) module.id() << 32) + ",4"))
          .isEqualTo("0061736d");
      assertThat(client.ask("M" + Long.toHexString((long) module.id() << 32) + ",1:00"))
          .startsWith("E");
      assertThat(client.ask("G00")).startsWith("E");

      assertThat(client.ask(breakpoint("z", INC, 3))).isEqualTo("OK");
      assertThat(client.ask(breakpoint("z", INC, 3))).startsWith("E");
      client.send("s");
      assertThat(client.receive())
          .isEqualTo(
              "T05thread-pcs:" + Long.toHexString(address(INC, 5)) + ";thread:1;reason:trace;");
      client.send("c");
      assertThat(get(call)).isEqualTo("207");
    }
  }

  @Test
  void interrupt_pausesAGuest_orSaysThatNoneRuns() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.endAcknowledgements();
      client.send("c");
      client.sendRaw("\u0003");
      assertThat(client.receive()).startsWith("T02thread:1;");
      client.send("c");
      client.sendRaw("\u0003");
      CompletableFuture<Object> call = call("inc", 1);
      String stop = client.receive();
      client.send("c");
      assertThat(stop).startsWith("T02");
      assertThat(get(call)).isEqualTo("2");
    }
  }

  /// Whatever makes no sense gets an error or nothing, and the session goes on.
  @Test
  void badPackets_areRefused() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.sendRaw("$?#00");
      assertThat(client.read()).isEqualTo('-');
      String[] bad = {
        "m",
        "m1",
        "mx,1",
        "m0,4",
        "m0,ffffff",
        "m0,-1",
        "M0,1",
        "M0,2:00",
        "M0,1:zz",
        "Z0",
        "Z0,0,4",
        "Z0,99999999999999999,4",
        "z0,1,4",
        "p",
        "pzz",
        "T",
        "qWasmLocal",
        "qWasmLocal:a;b",
        "qWasmLocal:99999999999;0",
        "qWasmLocal:-1;0",
        "qWasmMem:1;2",
        "qWasmMem:x;y;z",
        "qXfer:libraries:read::",
        "qXfer:libraries:read::x,y",
        "G"
      };
      for (String packet : bad) {
        assertThat(client.ask(packet)).as(packet).startsWith("E");
      }
      for (String unknown : new String[] {"", "Z1,0,4", "z2,0,4", "vRun;x", "X0,0:", "qNothing"}) {
        assertThat(client.ask(unknown)).as(unknown).isEmpty();
      }
      client.sendRaw("-");
      assertThat(client.receive()).isEmpty();
      assertThat(client.ask("qC")).isEqualTo("QC1");
    }
  }

  @Test
  void secondDebugger_isTurnedAway() throws Exception {
    try (GdbClient first = new GdbClient(server.port())) {
      assertThat(first.ask("qC")).isEqualTo("QC1");
      try (GdbClient second = new GdbClient(server.port())) {
        assertThat(second.read()).isEqualTo(-1);
      }
      assertThat(first.ask("qC")).isEqualTo("QC1");
    }
  }

  /// A debugger that goes, in order or not, takes its breakpoints along and lets guests go on.
  @Test
  void debuggerThatGoes_leavesNothingBehind() throws Exception {
    CompletableFuture<Object> call;
    try (GdbClient client = new GdbClient(server.port())) {
      client.endAcknowledgements();
      client.ask(breakpoint("Z", INC, 0));
      client.send("c");
      call = call("twice", 5);
      assertThat(client.receive()).startsWith("T05");
    }
    assertThat(get(call)).isEqualTo("7");
    assertThat(debugger.breakpoints()).isEmpty();

    // The session before may take a moment to end.
    String answer = "";
    while (!answer.equals("OK")) {
      try (GdbClient client = new GdbClient(server.port())) {
        answer = client.ask("D");
        assertThat(client.read()).isIn((int) '+', -1);
      } catch (IOException _) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void kill_endsTheGuestsCall() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.endAcknowledgements();
      client.ask(breakpoint("Z", INC, 0));
      client.send("c");
      CompletableFuture<Object> call = call("inc", 5);
      assertThat(client.receive()).startsWith("T05");
      assertThat(client.ask("k")).isEqualTo("X09");
      assertThatThrownBy(() -> get(call)).hasCauseInstanceOf(StoppedException.class);
    }
  }

  @Test
  void exit_isToldTheDebuggerThatWaits() throws Exception {
    try (GdbClient client = new GdbClient(server.port())) {
      client.endAcknowledgements();
      client.send("c");
      server.exit(3);
      assertThat(client.receive()).isEqualTo("W03");
      assertThat(client.read()).isEqualTo(-1);
    }
  }
}
