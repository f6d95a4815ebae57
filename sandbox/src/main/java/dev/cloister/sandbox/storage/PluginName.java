package dev.cloister.sandbox.storage;

/// The name of a plugin, valid by construction.
///
/// @param text `[a-z0-9][a-z0-9-]{0,62}`
public record PluginName(String text) implements Comparable<PluginName> {

  /// Checks the name.
  ///
  /// @throws InvalidNameException if `text` is not a valid name
  public PluginName {
    ResourceNames.require("plugin", text);
  }

  @Override
  public int compareTo(PluginName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
