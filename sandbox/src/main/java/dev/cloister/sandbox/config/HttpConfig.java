package dev.cloister.sandbox.config;

import java.time.Duration;

/// The section `http`: where and how requests are accepted.
///
/// @param host the address to listen on
/// @param port the port to listen on; 0 takes a free one
/// @param idleTimeout after this time without a byte a connection is closed
/// @param drainTimeout how long requests may take to end when the server stops
/// @param maxControlBodyBytes the largest body of a request that is not a call or an upload
public record HttpConfig(
    String host, int port, Duration idleTimeout, Duration drainTimeout, int maxControlBodyBytes) {
  private static final int DEFAULT_PORT = 8080;
  private static final int MAX_PORT = 65_535;
  private static final int KIBIBYTE = 1 << 10;
  private static final int MEBIBYTE = 1 << 20;

  static HttpConfig from(ConfigSection section) {
    HttpConfig config =
        new HttpConfig(
            section.text("host", "127.0.0.1"),
            (int) section.number("port", DEFAULT_PORT, 0, MAX_PORT),
            section.duration(
                "idleTimeout", Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofHours(1)),
            section.duration(
                "drainTimeout", Duration.ofSeconds(10), Duration.ZERO, Duration.ofMinutes(10)),
            (int) section.sizeBytes("maxControlBody", MEBIBYTE, KIBIBYTE, 64L * MEBIBYTE));
    section.end();
    return config;
  }

  /// Returns this configuration with another address.
  public HttpConfig withHost(String newHost) {
    return new HttpConfig(newHost, port, idleTimeout, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with another port.
  public HttpConfig withPort(int newPort) {
    return new HttpConfig(host, newPort, idleTimeout, drainTimeout, maxControlBodyBytes);
  }
}
