package dev.cloister.sandbox.config;

import java.util.List;
import java.util.stream.Collectors;

/// A configuration with mistakes; it names all of them.
public final class InvalidConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<ConfigFault> faults;

  InvalidConfigException(List<ConfigFault> faults) {
    super(faults.stream().map(ConfigFault::toString).collect(Collectors.joining("\n")));
    this.faults = List.copyOf(faults);
  }

  /// Returns the mistakes in the order of the file.
  public List<ConfigFault> faults() {
    return faults;
  }
}
