package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.NativeModuleInfo;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.stats.CompilationPhase;
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
  private static final double NANOS_PER_MILLI = 1e6;

  private final Terminal terminal;

  @Mixin private final ExecutionTierOption tierOption = new ExecutionTierOption();
  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();
  @Mixin private final CodeCacheOption codeCacheOption = new CodeCacheOption();
  @Mixin private final ProfileOption profileOption = new ProfileOption();

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
        codeCacheOption.applyTo(
            defaults.withFeatures(featuresOption.applyTo(defaults.features())), terminal);
    byte[] wireBytes = ModuleFile.read(file);
    try (WasmEngine engine = new WasmEngine(profileOption.applyTo(config, wireBytes));
        EngineIsolate isolate = engine.addIsolate("compile")) {
      long start = System.nanoTime();
      engine.validate(wireBytes);
      long validated = System.nanoTime();
      try (ModuleHandle module = engine.compile(isolate, wireBytes)) {
        long planned = System.nanoTime();
        module.generateAll();
        long generated = System.nanoTime();
        profileOption.write(module);
        if (dumped != null) {
          terminal.out().print(FunctionListing.of(module, functionIndex(module.module(), dumped)));
        }
        if (showStats) {
          print(module);
          printTime("validate", validated - start);
          printTime("validate and plan", planned - validated);
          printTime("generate", generated - planned);
          engine.compilationPhases().forEach(this::print);
        } else if (dumped == null) {
          NativeModuleInfo info = module.info();
          terminal
              .out()
              .println(info.functions() + " functions, " + info.codeBytes() + " bytes of bytecode");
        }
      }
    }
    return ExitCode.OK;
  }

  private void print(ModuleHandle module) {
    NativeModuleInfo info = module.info();
    MethodSizes sizes = MethodSizes.of(module);
    print("functions", info.functions());
    print("wire bytes", info.wireBytes());
    print("bytecode bytes", info.codeBytes());
    print("metadata bytes", info.metadataBytes());
    print("chunks", info.chunks());
    print("largest method", sizes.largest());
    print("methods above 8000 bytes", sizes.aboveJitLimit());
    print("methods above 65535 bytes", sizes.aboveMethodLimit());
  }

  /// Times of phases are those of all threads together.
  private void print(CompilationPhase phase) {
    terminal
        .out()
        .println(
            "%-26s %.1f ms, %d times, %d bytes"
                .formatted(
                    "phase " + phase.phase() + " " + phase.tier(),
                    phase.nanos() / NANOS_PER_MILLI,
                    phase.count(),
                    phase.bytes()));
  }

  private void print(String label, long number) {
    terminal.out().println("%-26s %d".formatted(label, number));
  }

  private void printTime(String label, long nanos) {
    terminal.out().println("%-26s %.1f ms".formatted(label, nanos / NANOS_PER_MILLI));
  }

  /// The function that a word names: its index, an export, or a name of the name section.
  private static int functionIndex(WasmModule module, String word) {
    for (int i = module.importedFunctionCount(); i < module.functionCount(); i++) {
      if (word.equals(Integer.toString(i)) || word.equals(module.functionName(i))) {
        return i;
      }
    }
    return module.exports().stream()
        .filter(export -> export.name().equals(word))
        .filter(export -> export.kind() == ExternKind.FUNCTION)
        .mapToInt(Export::index)
        .filter(index -> index >= module.importedFunctionCount())
        .findFirst()
        .orElseThrow(() -> CommandFailure.usage("--dump: no own function '" + word + "'"));
  }
}
