package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.sandbox.replay.ReplaySummary;
import dev.cloister.sandbox.replay.TracePlayer;
import dev.cloister.sandbox.wast.ScriptException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `replay`: drives a module by a recorded trace.
@Command(
    name = "replay",
    description = "Drives a module by a recorded trace of its host and compares what it does.",
    footer = {"", "The last line counts the events of the trace."})
final class ReplayCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ExecutionTierOption tierOption = new ExecutionTierOption();
  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();

  @Parameters(index = "0", paramLabel = "TRACE", description = "The trace: gzip'd JSON lines.")
  private Path trace = Path.of("");

  @Parameters(index = "1", paramLabel = "MODULE", description = "The module.")
  private Path file = Path.of("");

  ReplayCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    EngineConfig defaults = tierOption.engineConfig();
    EngineConfig config = defaults.withFeatures(featuresOption.applyTo(defaults.features()));
    byte[] wireBytes = ModuleFile.read(file);
    ModuleFile.requireFile(trace);
    try (WasmEngine engine = new WasmEngine(config);
        EngineIsolate isolate = engine.addIsolate("replay");
        ModuleHandle module = engine.compile(isolate, wireBytes);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      ReplaySummary summary =
          GuestThread.run(
              store,
              /* timeout= */ null,
              () -> TracePlayer.play(trace, module, store, this::report));
      terminal.out().println(summary);
      return summary.isComplete() ? ExitCode.OK : ExitCode.FAILED;
    } catch (ScriptException fault) {
      throw CommandFailure.usage(String.valueOf(fault.getMessage()));
    }
  }

  private void report(String difference) {
    terminal.out().println(PrintableText.of(difference));
  }
}
