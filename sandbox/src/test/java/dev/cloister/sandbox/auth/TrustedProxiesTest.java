package dev.cloister.sandbox.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.egress.AddressRange;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Only the word of trusted proxies counts, and only for the address that they saw.
final class TrustedProxiesTest {
  private final TrustedProxies proxies =
      new TrustedProxies(
          List.of(AddressRange.parse("10.0.0.0/8"), AddressRange.parse("2001:db8::/32")));

  @Test
  void strangers_areNotBelieved() {
    assertThat(proxies.client("192.0.2.1", "203.0.113.9")).isEqualTo("192.0.2.1");
    assertThat(new TrustedProxies(List.of()).client("10.1.1.1", "203.0.113.9"))
        .isEqualTo("10.1.1.1");
    assertThat(proxies.client(null, "203.0.113.9")).isNull();
  }

  @Test
  void client_isTheLastAddressThatIsNoProxy() {
    assertThat(proxies.client("10.1.1.1", null)).isEqualTo("10.1.1.1");
    assertThat(proxies.client("10.1.1.1", "203.0.113.9")).isEqualTo("203.0.113.9");
    assertThat(proxies.client("10.1.1.1", "198.51.100.1, 203.0.113.9, 10.2.2.2"))
        .isEqualTo("203.0.113.9");
    assertThat(proxies.client("2001:db8::1%eth0", "203.0.113.9,10.9.9.9")).isEqualTo("203.0.113.9");
    assertThat(proxies.client("10.1.1.1", "10.2.2.2, 10.3.3.3")).isEqualTo("10.2.2.2");
  }

  @Test
  void whatIsNoAddress_endsTheSearch() {
    assertThat(proxies.client("10.1.1.1", "203.0.113.9, unknown")).isEqualTo("10.1.1.1");
    assertThat(proxies.client("10.1.1.1", "203.0.113.9, localhost, 10.2.2.2"))
        .isEqualTo("10.2.2.2");
    assertThat(proxies.client("10.1.1.1", "")).isEqualTo("10.1.1.1");
  }
}
