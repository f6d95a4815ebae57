package dev.cloister.sandbox.auth.oidc;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.nimbusds.jose.jwk.JWKSet;
import dev.cloister.sandbox.config.OidcConfig;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The public keys of the issuer, fetched on a thread of its own and kept.
///
/// They are fetched again when they are older than ten minutes, behind the back of those who use
/// the old ones, and when a token names a key that is not there, at most every ten seconds. Keys
/// that could not be fetched again stay. Any thread may call; nothing blocks.
final class IssuerKeys implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);
  private static final Duration FRESH = Duration.ofMinutes(10);
  private static final Duration MIN_PAUSE = Duration.ofSeconds(10);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BYTES = 256 << 10;
  private static final String DISCOVERY = "/.well-known/openid-configuration";

  private final OidcConfig config;
  private final Clock clock;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cloister-oidc-", 0).factory());

  private volatile @Nullable Fetched fetched;

  @GuardedBy("this")
  private @Nullable CompletableFuture<@Nullable JWKSet> fetching;

  @GuardedBy("this")
  private Instant triedAt = Instant.EPOCH;

  private record Fetched(JWKSet keys, Instant at) {}

  IssuerKeys(OidcConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /// Returns the keys, null if they were never fetched. Old ones are fetched again meanwhile.
  @Nullable JWKSet present() {
    Fetched now = fetched;
    if (now == null) {
      return null;
    }
    if (clock.instant().isAfter(now.at.plus(FRESH))) {
      CompletableFuture<@Nullable JWKSet> _ = fetch();
    }
    return now.keys;
  }

  /// Fetches the keys, unless that was tried a moment ago; the result is what is there then.
  synchronized CompletableFuture<@Nullable JWKSet> fetch() {
    CompletableFuture<@Nullable JWKSet> running = fetching;
    if (running != null) {
      return running;
    }
    Instant now = clock.instant();
    if (now.isBefore(triedAt.plus(MIN_PAUSE))) {
      Fetched present = fetched;
      return CompletableFuture.completedFuture(present == null ? null : present.keys);
    }
    triedAt = now;
    CompletableFuture<@Nullable JWKSet> started =
        CompletableFuture.supplyAsync(this::fetchNow, threads);
    fetching = started;
    return started;
  }

  @Override
  public void close() {
    http.shutdownNow();
    threads.shutdownNow();
  }

  private @Nullable JWKSet fetchNow() {
    try {
      JWKSet keys = JWKSet.parse(text(jwksUri())).toPublicJWKSet();
      fetched = new Fetched(keys, clock.instant());
      LOG.info("event=issuer-keys-fetched keys={}", keys.size());
      return keys;
    } catch (IOException | ParseException | IllegalArgumentException | ApiException e) {
      LOG.warn("event=issuer-keys-not-fetched issuer={} reason=\"{}\"", config.issuer(), e + "");
      Fetched present = fetched;
      return present == null ? null : present.keys;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      synchronized (this) {
        fetching = null;
      }
    }
  }

  private URI jwksUri() throws IOException, InterruptedException {
    if (!config.jwksUri().isEmpty()) {
      return URI.create(config.jwksUri());
    }
    String issuer = config.issuer();
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    JsonNode document =
        Json.readTree(text(URI.create(base + DISCOVERY)).getBytes(StandardCharsets.UTF_8));
    if (!document.path("issuer").asText().equals(issuer)) {
      throw new IOException("the issuer's own description names another issuer");
    }
    URI uri = URI.create(document.path("jwks_uri").asText());
    URI own = URI.create(issuer);
    if (!"https".equals(uri.getScheme()) && !String.valueOf(own.getScheme()).equals("http")) {
      throw new IOException("the issuer's keys are not behind https");
    }
    return uri;
  }

  private String text(URI uri) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri).timeout(TIMEOUT).header("Accept", "application/json").build();
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(MAX_BYTES + 1);
      if (response.statusCode() != 200 || bytes.length > MAX_BYTES) {
        throw new IOException(
            "status " + response.statusCode() + " with " + bytes.length + " bytes or more");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
