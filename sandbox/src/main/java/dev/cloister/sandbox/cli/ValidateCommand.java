package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.WasmException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `validate`: decodes and validates a module, and nothing else.
@Command(
    name = "validate",
    description = "Says whether a module is valid: prints 'valid', or the first fault and fails.")
final class ValidateCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();

  @Parameters(paramLabel = "MODULE", description = "The module.")
  private Path file = Path.of("");

  ValidateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    EngineConfig config =
        EngineConfig.defaults().withFeatures(featuresOption.applyTo(FeaturesOption.VALID));
    byte[] wireBytes = ModuleFile.read(file);
    try (WasmEngine engine = new WasmEngine(config)) {
      engine.validate(wireBytes);
    } catch (WasmException fault) {
      // The verdict is the result of the command, whichever it is.
      terminal.out().println("error: " + PrintableText.of(String.valueOf(fault.getMessage())));
      return ExitCode.FAILED;
    }
    terminal.out().println("valid");
    return ExitCode.OK;
  }
}
