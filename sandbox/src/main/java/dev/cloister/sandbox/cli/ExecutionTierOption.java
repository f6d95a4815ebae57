package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The options `--tier` and `--image`: which compiler makes the code that runs, and in which code
/// image of a module. Images behave alike; tests run both.
final class ExecutionTierOption {
  /// The compilers a user can ask for.
  enum Tier {
    /// The engine decides, function by function.
    AUTO,
    /// The single-pass compiler only.
    BASELINE,
    /// The optimizing compiler only.
    OPTIMIZED,
    /// Code in which every position can be stopped at.
    DEBUG;

    /// The name on the command line.
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      defaultValue = "auto",
      converter = TierConverter.class,
      description = "auto, baseline, optimized or debug (default: auto).")
  private Tier tier = Tier.AUTO;

  @Option(names = "--image", paramLabel = "N", hidden = true, defaultValue = "0")
  private int image;

  /// The engine's default settings, with the code that was asked for.
  ///
  /// @throws CommandFailure if this engine has no such compiler yet
  EngineConfig engineConfig() {
    switch (tier) {
      case AUTO, BASELINE -> {}
      case OPTIMIZED, DEBUG ->
          throw CommandFailure.usage("--tier " + tier.label() + " is not available yet");
    }
    if (image < 0 || image > 1) {
      throw CommandFailure.usage("--image " + image + " is not available");
    }
    return EngineConfig.defaults().withSecondImage(image == 1);
  }

  /// Reads a tier, in any case.
  static final class TierConverter implements ITypeConverter<Tier> {
    @Override
    public Tier convert(String value) {
      return List.of(Tier.values()).stream()
          .filter(tier -> tier.label().equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(() ->
              new TypeConversionException(
                  "'" + value + "' is none of auto, baseline, optimized, debug"));
    }
  }
}
