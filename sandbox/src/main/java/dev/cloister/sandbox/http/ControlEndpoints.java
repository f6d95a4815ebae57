package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// Makes endpoints of functions that may block: each request runs on a virtual thread of its own,
/// after its body is there.
final class ControlEndpoints implements AutoCloseable {
  private static final int MAX_REQUESTS = 1_000;

  private final int maxBodyBytes;
  private final Semaphore places = new Semaphore(MAX_REQUESTS);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cloister-control-", 0).factory());

  ControlEndpoints(int maxBodyBytes) {
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
      if (!places.tryAcquire()) {
        throw Problem.of(ProblemType.OVERLOADED, "too many requests at once")
            .with("limit", "controlRequests")
            .with("allowed", MAX_REQUESTS)
            .asException();
      }
      try {
        BodyReader.read(
            exchange,
            limit,
            maxBytes,
            body -> run(exchange, exchange.request().withBody(body), function),
            places::release);
      } catch (RuntimeException e) {
        places.release();
        throw e;
      }
    };
  }

  /// Runs `task` on a virtual thread.
  void execute(Runnable task) {
    threads.execute(task);
  }

  @Override
  public void close() {
    threads.close();
  }

  private void run(Exchange exchange, ApiRequest request, Function function) {
    threads.execute(() -> {
      Answer answer = answer(request, function);
      places.release();
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
