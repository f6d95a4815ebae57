package dev.cloister.sandbox.http;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.StoredOperations;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.InvalidNameException;
import dev.cloister.sandbox.storage.OperationRecord;
import dev.cloister.sandbox.storage.StorageException;
import dev.cloister.sandbox.storage.TenantName;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operations of clients that did not want to wait (RFC 7240, `Prefer: respond-async`).
///
/// That one was begun is durable before its client is told, and how it ended before anybody is. One
/// that was going on when the server stopped has failed after the next start (`interrupted`). Their
/// number is bounded for each tenant, their answers are charged to it, and an hour after its end,
/// or with its tenant, an operation is forgotten.
final class Operations {
  static final String PATH = "/v1/operations";

  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);
  private static final int MAX_PER_TENANT = 100;
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int ID_BYTES = 16;
  private static final Pattern RESPOND_ASYNC =
      Pattern.compile("(?i)(^|.*,)\\s*respond-async\\s*([;,].*|$)");

  private final TenantRegistry tenants;
  private final StoredOperations stored;
  private final ControlEndpoints threads;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Operation> operations = new ConcurrentHashMap<>();

  private Operations(
      TenantRegistry tenants, StoredOperations stored, ControlEndpoints threads, Clock clock) {
    this.tenants = tenants;
    this.stored = stored;
    this.threads = threads;
    this.clock = clock;
  }

  /// Finds the operations of the servers before this one. Blocks.
  ///
  /// @param threads where operations are stored
  static Operations restore(
      TenantRegistry tenants, StoredOperations stored, ControlEndpoints threads, Clock clock) {
    Operations restored = new Operations(tenants, stored, threads, clock);
    for (OperationRecord row : stored.all()) {
      try {
        restored.restore(row);
      } catch (ApiException | InvalidNameException e) {
        LOG.warn("event=operation-unreadable operation={}", row.id(), e);
        stored.delete(row.id());
      }
    }
    restored.forgetOld();
    return restored;
  }

  private void restore(OperationRecord row) {
    @Nullable Tenant tenant = tenants.find(new TenantName(row.tenant()));
    Operation.@Nullable Kind kind = Operation.Kind.named(row.kind());
    if (tenant == null || kind == null) {
      return; // of a tenant that is damaged
    }
    Operation operation =
        new Operation(
            row.id(), kind, row.actor(), tenant, row.plugin(), row.createdAt(), charge(tenant));
    OperationRecord.@Nullable End end = row.end();
    if (end == null) {
      OperationResult result = OperationResult.of(Answer.problem(interrupted()));
      Instant now = now();
      stored.end(row.id(), Operation.Status.FAILED.label(), result.stored(now));
      operation.end(result, now);
    } else if (row.status().equals(Operation.Status.CANCELLED.label())) {
      operation.restoreCancelled(end.at());
    } else {
      @Nullable OperationResult result = operation.claim(OperationResult.of(end));
      if (result != null) {
        operation.end(result, end.at());
      }
    }
    operations.put(operation.id(), operation);
  }

  private static Problem interrupted() {
    return Problem.of(
        ProblemType.INTERRUPTED,
        "the server stopped before this ended; whether an upload made a version shows in its"
            + " plugin's versions");
  }

  /// Returns whether a client does not want to wait.
  static boolean areWanted(ApiRequest request) {
    @Nullable String preferences = request.header("Prefer");
    return preferences != null && RESPOND_ASYNC.matcher(preferences).matches();
  }

  /// Stores that the work goes on and answers so; keeps what it is answered with later. On the
  /// exchange's event loop, where one of the two is called later.
  ///
  /// @param next begins the work
  /// @param onRefusal told if the operation could not be stored
  /// @throws ApiException if the tenant has too many operations
  void detach(
      Exchange exchange,
      Operation.Kind kind,
      Tenant tenant,
      String plugin,
      Consumer<Operation> next,
      Consumer<RuntimeException> onRefusal) {
    forgetOld();
    requireRoom(tenant);
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    Operation operation =
        new Operation(
            Base64.getUrlEncoder().withoutPadding().encodeToString(id),
            kind,
            exchange.request().principal().actor(),
            tenant,
            plugin,
            now(),
            charge(tenant));
    operations.put(operation.id(), operation);
    threads.execute(() -> {
      try {
        stored.begin(operation.begun(), now().minus(KEPT));
      } catch (RuntimeException e) {
        operations.remove(operation.id());
        operation.forget();
        exchange.context().runOnContext(_ -> onRefusal.accept(e));
        return;
      }
      Answer accepted =
          Answer.json(202, operation.view())
              .with("Location", PATH + "/" + operation.id())
              .with("Preference-Applied", "respond-async");
      exchange
          .context()
          .runOnContext(_ -> {
            exchange.detach(accepted, answer -> end(operation, answer));
            next.accept(operation);
          });
    });
  }

  private void requireRoom(Tenant tenant) {
    long present = operations.values().stream().filter(one -> one.tenant() == tenant).count();
    if (present >= MAX_PER_TENANT) {
      throw Problem.of(ProblemType.RATE_LIMITED, "the tenant has too many operations; delete some")
          .with("limit", "operations")
          .with("used", present)
          .with("allowed", MAX_PER_TENANT)
          .asException();
    }
  }

  private static HeapCharge charge(Tenant tenant) {
    return new HeapCharge(tenant.isolate().ledger(), HeapCategory.BUFFER);
  }

  /// Stores how an operation ended, then shows it.
  private void end(Operation operation, Answer answer) {
    @Nullable OperationResult result = operation.claim(OperationResult.of(answer));
    if (result == null) {
      return;
    }
    try {
      threads.execute(() -> {
        Instant now = now();
        store(operation.id(), Operation.Status.of(result), result.stored(now));
        operation.end(result, now);
      });
    } catch (RejectedExecutionException _) {
      // The server stops. What is not stored was interrupted.
      LOG.info("event=operation-interrupted operation={}", operation.id());
    }
  }

  private void store(String id, Operation.Status status, OperationRecord.End end) {
    try {
      stored.end(id, status.label(), end);
    } catch (StorageException e) {
      // It is shown all the same, until the server is restarted.
      LOG.error("event=operation-not-stored operation={}", id, e);
    }
  }

  /// Returns all that are there, the oldest first.
  List<Operation> all() {
    forgetOld();
    return List.copyOf(operations.values());
  }

  /// Returns an operation, or null if there is none of this name.
  @Nullable Operation find(String id) {
    forgetOld();
    return operations.get(id);
  }

  /// Cancels an operation that is running; forgets one that has ended. Returns whether it was
  /// running. Blocks.
  boolean end(Operation operation) {
    Instant now = now();
    if (operation.cancel(now)) {
      store(
          operation.id(), Operation.Status.CANCELLED, new OperationRecord.End(now, 0, "{}", null));
      return true;
    }
    stored.delete(operation.id());
    forget(operation);
    return false;
  }

  /// Forgets what is old here; what is stored of it goes when another operation begins.
  private void forgetOld() {
    Instant oldest = now().minus(KEPT);
    for (Operation operation : operations.values()) {
      @Nullable Instant endedAt = operation.endedAt();
      boolean isOld = endedAt != null && endedAt.isBefore(oldest);
      // A new tenant of the same name is another one.
      if (isOld || tenants.find(operation.tenant().name()) != operation.tenant()) {
        forget(operation);
      }
    }
  }

  private void forget(Operation operation) {
    operations.remove(operation.id());
    operation.forget();
  }

  /// As exactly as operations are stored.
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /// Returns whether `principal` may know of an operation.
  static boolean isVisible(Operation operation, Principal principal) {
    return Authorization.seesWorkOf(principal, operation.actor(), operation.tenant().name().text());
  }
}
