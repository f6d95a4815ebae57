package dev.cloister.sandbox.http;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantArchives;
import dev.cloister.sandbox.registry.TenantRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes tenants out of the server and brings them in, as archives that are never in memory as a
/// whole.
final class ArchiveApi {
  private static final Logger LOG = LoggerFactory.getLogger(ArchiveApi.class);

  private static final String ZIP_TYPE = "application/zip";
  private static final int MAX_ARCHIVES = 4;

  /// Beside the modules, which `storageBytes` bounds.
  private static final long MAX_MANIFEST_BYTES = 16 << 20;

  private final Vertx vertx;
  private final TenantRegistry tenants;
  private final TenantArchives archives;
  private final ControlEndpoints control;
  private final Semaphore places = new Semaphore(MAX_ARCHIVES);

  ArchiveApi(
      Vertx vertx, TenantRegistry tenants, TenantArchives archives, ControlEndpoints control) {
    this.vertx = vertx;
    this.tenants = tenants;
    this.archives = archives;
    this.control = control;
  }

  /// Answers with the tenant as an archive.
  void exportTenant(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    takePlace();
    control.execute(() -> {
      @Nullable Path file = newFile(exchange);
      if (file == null) {
        return;
      }
      try {
        archives.exportTo(tenant, file, request.author());
        exchange.context().runOnContext(_ -> send(exchange, tenant, file));
      } catch (IOException | RuntimeException e) {
        fail(exchange, file, e);
      }
    });
  }

  /// Brings the archive in the body into the tenant.
  void importTenant(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    requireZip(request);
    request.requireIdentityCoding();
    long maxBytes =
        tenant.isolate().limits().value(IsolateLimit.STORAGE_BYTES) + MAX_MANIFEST_BYTES;
    long announced = exchange.announcedBytes();
    if (announced > maxBytes) {
      throw BodyReader.tooLarge("archiveBytes", announced, maxBytes).asException();
    }
    BodyDigests digests = BodyDigests.of(request);
    takePlace();
    control.execute(() -> {
      @Nullable Path file = newFile(exchange);
      if (file != null) {
        exchange
            .context()
            .runOnContext(_ ->
                BodyFile.receive(
                    vertx,
                    exchange,
                    digests,
                    file,
                    "archiveBytes",
                    maxBytes,
                    () -> control.execute(() -> read(exchange, tenant, file)),
                    failure -> fail(exchange, file, failure)));
      }
    });
  }

  private void read(Exchange exchange, Tenant tenant, Path file) {
    try {
      TenantArchives.Imported imported =
          archives.importFrom(tenant, file, exchange.request().author());
      done(file);
      exchange.context().runOnContext(_ -> exchange.answer(Answer.json(200, imported)));
    } catch (IOException | RuntimeException e) {
      fail(exchange, file, e);
    }
  }

  private void send(Exchange exchange, Tenant tenant, Path file) {
    HttpServerResponse response = exchange.http().response();
    response.putHeader("Content-Type", ZIP_TYPE);
    response.putHeader("Cache-Control", "no-store");
    response.putHeader("Content-Disposition", "attachment; filename=\"" + tenant.name() + ".zip\"");
    exchange.putCommonHeaders(response);
    boolean isHead = exchange.http().method().equals(HttpMethod.HEAD);
    (isHead ? response.end() : response.sendFile(file.toString()))
        .onComplete(_ -> control.execute(() -> done(file)));
  }

  private @Nullable Path newFile(Exchange exchange) {
    try {
      return archives.newFile();
    } catch (IOException e) {
      fail(exchange, null, e);
      return null;
    }
  }

  private void fail(Exchange exchange, @Nullable Path file, Exception failure) {
    exchange.context().runOnContext(_ -> exchange.fail(failure));
    control.execute(() -> done(file));
  }

  private void done(@Nullable Path file) {
    places.release();
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        LOG.warn("event=archive-not-removed file={}", file, e);
      }
    }
  }

  private void takePlace() {
    if (!places.tryAcquire()) {
      throw Problem.of(ProblemType.OVERLOADED, "too many exports and imports at once")
          .with("limit", "archives")
          .with("allowed", MAX_ARCHIVES)
          .asException();
    }
  }

  private static void requireZip(ApiRequest request) {
    @Nullable String type = request.header("Content-Type");
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase(ZIP_TYPE)) {
      throw Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "an archive is " + ZIP_TYPE)
          .with("actual", type)
          .with("allowed", List.of(ZIP_TYPE))
          .asException();
    }
  }
}
