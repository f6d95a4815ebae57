package dev.cloister.isolate.instance;

/// Which instance a call wants.
///
/// @param plugin the name of the plugin: two plugins with the same module share no instance
/// @param settings how the plugin's instances are kept
/// @param key which of the stateful instances; the others have no name
public record InstanceRequest(String plugin, InstanceSettings settings, String key) {
  /// The key of the stateful instance that calls mean which name none.
  public static final String DEFAULT_KEY = "default";

  /// An instance for this call alone.
  public static final InstanceRequest FRESH = of("", InstanceSettings.FRESH);

  /// The instance of a plugin that calls mean which name none.
  public static InstanceRequest of(String plugin, InstanceSettings settings) {
    return new InstanceRequest(plugin, settings, DEFAULT_KEY);
  }
}
