package dev.cloister.sandbox.storage;

/// The name of an alias, valid by construction.
///
/// @param text `[a-z0-9][a-z0-9-]{0,62}`
public record AliasName(String text) implements Comparable<AliasName> {

  /// The alias that calls use when they name neither a version nor an alias.
  public static final AliasName LIVE = new AliasName("live");

  /// Checks the name.
  ///
  /// @throws InvalidNameException if `text` is not a valid name
  public AliasName {
    ResourceNames.require("alias", text);
  }

  @Override
  public int compareTo(AliasName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
