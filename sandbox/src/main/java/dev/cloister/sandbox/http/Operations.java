package dev.cloister.sandbox.http;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The operations of clients that did not want to wait (RFC 7240, `Prefer: respond-async`).
///
/// They belong to the process: after a restart there are none, and what was running did not happen
/// or, for an upload, shows as a version. Their number is bounded for each tenant, their answers
/// are charged to it, and an hour after its end, or with its tenant, an operation is forgotten.
final class Operations {
  static final String PATH = "/v1/operations";

  private static final int MAX_PER_TENANT = 100;
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int ID_BYTES = 16;
  private static final Pattern RESPOND_ASYNC =
      Pattern.compile("(?i)(^|.*,)\\s*respond-async\\s*([;,].*|$)");

  private final TenantRegistry tenants;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Operation> operations = new ConcurrentHashMap<>();

  Operations(TenantRegistry tenants, Clock clock) {
    this.tenants = tenants;
    this.clock = clock;
  }

  /// Returns whether a client does not want to wait.
  static boolean areWanted(ApiRequest request) {
    @Nullable String preferences = request.header("Prefer");
    return preferences != null && RESPOND_ASYNC.matcher(preferences).matches();
  }

  /// Answers that the work goes on, and keeps what it is answered with later.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant has too many operations
  Operation detach(Exchange exchange, Operation.Kind kind, Tenant tenant, String plugin) {
    forgetOld();
    long running = operations.values().stream().filter(one -> one.tenant() == tenant).count();
    if (running >= MAX_PER_TENANT) {
      throw Problem.of(ProblemType.RATE_LIMITED, "the tenant has too many operations; delete some")
          .with("limit", "operations")
          .with("used", running)
          .with("allowed", MAX_PER_TENANT)
          .asException();
    }
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    Operation operation =
        new Operation(
            Base64.getUrlEncoder().withoutPadding().encodeToString(id),
            kind,
            exchange.request().principal(),
            tenant,
            plugin,
            clock.instant(),
            new HeapCharge(tenant.isolate().ledger(), HeapCategory.BUFFER));
    operations.put(operation.id(), operation);
    Answer accepted =
        Answer.json(202, operation.view())
            .with("Location", PATH + "/" + operation.id())
            .with("Preference-Applied", "respond-async");
    exchange.detach(accepted, answer -> operation.end(answer, clock.instant()));
    return operation;
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
  /// running.
  boolean end(Operation operation) {
    if (operation.cancel(clock.instant())) {
      return true;
    }
    forget(operation);
    return false;
  }

  private void forgetOld() {
    Instant oldest = clock.instant().minus(KEPT);
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

  /// Returns whether `principal` may know of an operation.
  static boolean isVisible(Operation operation, Principal principal) {
    return Authorization.seesWorkOf(
        principal, operation.principal(), operation.tenant().name().text());
  }
}
