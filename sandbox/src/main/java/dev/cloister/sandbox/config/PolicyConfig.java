package dev.cloister.sandbox.config;

import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import java.util.List;

/// The section `policy`: what the plugins of a tenant may do for which nothing was set.
///
/// @param grants the capabilities
/// @param parksUploads whether an upload that needs more waits for approval rather than being
///   refused
public record PolicyConfig(Grants grants, boolean parksUploads) {
  static PolicyConfig from(ConfigSection section) {
    List<Capability> basic = List.copyOf(Grants.BASIC.capabilities());
    Grants grants = Grants.of(section.list("capabilities", basic, Capability::new));
    String onMissing =
        section.checkedText(
            "onMissingCapability",
            "refuse",
            text -> {
              if (!text.equals("refuse") && !text.equals("park")) {
                throw new IllegalArgumentException("expected refuse or park, got \"" + text + "\"");
              }
            });
    section.end();
    return new PolicyConfig(grants, onMissing.equals("park"));
  }
}
