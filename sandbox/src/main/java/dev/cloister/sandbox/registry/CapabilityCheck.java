package dev.cloister.sandbox.registry;

import dev.cloister.isolate.abi.CapabilityNeeds;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a version needs, what its plugin has, and what is missing.
///
/// @param needed capabilities, each with the imports that need it
/// @param granted what the plugin has
/// @param missing what of `needed` it has not
public record CapabilityCheck(
    SortedMap<Capability, List<String>> needed,
    Grants granted,
    SortedMap<Capability, List<String>> missing) {

  /// Compares what a module with this interface needs with `granted`.
  static CapabilityCheck of(ModuleInterface moduleInterface, Grants granted) {
    SortedMap<Capability, List<String>> needed = new TreeMap<>();
    for (InterfaceItem item : moduleInterface.imports()) {
      String module = item.module();
      Capability capability = module == null ? null : CapabilityNeeds.of(module, item.name());
      if (capability != null) {
        needed.computeIfAbsent(capability, _ -> new ArrayList<>()).add(module + "." + item.name());
      }
    }
    SortedMap<Capability, List<String>> missing = new TreeMap<>(needed);
    missing.keySet().removeAll(granted.capabilities());
    return new CapabilityCheck(needed, granted, missing);
  }
}
