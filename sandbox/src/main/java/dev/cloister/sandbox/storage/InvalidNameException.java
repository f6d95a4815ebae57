package dev.cloister.sandbox.storage;

/// A name that is not allowed for a tenant, a plugin or an alias.
public final class InvalidNameException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String kind;
  private final String name;

  InvalidNameException(String kind, String name) {
    super("not a name for a " + kind + ": must match " + ResourceNames.RULE);
    this.kind = kind;
    this.name = name;
  }

  /// Returns what was to be named, `tenant` for instance.
  public String kind() {
    return kind;
  }

  /// Returns the name that was refused.
  public String name() {
    return name;
  }

  /// Returns the pattern that a name must match.
  public String allowed() {
    return ResourceNames.RULE;
  }
}
