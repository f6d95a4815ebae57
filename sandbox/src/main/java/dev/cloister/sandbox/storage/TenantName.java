package dev.cloister.sandbox.storage;

/// The name of a tenant, valid by construction.
///
/// @param text `[a-z0-9][a-z0-9-]{0,62}`
public record TenantName(String text) implements Comparable<TenantName> {

  /// Checks the name.
  ///
  /// @throws InvalidNameException if `text` is not a valid name
  public TenantName {
    ResourceNames.require("tenant", text);
  }

  @Override
  public int compareTo(TenantName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
