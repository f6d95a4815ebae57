package dev.cloister.engine.runtime;

import dev.cloister.engine.types.TagType;

/// An exception tag: its identity decides which handlers match (Spec 4.2.10).
public final class Tag implements Extern {
  private final TagType type;

  /// Creates a tag that is distinct from every other one.
  public Tag(TagType type) {
    this.type = type;
  }

  /// {@return the type of the values that an exception with this tag carries}
  public TagType type() {
    return type;
  }
}
