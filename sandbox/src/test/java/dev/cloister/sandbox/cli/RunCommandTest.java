package dev.cloister.sandbox.cli;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunCommandTest {
  private static final String WASI = "wasi_snapshot_preview1";

  @TempDir private Path folder;
  private Path functions = Path.of("");

  @BeforeEach
  void writeModule() throws IOException {
    functions =
        write(
            "functions.wasm",
            new ModuleBuilder()
                .memory(1)
                .exportFunction("i32", identity(I32), code -> code.localGet(0))
                .exportFunction("i64", identity(I64), code -> code.localGet(0))
                .exportFunction("f32", identity(F32), code -> code.localGet(0))
                .exportFunction("f64", identity(F64), code -> code.localGet(0))
                .exportFunction("ref", identity(RefType.EXTERNREF), code -> code.localGet(0))
                .exportFunction(
                    "swap",
                    new FuncType(List.of(I32, I64), List.of(I64, I32)),
                    code -> code.localGet(1).localGet(0))
                .exportFunction("nothing", FuncType.EMPTY, _ -> {})
                .exportFunction("trap", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
                .exportFunction("forever", FuncType.EMPTY, code -> code.loop().br(0).end())
                .exportFunction(
                    "grow",
                    new FuncType(List.of(I32), List.of(I32)),
                    code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
                .export("memory", ExternKind.MEMORY, 0)
                .nameFunction(7, "boom")
                .build());
  }

  @ParameterizedTest
  @CsvSource({
    "i32, 42, 42",
    "i32, -1, -1",
    "i32, 4294967295, -1",
    "i32, 0xffffffff, -1",
    "i32, -0x80000000, -2147483648",
    "i64, 18446744073709551615, -1",
    "i64, 0x7fffffffffffffff, 9223372036854775807",
    "f64, 2178309, 2178309",
    "f64, 0.1, 0.1",
    "f64, 1e21, 1e+21",
    "f64, 5e-324, 5e-324",
    "f64, nan, NaN",
    "f64, inf, Infinity",
    "f64, -inf, -Infinity",
    "f32, 0.1, 0.1",
    "f32, 16777216, 16777216",
    "ref, null, null",
  })
  void argument_comesBackInItsCanonicalForm(String export, String argument, String result) {
    CommandRun.of("run", "--invoke", export, functions, argument).assertPrints(result);
  }

  @Test
  void results_areOnePerLine() {
    CommandRun.of("run", "--invoke", "swap", functions, "1", "2").assertPrints("2", "1");
    CommandRun.of("run", "--invoke", "nothing", functions).assertPrints();
  }

  @ParameterizedTest
  @CsvSource({
    "i32, 4294967296",
    "i32, -2147483649",
    "i32, 1.5",
    "i32, one",
    "i32, ''",
    "i32, 0x",
    "i64, 18446744073709551616",
    "f64, 1d",
    "f64, infinite",
    "ref, 7",
  })
  void argument_thatDoesNotFit_isUsageError(String export, String argument) {
    CommandRun.of("run", "--invoke", export, functions, argument).assertUsageError(export);
  }

  @Test
  void wrongNumberOfArguments_isUsageError() {
    CommandRun.of("run", "--invoke", "swap", functions, "1").assertUsageError("2 arguments");
    CommandRun.of("run", "--invoke", "nothing", functions, "1").assertUsageError("0 arguments");
  }

  @Test
  void unknownExport_isUsageErrorThatNamesTheOthers() {
    CommandRun.of("run", "--invoke", "none", functions).assertUsageError("no export 'none'");
    CommandRun.of("run", "--invoke", "none", functions).assertUsageError("swap");
  }

  @Test
  void exportThatIsNoFunction_isUsageError() {
    CommandRun.of("run", "--invoke", "memory", functions).assertUsageError("no function");
  }

  @Test
  void moduleWithoutStart_isUsageError() {
    CommandRun.of("run", functions).assertUsageError("--invoke");
  }

  @Test
  void optionsEndAtModule() throws IOException {
    Path module =
        write(
            "negative.wasm",
            new ModuleBuilder()
                .exportFunction("i32", identity(I32), code -> code.localGet(0))
                .build());

    CommandRun.of("run", "--invoke", "i32", module, "-7").assertPrints("-7");
    CommandRun.of("run", "--invoke", "i32", module, "--help").assertUsageError("--help");
  }

  @Test
  void trap_exitsWith134AndShowsTheWasmStack() {
    CommandRun run = CommandRun.of("run", "--invoke", "trap", functions);

    assertThat(run.exitCode()).isEqualTo(134);
    assertThat(run.text()).isEmpty();
    assertThat(run.err().lines().findFirst()).contains("trap: unreachable");
    assertThat(run.err()).containsPattern("at boom\\[7] \\(@\\+0x[0-9a-f]+\\)");
  }

  @Test
  void trap_ofModuleWithDwarf_showsFileAndLine() throws IOException {
    Path example =
        Path.of(System.getProperty("project.root", ".."), "examples", "average", "average.wasm");
    CommandRun run = CommandRun.of("run", "--invoke", "average", example, "6", "3");

    assertThat(run.exitCode()).isEqualTo(134);
    assertThat(run.err())
        .containsPattern("at divide\\[1] \\(@\\+0x[0-9a-f]+\\) average\\.c:8:14")
        .containsPattern("at average\\[0] \\(@\\+0x[0-9a-f]+\\) average\\.c:18:10");
  }

  @ParameterizedTest
  @CsvSource({"app.map, true", "./app.map, false", "../app.map, false", "/app.map, false"})
  void trap_ofModuleWithSourceMap_showsLinesOfTheFileNextToIt(String url, boolean isRead)
      throws IOException {
    write(
        "app.map",
        "{\"version\":3,\"sources\":[\"\u001b.rs\"],\"mappings\":\"AAiBY\"}"
            .getBytes(StandardCharsets.UTF_8));
    Path module =
        write(
            "mapped.wasm",
            new ModuleBuilder()
                .exportFunction("trap", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
                .custom("sourceMappingURL", new BinaryWriter().name(url).toByteArray())
                .build());
    CommandRun run = CommandRun.of("run", "--invoke", "trap", module);

    assertThat(run.exitCode()).isEqualTo(134);
    assertThat(run.err().contains(") \\u{1b}.rs:18:13")).isEqualTo(isRead);
  }

  @Test
  void timeout_exitsWith124() {
    CommandRun run = CommandRun.of("run", "--timeout", "200ms", "--invoke", "forever", functions);

    assertThat(run.exitCode()).isEqualTo(124);
    assertThat(run.text()).isEmpty();
  }

  @Test
  void timeout_ofAWrongForm_isUsageError() {
    CommandRun.of("run", "--timeout", "soon", functions).assertUsageError("soon");
  }

  @Test
  void maxMemory_refusesGrowth() {
    CommandRun.of("run", "--max-memory", "128KiB", "--invoke", "grow", functions, "1")
        .assertPrints("1");
    CommandRun.of("run", "--max-memory", "128KiB", "--invoke", "grow", functions, "2")
        .assertPrints("-1");
  }

  @Test
  void maxMemory_belowTheInitialSize_fails() {
    CommandRun.of("run", "--max-memory", "1KiB", "--invoke", "nothing", functions)
        .assertFails(1, "limit");
  }

  @Test
  void notAModule_fails() throws IOException {
    Path text = write("text.wasm", "(module)".getBytes(StandardCharsets.UTF_8));

    CommandRun.of("run", text).assertFails(1, "(@+0x");
  }

  @Test
  void invalidModule_fails() throws IOException {
    Path invalid =
        write("invalid.wasm", new ModuleBuilder().function(identity(I32), _ -> {}).build());

    CommandRun.of("run", invalid).assertFails(1, "type mismatch");
  }

  @Test
  void unknownImport_fails() throws IOException {
    Path module =
        write(
            "importer.wasm",
            new ModuleBuilder()
                .importFunction("env", "f", FuncType.EMPTY)
                .exportFunction("g", FuncType.EMPTY, code -> code.call(0))
                .build());

    CommandRun.of("run", "--invoke", "g", module).assertFails(1, "unknown import");
  }

  @Test
  void features_canBeSwitchedOff() throws IOException {
    Path module =
        write(
            "tail.wasm",
            new ModuleBuilder()
                .exportFunction("f", FuncType.EMPTY, code -> code.op(Opcode.RETURN_CALL, 0))
                .build());

    assertThat(CommandRun.of("run", "--features", "-tail-call", "--invoke", "f", module).exitCode())
        .isEqualTo(1);
    CommandRun.of("run", "--features", "tail-call", module).assertUsageError("tail-call");
    CommandRun.of("run", "--features", "+tial-call", module).assertUsageError("tial-call");
  }

  @Test
  void folder_isReachedAsItsGuestPathSays() throws IOException {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Path touch = write("touch.wasm", fileMaker());

    assertThat(CommandRun.of("run", "--dir", shared + "::/data", touch).exitCode()).isZero();
    assertThat(shared.resolve("made")).hasContent("hello");
    CommandRun readOnly = CommandRun.of("run", "--dir", shared + "::/data:ro", touch);
    assertThat(readOnly.exitCode()).isEqualTo(76); // "not capable"
    assertThat(CommandRun.of("run", touch).exitCode()).isEqualTo(8); // no such descriptor
  }

  @Test
  void folderThatIsNone_isRefused() throws IOException {
    CommandRun.of("run", "--dir", "x", functions).assertUsageError("HOST::GUEST[:ro]");
    CommandRun.of("run", "--dir", "::/x", functions).assertUsageError("HOST::GUEST[:ro]");
    CommandRun.of("run", "--dir", "/tmp::", functions).assertUsageError("HOST::GUEST[:ro]");

    CommandRun missing =
        CommandRun.of("run", "--dir", folder + "/missing::/", write("touch.wasm", fileMaker()));
    assertThat(missing.exitCode()).isEqualTo(1);
    assertThat(missing.err()).contains("/missing cannot be opened as a folder: NOENT");
    CommandRun file =
        CommandRun.of("run", "--dir", functions + "::/", write("touch.wasm", fileMaker()));
    assertThat(file.err()).contains("cannot be opened as a folder: NOTDIR");
  }

  /// A command that writes a file `made` into its first folder, and exits with the error of that.
  private static byte[] fileMaker() {
    int createFlag = 1;
    long writeRight = 1 << 6;
    FuncType pathOpen =
        new FuncType(List.of(I32, I32, I32, I32, I32, I64, I64, I32, I32), List.of(I32));
    FuncType fdWrite = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));
    return new ModuleBuilder()
        .importFunction(WASI, "path_open", pathOpen)
        .importFunction(WASI, "fd_write", fdWrite)
        .importFunction(WASI, "proc_exit", new FuncType(List.of(I32), List.of()))
        .memory(1)
        .data(32, new byte[] {80, 0, 0, 0, 5, 0, 0, 0}) // the bytes to write
        .data(64, "made".getBytes(StandardCharsets.UTF_8))
        .data(80, "hello".getBytes(StandardCharsets.UTF_8))
        .exportFunction(
            "_start",
            FuncType.EMPTY,
            code -> {
              int error = code.local(I32);
              code.i32Const(3).i32Const(0).i32Const(64).i32Const(4).i32Const(createFlag);
              code.i64Const(writeRight).i64Const(0).i32Const(0).i32Const(0).call(0);
              code.localTee(error).ifThen().localGet(error).call(2).end();
              code.i32Const(0).access(Opcode.I32_LOAD, 0);
              code.i32Const(32).i32Const(1).i32Const(16).call(1).call(2);
            })
        .export("memory", ExternKind.MEMORY, 0)
        .build();
  }

  @Test
  void fuel_thatIsConsumed_isATrapWithTheStack() {
    CommandRun run = CommandRun.of("run", "--fuel", "1000", "--invoke", "forever", functions);

    assertThat(run.exitCode()).isEqualTo(134);
    assertThat(run.err()).contains("trap: all fuel consumed", "function[8] (@+0x");
    CommandRun.of("run", "--fuel", "1", "--invoke", "i32", functions, "7").assertPrints("7");
  }

  @Test
  void fuel_withAnotherTierOrNegative_isUsageError() {
    CommandRun.of("run", "--fuel", "5", "--tier", "debug", "--invoke", "nothing", functions)
        .assertUsageError("--tier debug");
    CommandRun.of("run", "--fuel", "-5", "--invoke", "nothing", functions)
        .assertUsageError("--fuel");
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline", "optimized", "debug", "fuel"})
  void tier_computesTheSame(String tier) {
    CommandRun.of("run", "--tier", tier, "--invoke", "i64", functions, "-7").assertPrints("-7");
  }

  @Test
  void command_exitsWithTheGuestsCode() throws IOException {
    CommandRun run = CommandRun.of("run", exiting(7));

    assertThat(run.exitCode()).isEqualTo(7);
    assertThat(run.err()).isEmpty();
  }

  @Test
  void command_copiesItsInput() throws IOException {
    FuncType transfer = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));
    Path module =
        write(
            "cat.wasm",
            new ModuleBuilder()
                .importFunction(WASI, "fd_read", transfer)
                .importFunction(WASI, "fd_write", transfer)
                .memory(1)
                .export("memory", ExternKind.MEMORY, 0)
                // One vector at 0: 100 bytes at 1024; the number that was read becomes its length.
                .exportFunction(
                    "_start",
                    FuncType.EMPTY,
                    code ->
                        code.i32Const(0)
                            .i32Const(1024)
                            .access(Opcode.I32_STORE, 0)
                            .i32Const(4)
                            .i32Const(100)
                            .access(Opcode.I32_STORE, 0)
                            .i32Const(0)
                            .i32Const(0)
                            .i32Const(1)
                            .i32Const(4)
                            .call(0)
                            .drop()
                            .i32Const(1)
                            .i32Const(0)
                            .i32Const(1)
                            .i32Const(16)
                            .call(1)
                            .drop())
                .build());

    CommandRun run = CommandRun.withInput("grüße".getBytes(StandardCharsets.UTF_8), "run", module);

    assertThat(run.err()).isEmpty();
    assertThat(run.text()).isEqualTo("grüße");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void command_seesItsFileNameArgumentsAndVariables() throws IOException {
    // Exits with 10 * number of arguments + number of variables.
    FuncType sizes = new FuncType(List.of(I32, I32), List.of(I32));
    Path module =
        write(
            "count.wasm",
            new ModuleBuilder()
                .importFunction(WASI, "args_sizes_get", sizes)
                .importFunction(WASI, "environ_sizes_get", sizes)
                .importFunction(WASI, "proc_exit", new FuncType(List.of(I32), List.of()))
                .memory(1)
                .export("memory", ExternKind.MEMORY, 0)
                .exportFunction(
                    "_start",
                    FuncType.EMPTY,
                    code ->
                        code.i32Const(0)
                            .i32Const(4)
                            .call(0)
                            .drop()
                            .i32Const(8)
                            .i32Const(12)
                            .call(1)
                            .drop()
                            .i32Const(0)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Const(10)
                            .op(Opcode.I32_MUL)
                            .i32Const(8)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Add()
                            .call(2))
                .build());

    assertThat(CommandRun.of("run", module).exitCode()).isEqualTo(10);
    CommandRun run = CommandRun.of("run", "--env", "A=1", "--env=B=", module, "x", "--env", "y");
    assertThat(run.exitCode()).isEqualTo(42);
  }

  @Test
  void variableWithoutEquals_isUsageError() throws IOException {
    CommandRun.of("run", "--env", "A", exiting(0)).assertUsageError("K=V");
  }

  private Path exiting(int code) throws IOException {
    return write(
        "exit.wasm",
        new ModuleBuilder()
            .importFunction(WASI, "proc_exit", new FuncType(List.of(I32), List.of()))
            .memory(1)
            .export("memory", ExternKind.MEMORY, 0)
            .exportFunction("_start", FuncType.EMPTY, body -> body.i32Const(code).call(0))
            .build());
  }

  private Path write(String name, byte[] module) throws IOException {
    return Files.write(folder.resolve(name), module);
  }

  private static FuncType identity(ValueType type) {
    return new FuncType(List.of(type), List.of(type));
  }

  /// The guest waits for a debugger before its first instruction, which learns of its end.
  @Test
  void gdb_waitsForADebugger() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    CompletableFuture<CommandRun> run =
        CompletableFuture.supplyAsync(
            () -> CommandRun.of("run", "--gdb", port, "--invoke", "i32", functions, "7"));
    String stop = "";
    while (!stop.startsWith("T05")) {
      assertThat(run.isDone()).isFalse();
      try (Socket debugger = new Socket(InetAddress.getLoopbackAddress(), port)) {
        stop = ask(debugger, "?");
        if (stop.startsWith("T05")) {
          assertThat(ask(debugger, "c")).isEqualTo("W00");
        }
      } catch (ConnectException _) {
        Thread.onSpinWait();
      }
    }

    assertThat(run.get(60, TimeUnit.SECONDS).lines()).containsExactly("7");
    assertThat(run.get().err()).contains("waiting for a debugger at 127.0.0.1:" + port);
  }

  private static String ask(Socket debugger, String packet) throws IOException {
    int sum = packet.chars().sum() & 0xFF;
    debugger
        .getOutputStream()
        .write("+$%s#%02x".formatted(packet, sum).getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    int c = debugger.getInputStream().read();
    while (c >= 0 && c != '#') {
      if (c == '$') {
        answer.setLength(0);
      } else {
        answer.append((char) c);
      }
      c = debugger.getInputStream().read();
    }
    return answer.toString();
  }

  @Test
  void gdb_andTimeout_excludeEachOther() {
    CommandRun.of("run", "--gdb", "0", "--timeout", "1s", "--invoke", "i32", functions, "7")
        .assertUsageError("--gdb and --timeout");
  }
}
