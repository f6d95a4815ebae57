package dev.cloister.sandbox.registry;

import dev.cloister.isolate.host.Capability;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.BlobDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/// Says which capabilities a module needs and is not granted.
public final class CapabilityProblem {
  private CapabilityProblem() {}

  /// The problem of a module that lacks `missing`, each with the imports that need it.
  public static Problem of(SortedMap<Capability, List<String>> missing) {
    Map<String, List<String>> members = new LinkedHashMap<>();
    missing.forEach((capability, imports) -> members.put(capability.name(), imports));
    return Problem.of(
            ProblemType.CAPABILITY_DENIED,
            "the plugin is not granted " + String.join(", ", members.keySet()))
        .with("missing", members);
  }

  /// The problem of a version that waits for approval.
  static Problem pending(BlobDigest version) {
    return Problem.of(
            ProblemType.CAPABILITY_DENIED, "the version waits for the operator's approval")
        .with("version", version.toString())
        .with("state", "pending-approval");
  }
}
