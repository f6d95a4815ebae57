package dev.cloister.isolate.plugin;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long the instances of a plugin live.
public enum InstancePolicy {
  /// One call.
  FRESH("fresh"),
  /// Several calls, whichever come: what is in memory is for the plugin to reuse, not to rely on.
  POOLED("pooled"),
  /// All calls that name the same instance, one after the other: what is in it is state.
  STATEFUL("stateful");

  private final String label;

  InstancePolicy(String label) {
    this.label = label;
  }

  /// The name in the API.
  public String label() {
    return label;
  }

  /// The policy of this name, or null.
  public static @Nullable InstancePolicy named(String label) {
    for (InstancePolicy policy : values()) {
      if (policy.label.equals(label)) {
        return policy;
      }
    }
    return null;
  }

  /// The names of all.
  public static List<String> labels() {
    return Arrays.stream(values()).map(InstancePolicy::label).toList();
  }
}
