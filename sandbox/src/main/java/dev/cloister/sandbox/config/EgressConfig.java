package dev.cloister.sandbox.config;

import dev.cloister.isolate.egress.AddressPolicy;
import dev.cloister.isolate.egress.AddressRange;
import dev.cloister.isolate.egress.EgressLimits;
import java.time.Duration;
import java.util.List;

/// The section `egress`: requests that plugins send.
///
/// @param openedAddresses ranges of addresses that plugins may reach besides the public internet
/// @param limits what holds for every request
/// @param logEntries how many requests are kept in each tenant's log
public record EgressConfig(
    List<AddressRange> openedAddresses, EgressLimits limits, int logEntries) {
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final long MAX_BODY_BYTES = 1L << 30;
  private static final int MAX_HEADER_BYTES = 1 << 20;
  private static final int MAX_REDIRECTS = 20;
  private static final int MAX_CONNECTIONS = 100_000;
  private static final int DEFAULT_LOG_ENTRIES = 500;
  private static final int MAX_LOG_ENTRIES = 100_000;

  /// Copies the list.
  public EgressConfig {
    openedAddresses = List.copyOf(openedAddresses);
  }

  static EgressConfig from(ConfigSection section) {
    EgressLimits defaults = EgressLimits.defaults();
    EgressConfig config =
        new EgressConfig(
            section.list("openedAddresses", AddressRange::parse),
            new EgressLimits(
                section.duration(
                    "connectTimeout", defaults.connectTimeout(), Duration.ofMillis(1), LONGEST),
                section.duration(
                    "requestTimeout", defaults.requestTimeout(), Duration.ofMillis(1), LONGEST),
                section.sizeBytes("maxRequestBody", defaults.maxRequestBytes(), 0, MAX_BODY_BYTES),
                section.sizeBytes(
                    "maxResponseBody", defaults.maxResponseBytes(), 0, MAX_BODY_BYTES),
                (int)
                    section.sizeBytes(
                        "maxHeader", defaults.maxHeaderBytes(), 1024, MAX_HEADER_BYTES),
                (int) section.number("maxRedirects", defaults.maxRedirects(), 0, MAX_REDIRECTS),
                (int)
                    section.number(
                        "maxConnections", defaults.maxConnections(), 1, MAX_CONNECTIONS)),
            (int) section.number("logEntries", DEFAULT_LOG_ENTRIES, 1, MAX_LOG_ENTRIES));
    section.end();
    return config;
  }

  /// Returns this section with other ranges that are opened.
  public EgressConfig withOpenedAddresses(List<AddressRange> newOpenedAddresses) {
    return new EgressConfig(newOpenedAddresses, limits, logEntries);
  }

  /// Returns the addresses that plugins may reach.
  public AddressPolicy addresses() {
    return AddressPolicy.opening(openedAddresses);
  }
}
