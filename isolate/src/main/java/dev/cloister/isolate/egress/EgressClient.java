package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.OutboundHttp;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The client by which guests send their requests; one for the whole server. Any thread.
public final class EgressClient implements AutoCloseable {
  /*
   * A name is resolved here and not by the library, every address of it is checked, and the
   * connection goes to an address that was: a second look at the name, which may have got another
   * address meanwhile (DNS rebinding), never happens. The name stays in the field Host, in TLS's
   * SNI, and is what the certificate is checked against.
   *
   * Connections are not used again. A connection that one tenant's request left in an unexpected
   * state could otherwise give its answer to another tenant.
   */

  private final HttpClient client;
  private final HostResolver resolver;
  private final AddressPolicy addresses;
  private final EgressLimits limits;
  private final LongSupplier nanoTime;
  private final Semaphore places;
  private final ExecutorService lookups =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cloister-lookup-", 0).factory());

  private EgressClient(
      Vertx vertx,
      HostResolver resolver,
      AddressPolicy addresses,
      EgressLimits limits,
      @Nullable TrustOptions trust,
      LongSupplier nanoTime) {
    HttpClientOptions options =
        new HttpClientOptions()
            .setKeepAlive(false)
            .setConnectTimeout(Math.toIntExact(limits.connectTimeout().toMillis()))
            .setMaxHeaderSize(limits.maxHeaderBytes())
            .setVerifyHost(true);
    if (trust != null) {
      options.setTrustOptions(trust);
    }
    this.client =
        vertx
            .httpClientBuilder()
            .with(options)
            .with(new PoolOptions().setHttp1MaxSize(limits.maxConnections()))
            .build();
    this.resolver = resolver;
    this.addresses = addresses;
    this.limits = limits;
    this.nanoTime = nanoTime;
    this.places = new Semaphore(limits.maxConnections());
  }

  /// A client that trusts the certificates that Java does.
  public static EgressClient create(
      Vertx vertx, HostResolver resolver, AddressPolicy addresses, EgressLimits limits) {
    return new EgressClient(vertx, resolver, addresses, limits, null, System::nanoTime);
  }

  /// A client that trusts the certificates of `trust` alone.
  public static EgressClient trusting(
      TrustOptions trust,
      Vertx vertx,
      HostResolver resolver,
      AddressPolicy addresses,
      EgressLimits limits) {
    return new EgressClient(vertx, resolver, addresses, limits, trust, System::nanoTime);
  }

  /// What sends the requests of a plugin, for which `rules` hold.
  public OutboundHttp outbound(EgressRules rules) {
    return (request, call) -> new EgressExchange(this, rules, request, call).run();
  }

  EgressLimits limits() {
    return limits;
  }

  long nanoTime() {
    return nanoTime.getAsLong();
  }

  /// Takes a place among the requests that are under way.
  ///
  /// @throws HostServiceException `FAILED` if there are too many
  void enter() {
    if (!places.tryAcquire()) {
      throw new HostServiceException(
          HostError.FAILED,
          "the server has "
              + limits.maxConnections()
              + " requests of plugins under way, as many as it may");
    }
  }

  /// Gives the place back.
  void exit() {
    places.release();
  }

  /// The addresses of a host, all of which may be reached.
  CompletableFuture<List<InetAddress>> lookUp(Target target) {
    return CompletableFuture.supplyAsync(
        () -> {
          List<InetAddress> found = resolve(target.host());
          for (InetAddress address : found) {
            if (!addresses.allows(address)) {
              // Not which: a guest is not told of the network that it is in.
              throw new HostServiceException(
                  HostError.FORBIDDEN, target.host() + " has an address that is not public");
            }
          }
          return found;
        },
        lookups);
  }

  /// Connects to `address` for a request to `target`.
  Future<HttpClientRequest> connect(String method, Target target, InetAddress address) {
    return client.request(
        new RequestOptions()
            .setMethod(HttpMethod.valueOf(method))
            .setServer(SocketAddress.inetSocketAddress(target.port(), address.getHostAddress()))
            .setHost(target.host())
            .setPort(target.port())
            .setSsl(target.isSecure())
            .setURI(target.pathAndQuery())
            .setFollowRedirects(false));
  }

  /// Ends all connections.
  @Override
  public void close() {
    lookups.shutdownNow();
    client.close().toCompletionStage().toCompletableFuture().join();
  }

  private List<InetAddress> resolve(String host) {
    try {
      List<InetAddress> found = resolver.resolve(host);
      if (!found.isEmpty()) {
        return found;
      }
    } catch (UnknownHostException _) {
      // the same as no address
    }
    throw new HostServiceException(HostError.FAILED, "the host " + host + " has no address");
  }
}
