package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.HttpConfig;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.ServerSSLOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How the library's HTTP server is set up: versions, TLS, and what a request may cost before
/// anybody looks at it.
final class ServerOptions {
  static final int MAX_URL_BYTES = 16 << 10;
  static final int MAX_HEADER_BYTES = 32 << 10;

  private static final int MAX_WEB_SOCKET_MESSAGE_BYTES = 2 << 20;
  private static final int MAX_STREAMS = 100;
  private static final List<String> TLS_VERSIONS = List.of("TLSv1.3", "TLSv1.2");

  private ServerOptions() {}

  /// Returns the options of a listener.
  ///
  /// @param certificate the server's certificate, null without TLS
  static HttpServerOptions of(HttpConfig config, @Nullable Certificate certificate) {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(config.host())
            .setPort(config.port())
            .setMaxInitialLineLength(MAX_URL_BYTES)
            .setMaxHeaderSize(MAX_HEADER_BYTES)
            // Every request would pay for looking whether it is a WebSocket to be compressed.
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            .setMaxWebSocketFrameSize(MAX_WEB_SOCKET_MESSAGE_BYTES)
            .setMaxWebSocketMessageSize(MAX_WEB_SOCKET_MESSAGE_BYTES)
            .setHttp2ClearTextEnabled(config.http2())
            .setInitialSettings(
                new Http2Settings()
                    .setMaxConcurrentStreams(MAX_STREAMS)
                    .setMaxHeaderListSize(MAX_HEADER_BYTES))
            .setIdleTimeout((int) config.connections().idleTimeout().toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    if (certificate != null) {
      options
          .setSsl(true)
          .setUseAlpn(true)
          .setAlpnVersions(versions(config))
          .setEnabledSecureTransportProtocols(tlsVersions())
          .setKeyCertOptions(certificate.options());
    }
    return options;
  }

  /// Returns what changes when the certificate does.
  static ServerSSLOptions ssl(HttpConfig config, Certificate certificate) {
    ServerSSLOptions options = new ServerSSLOptions();
    options.setKeyCertOptions(certificate.options());
    options.setEnabledSecureTransportProtocols(tlsVersions());
    options.setUseAlpn(true);
    options.setApplicationLayerProtocols(
        versions(config).stream().map(HttpVersion::alpnName).toList());
    return options;
  }

  private static Set<String> tlsVersions() {
    return new LinkedHashSet<>(TLS_VERSIONS);
  }

  private static List<HttpVersion> versions(HttpConfig config) {
    return config.http2()
        ? List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1)
        : List.of(HttpVersion.HTTP_1_1);
  }
}
