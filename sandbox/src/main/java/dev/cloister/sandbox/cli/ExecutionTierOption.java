package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.TierPolicy;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The option `--tier`: which kind of code runs. All kinds compute the same.
final class ExecutionTierOption {
  /// What a user can ask for.
  enum Tier {
    /// The single-pass compiler first, and the optimizing one for functions that are hot.
    AUTO(CodeKind.BASELINE),
    /// The single-pass compiler only.
    BASELINE(CodeKind.BASELINE),
    /// The optimizing compiler only.
    OPTIMIZED(CodeKind.OPTIMIZED),
    /// Code in which every position can be stopped at.
    DEBUG(CodeKind.DEBUG),
    /// Code that counts what it executes.
    FUEL(CodeKind.FUEL),
    /// Code that looks by itself whether it is to stop.
    POLLED(CodeKind.POLLED);

    private final CodeKind kind;

    Tier(CodeKind kind) {
      this.kind = kind;
    }

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
      description = "auto, baseline, optimized, debug, fuel or polled (default: auto).")
  private Tier tier = Tier.AUTO;

  /// The engine's default settings, with the code that was asked for.
  EngineConfig engineConfig() {
    return EngineConfig.defaults().toBuilder()
        .codeKind(tier.kind)
        .tiers(tier == Tier.AUTO ? TierPolicy.automatic() : TierPolicy.onRequest())
        .build();
  }

  /// The engine's default settings, with code that counts.
  ///
  /// @param option the option that asks for it
  /// @throws CommandFailure if another tier was asked for
  EngineConfig countingEngineConfig(String option) {
    if (tier != Tier.AUTO && tier != Tier.FUEL) {
      throw CommandFailure.usage(option + " and --tier " + tier.label() + " exclude each other");
    }
    return EngineConfig.defaults().withCodeKind(CodeKind.FUEL);
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
                  "'" + value + "' is none of auto, baseline, optimized, debug, fuel, polled"));
    }
  }
}
