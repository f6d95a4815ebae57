package dev.cloister.sandbox.http;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.TenantName;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Makes endpoints of functions that may block: each request runs on a virtual thread of its own,
/// after its body is there.
///
/// What tenants send is charged to them, and none has more than half of the places, so that slow
/// senders of one tenant keep nobody else out.
final class ControlEndpoints implements AutoCloseable {
  private static final int MAX_REQUESTS = 1_000;
  private static final int MAX_REQUESTS_PER_TENANT = MAX_REQUESTS / 2;

  private final TenantRegistry tenants;
  private final int maxBodyBytes;
  private final Semaphore places = new Semaphore(MAX_REQUESTS);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cloister-control-", 0).factory());

  ControlEndpoints(TenantRegistry tenants, int maxBodyBytes) {
    this.tenants = tenants;
    this.maxBodyBytes = maxBodyBytes;
  }

  /// Answers a request; may block.
  @FunctionalInterface
  interface Function {
    /// Returns the answer.
    ///
    /// @throws Exception to be turned into a problem by [Problems]
    Answer answer(ApiRequest request) throws Exception;
  }

  /// A request that has a place.
  ///
  /// @param sender the tenant whose key it came with, null for others
  /// @param charge what its body is charged to
  private record Place(@Nullable Tenant sender, HeapCharge charge) {}

  /// Makes an endpoint of `function`, which takes JSON if it takes anything.
  Endpoint of(Function function) {
    return of(
        "controlBodyBytes",
        maxBodyBytes,
        request -> {
          request.requireJsonBody();
          return function.answer(request);
        });
  }

  /// Makes an endpoint of `function`, which takes bytes of any type.
  ///
  /// @param limit the name of the limit of the body
  /// @param maxBytes its value
  Endpoint of(String limit, int maxBytes, Function function) {
    return exchange -> {
      Place place = take(exchange.request());
      try {
        BodyReader.read(
            exchange,
            limit,
            maxBytes,
            place.charge,
            body -> run(exchange, exchange.request().withBody(body), function, place),
            () -> giveBack(place));
      } catch (RuntimeException e) {
        giveBack(place);
        throw e;
      }
    };
  }

  private Place take(ApiRequest request) {
    @Nullable Principal principal = request.sender();
    @Nullable TenantName own = principal == null ? null : principal.tenant();
    @Nullable Tenant sender = own == null ? null : tenants.find(own);
    if (sender != null && sender.controlRequests().incrementAndGet() > MAX_REQUESTS_PER_TENANT) {
      sender.controlRequests().decrementAndGet();
      throw overloaded("the tenant has too many requests at once", MAX_REQUESTS_PER_TENANT);
    }
    if (!places.tryAcquire()) {
      if (sender != null) {
        sender.controlRequests().decrementAndGet();
      }
      throw overloaded("too many requests at once", MAX_REQUESTS);
    }
    HeapCharge charge =
        sender == null
            ? HeapCharge.free()
            : new HeapCharge(sender.isolate().ledger(), HeapCategory.BUFFER);
    return new Place(sender, charge);
  }

  private void giveBack(Place place) {
    place.charge.close();
    places.release();
    if (place.sender != null) {
      place.sender.controlRequests().decrementAndGet();
    }
  }

  private static ApiException overloaded(String detail, int allowed) {
    return Problem.of(ProblemType.OVERLOADED, detail)
        .with("limit", "controlRequests")
        .with("allowed", allowed)
        .asException();
  }

  /// Returns how many requests have a place now.
  int requests() {
    return MAX_REQUESTS - places.availablePermits();
  }

  /// Runs `task` on a virtual thread.
  void execute(Runnable task) {
    threads.execute(task);
  }

  @Override
  public void close() {
    threads.close();
  }

  private void run(Exchange exchange, ApiRequest request, Function function, Place place) {
    threads.execute(() -> {
      Answer answer = answer(request, function);
      giveBack(place);
      exchange.context().runOnContext(_ -> exchange.answer(answer));
    });
  }

  private static Answer answer(ApiRequest request, Function function) {
    try {
      return function.answer(request);
    } catch (Exception e) {
      return Answer.problem(Problems.of(e, request.trace()));
    }
  }
}
