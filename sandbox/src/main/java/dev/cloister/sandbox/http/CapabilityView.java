package dev.cloister.sandbox.http;

import dev.cloister.isolate.host.Capability;
import dev.cloister.sandbox.registry.CapabilityCheck;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a version needs and has, as it is shown.
///
/// @param needed names of capabilities, each with the imports that need it
/// @param granted what the plugin has
/// @param missing what it needs and has not
record CapabilityView(
    Map<String, List<String>> needed, List<String> granted, List<String> missing) {
  static CapabilityView of(CapabilityCheck check) {
    Map<String, List<String>> needed = new TreeMap<>();
    check.needed().forEach((capability, imports) -> needed.put(capability.name(), imports));
    return new CapabilityView(
        needed,
        check.granted().capabilities().stream().map(Capability::name).toList(),
        check.missing().keySet().stream().map(Capability::name).toList());
  }
}
