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
  private static final String CAPABILITIES = "capabilities";

  static PolicyConfig from(ConfigSection section) {
    List<Capability> capabilities = section.list(CAPABILITIES, Capability::new);
    Grants grants = section.has(CAPABILITIES) ? Grants.of(capabilities) : Grants.BASIC;
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
