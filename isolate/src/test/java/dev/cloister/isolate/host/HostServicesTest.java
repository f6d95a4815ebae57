package dev.cloister.isolate.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.fake.FakeOutboundHttp;
import dev.cloister.isolate.fake.MemoryKeyValueStore;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class HostServicesTest {
  @Test
  void services_withoutGrants_areAllDenied() {
    HostServices services = full(Grants.NONE);

    assertDenied(services::keyValues, "kv");
    assertDenied(services::configuration, "config");
    assertDenied(services::secrets, "secrets");
    assertDenied(services::http, "http");
  }

  @Test
  void services_withOneGrant_denyTheOthers() {
    HostServices services = full(Grants.of(Capability.CONFIG));

    assertThat(services.configuration().get("color")).isEqualTo("blue");
    assertDenied(services::secrets, "secrets");
    assertDenied(services::keyValues, "kv");
  }

  @Test
  void services_granted_areThere() {
    HostServices services =
        full(Grants.of(Capability.KV, Capability.SECRETS, Capability.HTTP, Capability.CONFIG));

    services.keyValues().set("a", new byte[] {1});
    assertThat(services.keyValues().get("a")).containsExactly(1);
    assertThat(services.keyValues().list("", null, 10)).isEqualTo(List.of("a"));
    assertThat(services.secrets().get("token")).isEqualTo("s3cret");
    assertThat(services.secrets().get("color")).isNull();
    assertThat(services.http()).isInstanceOf(FakeOutboundHttp.class);
  }

  @Test
  void none_grantedEverything_stillHasNothing() {
    HostServices services = HostServices.builder(Grants.of(Capability.KV)).build();

    assertThat(services.keyValues().get("a")).isNull();
    assertThatThrownBy(() -> services.keyValues().set("a", new byte[0]))
        .isInstanceOfSatisfying(
            HostServiceException.class, e -> assertThat(e.error()).isEqualTo(HostError.QUOTA));
  }

  private static HostServices full(Grants grants) {
    return HostServices.builder(grants)
        .keyValues(new MemoryKeyValueStore())
        .configuration(NamedValues.of(Map.of("color", "blue")))
        .secrets(NamedValues.of(Map.of("token", "s3cret")))
        .http(new FakeOutboundHttp())
        .build();
  }

  private static void assertDenied(ThrowingCallable use, String capability) {
    assertThatThrownBy(use)
        .isInstanceOfSatisfying(
            HostServiceException.class, e -> assertThat(e.error()).isEqualTo(HostError.DENIED))
        .hasMessageContaining("\"" + capability + "\"");
  }
}
