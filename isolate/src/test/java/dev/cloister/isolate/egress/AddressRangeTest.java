package dev.cloister.isolate.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Ranges of addresses are read strictly, and contain what shares their prefix.
final class AddressRangeTest {
  private static boolean contains(String range, String address) {
    return AddressRange.parse(range).contains(InetAddress.ofLiteral(address));
  }

  @Test
  void range_containsWhatSharesItsPrefix() {
    assertThat(contains("10.0.0.0/8", "10.255.0.1")).isTrue();
    assertThat(contains("10.0.0.0/8", "11.0.0.0")).isFalse();
    assertThat(contains("192.168.4.0/22", "192.168.7.255")).isTrue();
    assertThat(contains("192.168.4.0/22", "192.168.8.0")).isFalse();
    assertThat(contains("0.0.0.0/0", "203.0.113.9")).isTrue();
    assertThat(contains("0.0.0.0/0", "::1")).isFalse();
    assertThat(contains("::1", "::1")).isTrue();
    assertThat(contains("2001:db8::/33", "2001:db8:8000::1")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/x",
        "10.0.0.1/8",
        "1/8/9",
        "::/129",
        "1.2.3",
        "10/8",
        "::g"
      })
  void whatIsNoRange_isRefused(String text) {
    assertThatThrownBy(() -> AddressRange.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void rangeAroundAnAddress_beginsAtItsPrefix() {
    assertThat(AddressRange.around(InetAddress.ofLiteral("192.168.7.9"), 22))
        .isEqualTo(AddressRange.parse("192.168.4.0/22"))
        .hasToString("192.168.4.0/22");
    assertThat(AddressRange.around(InetAddress.ofLiteral("2001:db8:1:2:3::4"), 64))
        .isEqualTo(AddressRange.parse("2001:db8:1:2::/64"));
  }

  @Test
  void rangeAndAddress_areShownAsRead() {
    assertThat(AddressRange.parse("10.0.0.0/8")).hasToString("10.0.0.0/8");
    assertThat(AddressRange.parse("10.0.0.1")).isEqualTo(AddressRange.parse("10.0.0.1/32"));
    assertThatThrownBy(() -> AddressRange.parse("10.1.2.3/8"))
        .hasMessageContaining("the range is 10.0.0.0/8");
  }
}
