package dev.cloister.sandbox.http;

import dev.cloister.sandbox.cluster.ClusterNode;
import dev.cloister.sandbox.cluster.Member;
import java.util.List;

/// The members of the cluster.
final class ClusterApi {
  private final ClusterNode node;

  ClusterApi(ClusterNode node) {
    this.node = node;
  }

  /// The cluster as it is shown.
  record View(String self, List<Member> members) {}

  Answer get(ApiRequest request) {
    return Answer.json(200, new View(node.self().id(), node.members()));
  }
}
