package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.HttpConfig;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop's HTTP listener: accepts connections, and has their requests dispatched.
final class HttpVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(HttpVerticle.class);

  private final HttpConfig config;
  private final CrossOrigin crossOrigin;
  private final Connections connections;
  private final RouteTable routes;
  private final Authentication authentication;
  private final WrongKeys wrongKeys;
  private final ServerReload reloads;
  private @Nullable Certificate certificate;
  private @Nullable HttpServer server;

  /// Whether the certificate's files are being read.
  private boolean isReading;

  /// @param certificate the server's certificate, null without TLS
  /// @param connectionCount counts the connections of all event loops
  /// @param reloads says when the certificate is to be looked at besides
  HttpVerticle(
      HttpConfig config,
      RouteTable routes,
      Authentication authentication,
      WrongKeys wrongKeys,
      @Nullable Certificate certificate,
      AtomicInteger connectionCount,
      ServerReload reloads) {
    this.reloads = reloads;
    this.config = config;
    this.certificate = certificate;
    this.crossOrigin = new CrossOrigin(config.corsOrigins());
    this.connections = new Connections(config.connections(), connectionCount);
    this.routes = routes;
    this.authentication = authentication;
    this.wrongKeys = wrongKeys;
  }

  @Override
  public Future<?> start() {
    HttpServer created =
        vertx
            .createHttpServer(ServerOptions.of(config, certificate))
            .connectionHandler(connections::open)
            .invalidRequestHandler(UnreadableRequest::answer)
            .requestHandler(dispatcher()::receive);
    server = created;
    connections.start(vertx);
    if (certificate != null) {
      vertx.setPeriodic(config.tls().reload().toMillis(), _ -> reload(created));
      Context loop = vertx.getOrCreateContext();
      reloads.onReload(() -> loop.runOnContext(_ -> reload(created)));
    }
    return created.listen();
  }

  /// Looks at the certificate's files. Connections that are there keep the certificate they have.
  private void reload(HttpServer running) {
    if (isReading) {
      return; // what takes longer than the period would pile up
    }
    isReading = true;
    vertx
        .executeBlocking(() -> Certificate.read(config.tls()))
        .onComplete(_ -> isReading = false)
        .compose(read -> {
          if (certificate == null || read.isSame(certificate)) {
            return Future.succeededFuture();
          }
          certificate = read;
          LOG.info("event=certificate-reloaded");
          return running.updateSSLOptions(ServerOptions.ssl(config, read));
        })
        .onFailure(failure ->
            LOG.error("event=certificate-not-reloaded reason=\"{}\"", failure.getMessage()));
  }

  @Override
  public Future<?> stop() {
    HttpServer current = server;
    return current == null ? Future.succeededFuture() : current.shutdown(config.drainTimeout());
  }

  private Dispatcher dispatcher() {
    return new Dispatcher(
        vertx,
        routes,
        authentication,
        wrongKeys,
        connections,
        crossOrigin,
        new BodyPaces(vertx, config.connections().minBodyBytesPerSecond()));
  }
}
