package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.sandbox.wast.CommandResult;
import dev.cloister.sandbox.wast.KnownUnsupported;
import dev.cloister.sandbox.wast.ScriptException;
import dev.cloister.sandbox.wast.WastRunner;
import dev.cloister.sandbox.wast.WastSummary;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `wast`: runs scripts of the specification's test suite.
@Command(
    name = "wast",
    description = "Runs spec scripts in JSON form from files or folders and counts the commands.",
    footer = {
      "",
      "Prints a line for every failing command, the skips by reason, and the counts last."
    })
final class WastCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ExecutionTierOption tierOption = new ExecutionTierOption();

  @Option(
      names = "--twice",
      description = "Runs each script a second time against the modules the first run shares.")
  private boolean isTwice;

  @Option(
      names = "--strict-text",
      description = "Judges the text of a refused module too, not only the kind of fault.")
  private boolean strictText;

  @Option(
      names = "--command-limit",
      paramLabel = "TIME",
      defaultValue = "2m",
      hidden = true,
      converter = RunCommand.TimeConverter.class)
  private Duration commandLimit = Duration.ofMinutes(2);

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "A script, or a folder of them.")
  private List<Path> paths = new ArrayList<>();

  WastCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    EngineConfig config = tierOption.engineConfig();
    var settings =
        new WastRunner.Settings(
            config, isTwice, strictText, commandLimit, KnownUnsupported.ofEngine());
    try (WastRunner runner = new WastRunner(settings, this::report)) {
      WastSummary summary = runner.run(paths);
      summary
          .skippedByReason()
          .forEach((reason, count) -> terminal.out().println("skipped " + count + ": " + reason));
      terminal.out().println(summary);
      return summary.failed() == 0 ? ExitCode.OK : ExitCode.FAILED;
    } catch (ScriptException fault) {
      throw CommandFailure.usage(String.valueOf(fault.getMessage()));
    }
  }

  private void report(CommandResult failure) {
    terminal.out().println(PrintableText.of(failure.describe()));
  }
}
