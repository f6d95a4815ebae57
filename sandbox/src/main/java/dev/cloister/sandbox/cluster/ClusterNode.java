package dev.cloister.sandbox.cluster;

import java.util.List;

/// This server's place among those that serve together. Any thread may call.
public interface ClusterNode {

  /// Returns this server.
  Member self();

  /// Returns all members, this one among them.
  List<Member> members();
}
