package dev.cloister.sandbox.cluster;

import java.util.List;
import java.util.UUID;

/// A server that serves alone.
public final class LocalNode implements ClusterNode {
  private final Member self;

  /// Creates the node.
  ///
  /// @param name its name, for people
  public LocalNode(String name) {
    this.self = new Member(UUID.randomUUID().toString(), name, "active");
  }

  @Override
  public Member self() {
    return self;
  }

  @Override
  public List<Member> members() {
    return List.of(self);
  }
}
