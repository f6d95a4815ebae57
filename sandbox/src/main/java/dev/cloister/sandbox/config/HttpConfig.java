package dev.cloister.sandbox.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// The section `http`: where and how requests are accepted.
///
/// @param host the address to listen on
/// @param port the port to listen on; 0 takes a free one
/// @param tls the server's certificate
/// @param http2 whether HTTP/2 is spoken beside HTTP/1.1
/// @param corsOrigins the origins whose pages may read answers
/// @param connections what connections may cost
/// @param drainTimeout how long requests may take to end when the server stops
/// @param maxControlBodyBytes the largest body of a request that is not a call or an upload
public record HttpConfig(
    String host,
    int port,
    TlsConfig tls,
    boolean http2,
    List<String> corsOrigins,
    Connections connections,
    Duration drainTimeout,
    int maxControlBodyBytes) {
  private static final int DEFAULT_PORT = 8080;
  private static final int MAX_PORT = 65_535;
  private static final int KIBIBYTE = 1 << 10;
  private static final int MEBIBYTE = 1 << 20;

  /// What connections may cost.
  ///
  /// @param maximum how many there may be at once
  /// @param idleTimeout after this time without a byte, or without a whole head of a request, a
  ///   connection is closed
  /// @param minBodyBytesPerSecond how fast a body must arrive; 0 is any pace
  public record Connections(int maximum, Duration idleTimeout, int minBodyBytesPerSecond) {
    private static final int DEFAULT_CONNECTIONS = 20_000;
    private static final int MAX_CONNECTIONS = 1_000_000;
    private static final int DEFAULT_BODY_RATE = 256;

    static Connections from(ConfigSection section) {
      return new Connections(
          (int) section.number("maxConnections", DEFAULT_CONNECTIONS, 1, MAX_CONNECTIONS),
          section.duration(
              "idleTimeout", Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofHours(1)),
          (int) section.sizeBytes("minBodyPerSecond", DEFAULT_BODY_RATE, 0, MEBIBYTE));
    }
  }

  static HttpConfig from(ConfigSection section) {
    HttpConfig config =
        new HttpConfig(
            section.text("host", "127.0.0.1"),
            (int) section.number("port", DEFAULT_PORT, 0, MAX_PORT),
            TlsConfig.from(section.section("tls")),
            section.flag("http2", /* defaultValue= */ true),
            section.list("corsOrigins", HttpConfig::origin),
            Connections.from(section),
            section.duration(
                "drainTimeout", Duration.ofSeconds(10), Duration.ZERO, Duration.ofMinutes(10)),
            (int) section.sizeBytes("maxControlBody", MEBIBYTE, KIBIBYTE, 64L * MEBIBYTE));
    section.end();
    return config;
  }

  /// Returns `http` or `https`.
  public String scheme() {
    return tls.isOn() ? "https" : "http";
  }

  /// Returns this configuration with another address.
  public HttpConfig withHost(String newHost) {
    return new HttpConfig(
        newHost, port, tls, http2, corsOrigins, connections, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with another port.
  public HttpConfig withPort(int newPort) {
    return new HttpConfig(
        host, newPort, tls, http2, corsOrigins, connections, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with another certificate.
  public HttpConfig withTls(TlsConfig newTls) {
    return new HttpConfig(
        host, port, newTls, http2, corsOrigins, connections, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with HTTP/2 or without.
  public HttpConfig withHttp2(boolean newHttp2) {
    return new HttpConfig(
        host, port, tls, newHttp2, corsOrigins, connections, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with other origins.
  public HttpConfig withCorsOrigins(List<String> newCorsOrigins) {
    return new HttpConfig(
        host, port, tls, http2, newCorsOrigins, connections, drainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with another time for requests to end in.
  public HttpConfig withDrainTimeout(Duration newDrainTimeout) {
    return new HttpConfig(
        host, port, tls, http2, corsOrigins, connections, newDrainTimeout, maxControlBodyBytes);
  }

  /// Returns this configuration with other limits of connections.
  public HttpConfig withConnections(Connections newConnections) {
    return new HttpConfig(
        host, port, tls, http2, corsOrigins, newConnections, drainTimeout, maxControlBodyBytes);
  }

  /// An origin as browsers send it: scheme, host and port, if it is not the scheme's own.
  private static String origin(String text) {
    try {
      URI uri = URI.create(text);
      String scheme = String.valueOf(uri.getScheme());
      boolean isWeb = scheme.equals("http") || scheme.equals("https");
      if (isWeb && text.equals(scheme + "://" + uri.getRawAuthority()) && uri.getHost() != null) {
        return text.toLowerCase(Locale.ROOT);
      }
    } catch (IllegalArgumentException _) {
      // Falls through to the fault below.
    }
    throw new IllegalArgumentException(
        "expected an origin such as https://console.example, got \"" + text + "\"");
  }
}
