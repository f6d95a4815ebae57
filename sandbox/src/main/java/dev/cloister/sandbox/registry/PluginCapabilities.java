package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.sandbox.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which of its tenant's capabilities a plugin has: `"all"` in JSON, or a list of names.
///
/// @param grants those, or null for all
public record PluginCapabilities(@Nullable Grants grants) {
  /// All that the tenant has.
  static final PluginCapabilities ALL = new PluginCapabilities(null);

  private static final String ALL_NAME = "all";
  private static final String ALLOWED =
      "\"all\" or a list of " + String.join(", ", Capability.names());

  /// Reads the JSON of a request; an empty object, as earlier versions stored it, means all.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it is neither `"all"` nor a list of
  ///   capabilities
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static PluginCapabilities of(JsonNode json) {
    if (json.isNull() || (json.isObject() && json.isEmpty()) || json.asText().equals(ALL_NAME)) {
      return ALL;
    }
    if (!json.isArray()) {
      throw Problem.invalid("capabilities", json, ALLOWED).asException();
    }
    List<Capability> capabilities = new ArrayList<>();
    for (JsonNode name : json) {
      if (!name.isTextual() || !Capability.isName(name.asText())) {
        throw Problem.invalid("capabilities", name, ALLOWED).asException();
      }
      capabilities.add(new Capability(name.asText()));
    }
    return new PluginCapabilities(Grants.of(capabilities));
  }

  /// Returns what [#of] reads.
  @JsonValue
  Object json() {
    return grants == null
        ? ALL_NAME
        : grants.capabilities().stream().map(Capability::name).toList();
  }
}
