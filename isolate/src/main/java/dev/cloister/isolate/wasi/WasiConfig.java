package dev.cloister.isolate.wasi;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Everything a guest is handed; there is nothing else it can reach.
///
/// @param arguments the command line, the program's name first
/// @param environment the environment variables, in their order
/// @param stdin standard input
/// @param stdout standard output
/// @param stderr standard error
/// @param preopens directories, as descriptors from 3 on
/// @param clock its clocks
/// @param random its random bytes
/// @param blocking is told when the guest waits
/// @param quota is asked before the guest opens one more file
public record WasiConfig(
    List<String> arguments,
    Map<String, String> environment,
    InputSource stdin,
    OutputSink stdout,
    OutputSink stderr,
    List<Preopen> preopens,
    WasiClock clock,
    RandomSource random,
    BlockingRegion blocking,
    FileQuota quota) {

  /// Starts with a guest that is handed nothing but clocks and random bytes.
  public static Builder builder() {
    return new Builder();
  }

  /// Collects a [WasiConfig].
  public static final class Builder {
    private List<String> arguments = List.of();
    private Map<String, String> environment = Map.of();
    private InputSource stdin = InputSource.EMPTY;
    private OutputSink stdout = OutputSink.DISCARD;
    private OutputSink stderr = OutputSink.DISCARD;
    private final List<Preopen> preopens = new ArrayList<>();
    private WasiClock clock = WasiClock.system();
    private RandomSource random = RandomSource.secure();
    private BlockingRegion blocking = BlockingRegion.NONE;
    private FileQuota quota = FileQuota.UNLIMITED;

    private Builder() {}

    /// Sets the command line, the program's name first.
    @CanIgnoreReturnValue
    public Builder arguments(List<String> commandLine) {
      arguments = List.copyOf(commandLine);
      return this;
    }

    /// Sets the environment variables.
    @CanIgnoreReturnValue
    public Builder environment(Map<String, String> variables) {
      environment = new LinkedHashMap<>(variables);
      return this;
    }

    /// Sets standard input.
    @CanIgnoreReturnValue
    public Builder stdin(InputSource source) {
      stdin = source;
      return this;
    }

    /// Sets standard output.
    @CanIgnoreReturnValue
    public Builder stdout(OutputSink sink) {
      stdout = sink;
      return this;
    }

    /// Sets standard error.
    @CanIgnoreReturnValue
    public Builder stderr(OutputSink sink) {
      stderr = sink;
      return this;
    }

    /// Adds a directory.
    @CanIgnoreReturnValue
    public Builder preopen(Preopen preopen) {
      preopens.add(preopen);
      return this;
    }

    /// Sets the clocks.
    @CanIgnoreReturnValue
    public Builder clock(WasiClock clocks) {
      clock = clocks;
      return this;
    }

    /// Sets the source of random bytes.
    @CanIgnoreReturnValue
    public Builder random(RandomSource source) {
      random = source;
      return this;
    }

    /// Sets who is told when the guest waits.
    @CanIgnoreReturnValue
    public Builder blocking(BlockingRegion region) {
      blocking = region;
      return this;
    }

    /// Sets who is asked before the guest opens one more file.
    @CanIgnoreReturnValue
    public Builder quota(FileQuota fileQuota) {
      quota = fileQuota;
      return this;
    }

    /// Makes the configuration.
    public WasiConfig build() {
      return new WasiConfig(
          arguments,
          environment,
          stdin,
          stdout,
          stderr,
          List.copyOf(preopens),
          clock,
          random,
          blocking,
          quota);
    }
  }
}
