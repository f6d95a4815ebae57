package dev.cloister.sandbox.http;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.abi.extism.ExtismManifest;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.plugin.DocumentUpload;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.ContentItem;
import dev.cloister.sandbox.registry.InterfaceItem;
import dev.cloister.sandbox.registry.PluginRegistry;
import dev.cloister.sandbox.registry.PluginUpload;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.registry.UploadedVersion;
import dev.cloister.sandbox.signature.DetachedSignature;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.WriteGuard;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Uploads: the body of the request streams into the decoder, the compiler and the blob store.
final class UploadApi implements AutoCloseable {
  private static final String WASM_TYPE = "application/wasm";
  private static final int MAX_UPLOADS = 64;

  /// The most of one tenant, so that its slow senders keep nobody else out.
  private static final int MAX_UPLOADS_PER_TENANT = MAX_UPLOADS / 2;

  private final TenantRegistry tenants;
  private final PluginRegistry plugins;
  private final Representations representations;
  private final Operations operations;
  private final LongConsumer cancelJob;
  private final Semaphore places = new Semaphore(MAX_UPLOADS);

  /// Decodes and validates: as many threads as that may keep busy at once.
  private final ExecutorService workers;

  UploadApi(
      TenantRegistry tenants,
      PluginRegistry plugins,
      Representations representations,
      Operations operations,
      LongConsumer cancelJob,
      int threads) {
    this.tenants = tenants;
    this.plugins = plugins;
    this.representations = representations;
    this.operations = operations;
    this.cancelJob = cancelJob;
    this.workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("cloister-upload-", 0).factory());
  }

  /// The answer to an upload.
  record View(
      String version,
      String abi,
      List<InterfaceItem> imports,
      List<InterfaceItem> exports,
      List<ContentItem> content,
      String script,
      long sizeBytes,
      boolean live,
      List<String> unresolvedImports,
      List<String> signedBy,
      String state,
      CapabilityView capabilities) {

    static View of(UploadedVersion uploaded) {
      return new View(
          uploaded.version().digest().toString(),
          uploaded.version().abi(),
          uploaded.moduleInterface().imports(),
          uploaded.moduleInterface().exports(),
          uploaded.moduleInterface().content(),
          uploaded.version().script(),
          uploaded.version().sizeBytes(),
          uploaded.isLive(),
          uploaded.unresolvedImports(),
          uploaded.signedBy(),
          uploaded.isPending() ? PluginApi.PENDING : PluginApi.ACTIVE,
          CapabilityView.of(uploaded.capabilities()));
    }
  }

  void put(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    PluginName plugin = request.plugin();
    boolean activate = request.queryFlag("activate", true);
    boolean isDocument = isDocument(request.header("Content-Type"));
    request.requireIdentityCoding();
    Runnable condition = representations.check(Routes.PLUGIN, request);
    BodyDigests digests = BodyDigests.of(request);
    long maxBytes = tenant.isolate().limits().value(IsolateLimit.UPLOAD_BYTES);
    long announced = exchange.announcedBytes();
    if (announced > maxBytes) {
      throw BodyReader.tooLarge("uploadBytes", announced, maxBytes).asException();
    }
    AtomicReference<@Nullable PluginUpload> begun = new AtomicReference<>();
    takePlace(tenant);
    new StreamingUpload(
            exchange,
            workers,
            () -> {
              condition.run();
              PluginUpload upload =
                  plugins.beginUpload(
                      tenant, plugin, isDocument, request.header(DetachedSignature.HEADER));
              begun.set(upload);
              return upload;
            },
            upload ->
                answer(WriteGuard.call(condition, () -> upload.finish(activate, request.author()))),
            digests,
            maxBytes,
            new HeapCharge(tenant.isolate().ledger(), HeapCategory.BUFFER),
            failure -> reason(tenant, failure),
            (next, onRefusal) -> {
              if (Operations.areWanted(request)) {
                operations.detach(
                    exchange,
                    Operation.Kind.UPLOAD,
                    tenant,
                    plugin.text(),
                    operation -> {
                      operation.onCancel(() -> cancel(begun.get()));
                      next.run();
                    },
                    onRefusal);
              } else {
                next.run();
              }
            },
            () -> giveBackPlace(tenant))
        .start();
  }

  /// Says why an upload failed: whatever a tenant is refused that is being deleted, it is because
  /// of that.
  private Throwable reason(Tenant tenant, Throwable failure) {
    return tenants.find(tenant.name()) == tenant
        ? failure
        : Problem.notFound("tenant", tenant.name().text()).asException();
  }

  private void cancel(@Nullable PluginUpload upload) {
    if (upload != null) {
      cancelJob.accept(upload.jobId());
    }
  }

  private void takePlace(Tenant tenant) {
    if (tenant.uploads().incrementAndGet() > MAX_UPLOADS_PER_TENANT) {
      tenant.uploads().decrementAndGet();
      throw overloaded("the tenant has too many uploads at once", MAX_UPLOADS_PER_TENANT);
    }
    if (!places.tryAcquire()) {
      tenant.uploads().decrementAndGet();
      throw overloaded("too many uploads at once", MAX_UPLOADS);
    }
  }

  private void giveBackPlace(Tenant tenant) {
    places.release();
    tenant.uploads().decrementAndGet();
  }

  private static ApiException overloaded(String detail, int allowed) {
    return Problem.of(ProblemType.OVERLOADED, detail)
        .with("limit", "uploads")
        .with("allowed", allowed)
        .asException();
  }

  @Override
  public void close() {
    workers.close();
  }

  private static int status(UploadedVersion uploaded) {
    if (uploaded.isPending()) {
      return 202;
    }
    return uploaded.isCreated() ? 201 : 200;
  }

  private static Answer answer(UploadedVersion uploaded) {
    return Answer.json(status(uploaded), View.of(uploaded))
        .with(
            "Location",
            "/v1/tenants/"
                + uploaded.version().tenant()
                + "/plugins/"
                + uploaded.version().plugin()
                + "/versions/"
                + uploaded.version().digest());
  }

  /// Whether the body is a manifest or a bundle. Undeclared bytes are taken for a module: what they
  /// are shows at the first of them.
  private static boolean isDocument(@Nullable String type) {
    if (type == null) {
      return false;
    }
    return switch (type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT)) {
      case WASM_TYPE -> false;
      case ExtismManifest.MEDIA_TYPE, Answer.JSON_TYPE, DocumentUpload.BUNDLE_TYPE -> true;
      default ->
          throw ApiRequest.unsupportedType(
                  type,
                  WASM_TYPE
                      + ", "
                      + ExtismManifest.MEDIA_TYPE
                      + " or "
                      + DocumentUpload.BUNDLE_TYPE)
              .asException();
    };
  }
}
