package dev.cloister.isolate.egress;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressPolicyTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1"
      })
  void publicPolicy_addressOfNoInternet_isClosed(String address) {
    assertThat(AddressPolicy.PUBLIC.allows(InetAddress.ofLiteral(address))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.1.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101"
      })
  void publicPolicy_addressOfTheInternet_isOpen(String address) {
    assertThat(AddressPolicy.PUBLIC.allows(InetAddress.ofLiteral(address))).isTrue();
  }

  @Test
  void publicPolicy_mappedAddressAsBytes_isClosed() throws Exception {
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 127, 0, 0, 1};

    assertThat(AddressPolicy.PUBLIC.allows(Inet6Address.getByAddress("x", mapped, 1))).isFalse();
  }

  @Test
  void openedRange_opensItself_andNothingElse() {
    AddressPolicy policy = AddressPolicy.opening(ranges("127.0.0.0/8", "fd00::/8", "10.1.2.3"));

    assertThat(allowed(policy, "127.9.9.9", "fd12::1", "10.1.2.3", "8.8.8.8")).isEqualTo("yyyy");
    assertThat(allowed(policy, "10.1.2.4", "192.168.0.1", "fe80::1", "::1")).isEqualTo("nnnn");
    assertThat(allowed(policy, "::ffff:127.0.0.1", "64:ff9b::7f00:1")).isEqualTo("yy");
  }

  private static String allowed(AddressPolicy policy, String... addresses) {
    StringBuilder answers = new StringBuilder();
    for (String address : addresses) {
      answers.append(policy.allows(InetAddress.ofLiteral(address)) ? 'y' : 'n');
    }
    return answers.toString();
  }

  private static List<AddressRange> ranges(String... texts) {
    return Stream.of(texts).map(AddressRange::parse).toList();
  }
}
