package dev.cloister.sandbox.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.egress.EgressPolicy;
import dev.cloister.isolate.egress.HostPattern;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class TenantPolicyTest {
  private static final TenantPolicy ALLOWED =
      policy(
          Grants.of(Capability.HTTP, Capability.KV),
          MissingCapability.PARK,
          "*.example.com",
          "b.c");

  @Test
  void limit_keepsWhatBothHave() {
    TenantPolicy wanted =
        policy(
            Grants.of(Capability.HTTP, Capability.SECRETS),
            MissingCapability.REFUSE,
            "api.example.com",
            "elsewhere.org");

    TenantPolicy holds = ALLOWED.limit(wanted);

    assertThat(holds)
        .isEqualTo(policy(Grants.of(Capability.HTTP), MissingCapability.REFUSE, "api.example.com"));
    assertThat(ALLOWED.limit(ALLOWED)).isEqualTo(ALLOWED);
    assertThat(TenantPolicy.NOTHING.limit(ALLOWED)).isEqualTo(TenantPolicy.NOTHING);
  }

  @Test
  void excess_namesTheFirstThingThatIsTooMuch() {
    assertThat(ALLOWED.excess(ALLOWED)).isNull();
    assertThat(ALLOWED.excess(TenantPolicy.NOTHING)).isNull();
    assertThat(ALLOWED.excess(policy(Grants.of(Capability.CONFIG), MissingCapability.REFUSE)))
        .isEqualTo("capabilities [config]");
    assertThat(ALLOWED.excess(policy(Grants.NONE, MissingCapability.REFUSE, "*.com")))
        .isEqualTo("egress.allowedHosts [*.com]");
    assertThat(
            policy(Grants.NONE, MissingCapability.REFUSE)
                .excess(policy(Grants.NONE, MissingCapability.PARK)))
        .isEqualTo("onMissingCapability park");
    TenantPolicy readOnly =
        new TenantPolicy(
            Grants.NONE,
            MissingCapability.REFUSE,
            new EgressPolicy(List.of(), Set.of("GET"), Set.of("https")));
    assertThat(readOnly.excess(TenantPolicy.NOTHING)).startsWith("egress.methods [DELETE, ");
  }

  @Test
  void document_ofAPolicy_readsAsTheSame() {
    assertThat(PolicyDocument.parse(PolicyDocument.text(ALLOWED), TenantPolicy.NOTHING))
        .isEqualTo(ALLOWED);
  }

  private static TenantPolicy policy(Grants grants, MissingCapability onMissing, String... hosts) {
    return new TenantPolicy(
        grants,
        onMissing,
        new EgressPolicy(
            Stream.of(hosts).map(HostPattern::parse).toList(),
            Set.copyOf(EgressPolicy.METHODS),
            Set.copyOf(EgressPolicy.SCHEMES)));
  }
}
