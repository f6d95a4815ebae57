package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.debug.gdb.GdbServer;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.abi.ArgumentException;
import dev.cloister.isolate.abi.GuestProgram;
import dev.cloister.isolate.abi.PlainAbi;
import dev.cloister.isolate.abi.UnsupportedTypeException;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.OutputSink;
import dev.cloister.isolate.wasi.Preopen;
import dev.cloister.isolate.wasi.ProcessExit;
import dev.cloister.isolate.wasi.WasiConfig;
import dev.cloister.sandbox.config.DataSize;
import dev.cloister.sandbox.config.TimeSpan;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// `run`: runs a module without a server, as a WASI command or by one export.
@Command(
    name = "run",
    description = "Runs a module without a server: a WASI command, or one export with arguments.",
    footer = {
      "",
      "Arguments of an export are decimal or 0x integers, floats, nan, inf, -inf and null.",
      "The exit code is the guest's; 134 after a trap, 124 when the time is over."
    })
final class RunCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ExecutionTierOption tierOption = new ExecutionTierOption();
  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();
  @Mixin private final CodeCacheOption codeCacheOption = new CodeCacheOption();
  @Mixin private final ProfileOption profileOption = new ProfileOption();

  @Option(
      names = "--invoke",
      paramLabel = "EXPORT",
      description = "Calls this export instead of _start and prints one result per line.")
  private @Nullable String export;

  @Option(
      names = "--env",
      paramLabel = "K=V",
      description = "Sets an environment variable of the guest; it sees no others.")
  private List<String> variables = new ArrayList<>();

  @Option(
      names = "--dir",
      paramLabel = "HOST::GUEST[:ro]",
      description = "Lets the guest see a folder of this machine.")
  private List<String> folders = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description = "Stops the guest after this time, such as 500ms or 5s.")
  private @Nullable Duration timeout;

  @Option(
      names = "--max-memory",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Refuses the guest more linear memory than this, such as 64MiB.")
  private @Nullable DataSize maxMemory;

  @Option(
      names = "--fuel",
      paramLabel = "N",
      description = "Stops the guest after about this many instructions, as a trap.")
  private @Nullable Long fuel;

  @Option(
      names = "--gdb",
      paramLabel = "PORT",
      description = {
        "Waits before the first instruction for a debugger such as LLDB at this port of the"
            + " loopback",
        "interface; 0 takes a free one."
      })
  private @Nullable Integer gdbPort;

  @Parameters(index = "0", paramLabel = "MODULE", description = "The module; options end here.")
  private Path file = Path.of("");

  @Parameters(index = "1..*", paramLabel = "ARG", description = "What the guest is given.")
  private List<String> arguments = new ArrayList<>();

  RunCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Long allowedFuel = fuel;
    if (allowedFuel != null && allowedFuel < 0) {
      throw CommandFailure.usage("--fuel must not be negative");
    }
    EngineConfig defaults =
        allowedFuel == null ? tierOption.engineConfig() : tierOption.countingEngineConfig("--fuel");
    if (gdbPort != null && timeout != null) {
      throw CommandFailure.usage("--gdb and --timeout exclude each other");
    }
    Map<String, String> environment = environment();
    List<FolderOption> hostFolders = folders.stream().map(FolderOption::parse).toList();
    EngineConfig config =
        codeCacheOption.applyTo(
            defaults.toBuilder()
                .features(featuresOption.applyTo(defaults.features()))
                .debugFiles(DebugFolder.of(file))
                .build(),
            terminal);
    byte[] wireBytes = ModuleFile.read(file);
    try (WasmEngine engine = new WasmEngine(profileOption.applyTo(config, wireBytes));
        EngineIsolate isolate = engine.addIsolate("run");
        ModuleHandle module = engine.compile(isolate, wireBytes)) {
      Call call = call(module.module());
      GdbServer debuggers = openGdb(engine, isolate);
      Store store = new Store(limiter());
      if (allowedFuel != null) {
        store.setFuel(allowedFuel);
      }
      try (debuggers;
          OpenFolders open = FolderOption.open(hostFolders)) {
        int code = runGuest(call, module, store, environment, open.preopens());
        if (debuggers != null) {
          debuggers.exit(code);
        }
        profileOption.write(module);
        return code;
      }
    }
  }

  private int runGuest(
      Call call,
      ModuleHandle module,
      Store store,
      Map<String, String> environment,
      List<Preopen> preopens) {
    try {
      WasiConfig config = wasi(environment, preopens);
      return GuestThread.run(store, timeout, () -> call.run(module, store, config));
    } catch (ProcessExit exit) {
      return exit.code();
    } catch (TrapException trap) {
      terminal.err().println(WasmStack.describe(trap));
      return ExitCode.TRAP;
    } catch (UncaughtWasmException exception) {
      terminal.err().println(PrintableText.of(String.valueOf(exception.getMessage())));
      return ExitCode.TRAP;
    } catch (StoppedException stop) {
      boolean isLate = stop.reason() == StopReason.DEADLINE;
      terminal.err().println("stopped: " + (isLate ? "the time is over" : "by the debugger"));
      return ExitCode.TIMEOUT;
    }
  }

  private @Nullable GdbServer openGdb(WasmEngine engine, EngineIsolate isolate) {
    Integer port = gdbPort;
    if (port == null) {
      return null;
    }
    isolate.debugger().enter();
    isolate.debugger().pauseOnEntry(true);
    try {
      GdbServer server = GdbServer.start(port, engine::debuggers);
      terminal.err().println("waiting for a debugger at 127.0.0.1:" + server.port());
      terminal.err().flush();
      return server;
    } catch (IOException | IllegalArgumentException e) {
      throw CommandFailure.failed("--gdb " + port + ": " + e.getMessage());
    }
  }

  /// What to do with the instance once it is there; everything about the command line is checked
  /// before the guest runs.
  private Call call(WasmModule module) {
    String name = export;
    if (name == null) {
      requireCommand(module);
      return (handle, store, wasi) -> {
        try (GuestProgram program = GuestProgram.instantiate(handle, store, wasi)) {
          return program.runCommand();
        }
      };
    }
    FuncType type = signature(module, name);
    @Nullable Object[] values;
    try {
      values = PlainAbi.parse(type, arguments);
    } catch (ArgumentException | UnsupportedTypeException refusal) {
      throw CommandFailure.usage("'" + name + "': " + refusal.getMessage());
    }
    return (handle, store, wasi) -> {
      try (GuestProgram program = GuestProgram.instantiate(handle, store, wasi)) {
        FuncRef function = Objects.requireNonNull(program.function(name));
        for (Object result : program.call(function, values)) {
          terminal.out().println(GuestResult.text(result));
        }
      }
      return ExitCode.OK;
    };
  }

  private void requireCommand(WasmModule module) {
    for (Export candidate : module.exports()) {
      if (candidate.name().equals("_start") && candidate.kind() == ExternKind.FUNCTION) {
        return;
      }
    }
    throw CommandFailure.usage(
        file + " is no WASI command; name an export with --invoke" + functions(module));
  }

  private FuncType signature(WasmModule module, String name) {
    for (Export candidate : module.exports()) {
      if (candidate.name().equals(name)) {
        if (candidate.kind() != ExternKind.FUNCTION) {
          throw CommandFailure.usage("export '" + name + "' is no function" + functions(module));
        }
        return module.signature(candidate.index());
      }
    }
    throw CommandFailure.usage("no export '" + name + "'" + functions(module));
  }

  private static String functions(WasmModule module) {
    List<String> names =
        module.exports().stream()
            .filter(candidate -> candidate.kind() == ExternKind.FUNCTION)
            .map(Export::name)
            .toList();
    return names.isEmpty()
        ? "; it exports no function"
        : "; functions: " + String.join(", ", names);
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : variables) {
      int equals = variable.indexOf('=');
      if (equals < 1) {
        throw CommandFailure.usage("--env: '" + variable + "' is not K=V");
      }
      environment.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return environment;
  }

  private HeapLimiter limiter() {
    DataSize cap = maxMemory;
    return cap == null ? HeapLimiter.UNLIMITED : new MemoryCap(cap.bytes());
  }

  private WasiConfig wasi(Map<String, String> environment, List<Preopen> preopens) {
    List<String> words = new ArrayList<>();
    words.add(String.valueOf(file.getFileName()));
    if (export == null) {
      words.addAll(arguments);
    }
    WasiConfig.Builder config =
        WasiConfig.builder()
            .arguments(words)
            .environment(environment)
            .stdin(InputSource.of(terminal.in()))
            .stdout(sink(terminal.out()))
            .stderr(sink(terminal.err()));
    preopens.forEach(config::preopen);
    return config.build();
  }

  /// Writes through to `stream`, and ends the guest when nobody reads any more.
  private static OutputSink sink(PrintStream stream) {
    return (bytes, from, length) -> {
      stream.write(bytes, from, length);
      if (stream.checkError()) {
        throw CommandFailure.failed("the guest's output is closed");
      }
    };
  }

  /// What a run does with the module.
  @FunctionalInterface
  private interface Call {
    int run(ModuleHandle module, Store store, WasiConfig wasi);
  }

  /// Reads a time.
  static final class TimeConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      try {
        return TimeSpan.parse(value);
      } catch (IllegalArgumentException fault) {
        throw new TypeConversionException(fault.getMessage());
      }
    }
  }

  /// Reads a number of bytes.
  static final class SizeConverter implements ITypeConverter<DataSize> {
    @Override
    public DataSize convert(String value) {
      try {
        return DataSize.parse(value);
      } catch (IllegalArgumentException fault) {
        throw new TypeConversionException(fault.getMessage());
      }
    }
  }
}
