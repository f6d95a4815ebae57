package dev.cloister.isolate.plugin;

/// How long the instances of a plugin live.
public enum InstancePolicy {
  /// One call.
  FRESH("fresh");

  private final String label;

  InstancePolicy(String label) {
    this.label = label;
  }

  /// The name in the API.
  public String label() {
    return label;
  }
}
