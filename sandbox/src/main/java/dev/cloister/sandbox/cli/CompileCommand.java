package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `compile`: compiles every function of a module, ahead of any call.
@Command(
    name = "compile",
    description = "Compiles every function of a module and says what came out.")
final class CompileCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ExecutionTierOption tierOption = new ExecutionTierOption();
  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();

  @Option(names = "--stats", description = "Prints sizes of the code and times of the phases.")
  private boolean showStats;

  @Option(
      names = "--dump",
      paramLabel = "FUNC",
      description = "Prints one function, by name or index, as Wasm next to JVM bytecode.")
  private @Nullable String dumped;

  @Parameters(paramLabel = "MODULE", description = "The module.")
  private Path file = Path.of("");

  CompileCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    EngineConfig defaults = tierOption.engineConfig();
    EngineConfig config =
        defaults.withFeatures(featuresOption.applyTo(defaults.features()));
    byte[] wireBytes = ModuleFile.read(file);
    try (WasmEngine engine = new WasmEngine(config);
        EngineIsolate isolate = engine.addIsolate("compile");
        ModuleHandle module = engine.compile(isolate, wireBytes)) {
      terminal.out().println(module.module().functionCount());
    }
    return ExitCode.OK;
  }
}
