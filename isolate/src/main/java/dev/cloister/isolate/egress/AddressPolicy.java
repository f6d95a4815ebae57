package dev.cloister.isolate.egress;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Which addresses guests can reach: those of the public internet, and ranges that the operator
/// opened. Immutable.
///
/// Whatever name a request has, its addresses are looked at here, so no name leads a guest to the
/// machine itself, to its network, or to what a cloud offers its machines.
///
/// Source: the special-purpose address registries of IANA (RFC 6890), as of 2025.
public final class AddressPolicy {
  /// The public internet alone.
  public static final AddressPolicy PUBLIC = new AddressPolicy(List.of());

  /// IPv4 addresses that are not public.
  private static final List<AddressRange> CLOSED_V4 =
      ranges(
          "0.0.0.0/8", // this network
          "10.0.0.0/8", // private
          "100.64.0.0/10", // behind a carrier's translation
          "127.0.0.0/8", // this machine
          "169.254.0.0/16", // link-local, and the metadata of clouds
          "172.16.0.0/12", // private
          "192.0.0.0/24", // protocols, and metadata of Oracle's cloud
          "192.0.2.0/24", // documentation
          "192.31.196.0/24", // AS112
          "192.52.193.0/24", // AMT
          "192.88.99.0/24", // 6to4 relays
          "192.168.0.0/16", // private
          "192.175.48.0/24", // AS112
          "198.18.0.0/15", // benchmarks
          "198.51.100.0/24", // documentation
          "203.0.113.0/24", // documentation
          "224.0.0.0/4", // multicast
          "240.0.0.0/4"); // reserved, and broadcast

  /// What is public of IPv6, but for [#CLOSED_V6].
  private static final AddressRange GLOBAL_V6 = AddressRange.parse("2000::/3");

  private static final List<AddressRange> CLOSED_V6 =
      ranges(
          "2001::/23", // protocols: Teredo, ORCHID, benchmarks
          "2001:db8::/32", // documentation
          "2002::/16", // 6to4: any IPv4 address may be within
          "3fff::/20"); // documentation

  /// Where the last four bytes are an IPv4 address, which is what counts: `::ffff:0:0/96` (mapped;
  /// as text Java takes it for the IPv4 address itself), translated, and NAT64.
  private static final List<AddressRange> EMBEDDING_V4 =
      List.of(
          AddressRange.of(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0}, 96),
          AddressRange.parse("::ffff:0:0:0/96"),
          AddressRange.parse("64:ff9b::/96"));

  private final List<AddressRange> opened;

  private AddressPolicy(List<AddressRange> opened) {
    this.opened = List.copyOf(opened);
  }

  /// The public internet and `opened`.
  public static AddressPolicy opening(List<AddressRange> opened) {
    return opened.isEmpty() ? PUBLIC : new AddressPolicy(opened);
  }

  /// Whether guests may reach `address`.
  public boolean allows(InetAddress address) {
    InetAddress meant = meant(address);
    return opened.stream().anyMatch(range -> range.contains(meant) || range.contains(address))
        || isPublic(meant);
  }

  private static boolean isPublic(InetAddress address) {
    return address instanceof Inet4Address
        ? CLOSED_V4.stream().noneMatch(range -> range.contains(address))
        : GLOBAL_V6.contains(address)
            && CLOSED_V6.stream().noneMatch(range -> range.contains(address));
  }

  /// The IPv4 address within `address`, or `address`.
  private static InetAddress meant(InetAddress address) {
    if (EMBEDDING_V4.stream().noneMatch(range -> range.contains(address))) {
      return address;
    }
    byte[] bytes = address.getAddress();
    try {
      return InetAddress.getByAddress(
          Arrays.copyOfRange(bytes, bytes.length - Integer.BYTES, bytes.length));
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // four bytes are an address
    }
  }

  private static List<AddressRange> ranges(String... texts) {
    return Stream.of(texts).map(AddressRange::parse).toList();
  }
}
