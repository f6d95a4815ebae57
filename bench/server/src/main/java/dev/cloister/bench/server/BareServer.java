package dev.cloister.bench.server;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;

/// What HTTP alone costs: a handler of Vert.x that reads the body and answers what the server under
/// test answers. A process of its own.
final class BareServer {
  private static final Buffer ANSWER = Buffer.buffer("{\"results\":[3]}");

  private BareServer() {}

  /// Serves until it is ended.
  public static void main(String[] args) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    int port =
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
            .requestHandler(request ->
                request
                    .body()
                    .onSuccess(_ ->
                        request
                            .response()
                            .putHeader("Content-Type", "application/json")
                            .end(ANSWER)))
            .listen()
            .toCompletionStage()
            .toCompletableFuture()
            .join()
            .actualPort();
    System.out.println("READY http://127.0.0.1:" + port);
  }
}
