package dev.cloister.sandbox.wast;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.feature.WasmFeatures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Runs scripts, one after the other, and counts. One engine serves all scripts with the same
/// features. Confined to one thread.
public final class WastRunner implements AutoCloseable {
  private final Settings settings;
  private final Consumer<CommandResult> onFailure;
  private final Conflicts conflicts = new Conflicts();
  private final CommandDeadline deadline;
  private final Map<WasmFeatures, WasmEngine> engines = new HashMap<>();
  private int runs;

  /// How scripts are run.
  ///
  /// @param engine what every engine is configured with; its features are the most that modules of
  ///   scripts outside of proposals may execute
  /// @param isTwice whether each script runs a second time, against the modules that the first run
  ///   still holds
  /// @param strictText whether the text of a refused module is judged too
  /// @param commandLimit the time after which a command is stopped
  /// @param known the failures that are known
  public record Settings(
      EngineConfig engine,
      boolean isTwice,
      boolean strictText,
      Duration commandLimit,
      KnownUnsupported known) {

    /// Every script once, with a generous time for each command.
    public static Settings of(EngineConfig engine, KnownUnsupported known) {
      return new Settings(engine, false, false, Duration.ofMinutes(2), known);
    }

    /// The same, with each script run a second time.
    public Settings twice() {
      return new Settings(engine, true, strictText, commandLimit, known);
    }
  }

  /// Creates a runner.
  ///
  /// @param onFailure told of every failed command as soon as its script has ended
  public WastRunner(Settings settings, Consumer<CommandResult> onFailure) {
    this.settings = settings;
    this.onFailure = onFailure;
    this.deadline = new CommandDeadline(settings.commandLimit());
  }

  /// Runs the scripts that `paths` name or, for folders, contain.
  ///
  /// @throws ScriptException if a path is not there or is no script
  public WastSummary run(List<Path> paths) {
    WastSummary summary = new WastSummary();
    for (Path file : ScriptFinder.find(paths)) {
      for (CommandResult result : run(ScriptReader.read(file))) {
        summary.add(result);
        if (result.verdict() instanceof Verdict.Failed) {
          onFailure.accept(result);
        }
      }
    }
    return summary;
  }

  private List<CommandResult> run(Script script) {
    ScriptFeatures features = ScriptFeatures.of(script.file(), settings.engine().features());
    List<CommandResult> results = new ArrayList<>();
    try (ScriptModules first = modules(features)) {
      results.addAll(run(script, first));
      if (settings.isTwice()) {
        try (ScriptModules second = modules(features)) {
          results.addAll(run(script, second));
        }
      }
    }
    return results;
  }

  private ScriptModules modules(ScriptFeatures features) {
    return new ScriptModules(
        engine(features.valid()), engine(features.executable()), "script-" + runs++);
  }

  private WasmEngine engine(WasmFeatures features) {
    return engines.computeIfAbsent(
        features, _ -> new WasmEngine(settings.engine().withFeatures(features)));
  }

  private List<CommandResult> run(Script script, ScriptModules modules) {
    var surroundings =
        new ScriptInterpreter.Surroundings(
            script, modules, conflicts, deadline, settings.strictText());
    List<CommandResult> results =
        ScriptThread.start("main", new ScriptInterpreter(surroundings), script.commands()).await();
    return settings.known().apply(script.file(), results);
  }

  @Override
  public void close() {
    deadline.close();
    engines.values().forEach(WasmEngine::close);
  }
}
