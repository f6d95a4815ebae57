package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.ControlEndpoints.Function;
import dev.cloister.sandbox.http.field.DigestAlgorithm;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.RepeatableRequests;
import dev.cloister.sandbox.registry.RepeatableRequests.Begun;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Idempotency-Key: what every POST gets by standing in the table of routes.
final class Idempotency {
  static final String HEADER = "Idempotency-Key";

  private static final Logger LOG = LoggerFactory.getLogger(Idempotency.class);
  private static final Pattern KEY = Pattern.compile("[!-~]{1,255}");
  private static final String REPLAYED = "Idempotency-Replayed";

  /// Answers of requests that were refused before anything was done, and may be sent again.
  private static final Set<Integer> NOTHING_DONE = Set.of(401, 403, 408, 413, 415, 429, 503, 507);

  /// Larger answers are not kept.
  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private final RepeatableRequests requests;
  private final ControlEndpoints threads;

  Idempotency(RepeatableRequests requests, ControlEndpoints threads) {
    this.requests = requests;
    this.threads = threads;
  }

  /// An answer as it is kept.
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Kept(int status, Map<String, String> headers, byte[] body) {
    static Kept of(Answer answer) {
      return new Kept(answer.status(), answer.headers().toMap(), answer.body());
    }

    Answer answer() {
      return Answer.again(status, headers, body).with(REPLAYED, "true");
    }
  }

  /// Returns `function` as it is for requests that may be sent again.
  Function of(Function function) {
    return request -> {
      if (request.header(HEADER) == null || request.sender() == null) {
        return function.answer(request);
      }
      Begun begun = begin(request);
      byte @Nullable [] known = begun.answer();
      if (known != null) {
        return Json.read(known, Kept.class).answer();
      }
      Answer answer = answer(request, function);
      end(begun, answer);
      return answer;
    };
  }

  /// Lets `proceed` run on the exchange's event loop, unless the request was answered before: then
  /// it is answered so again. The answer is kept before it is sent.
  ///
  /// @param body the request's body
  void around(Exchange exchange, byte[] body, Runnable proceed, Runnable onGiveUp) {
    ApiRequest request = exchange.request().withBody(body);
    if (request.header(HEADER) == null) {
      proceed.run();
      return;
    }
    threads.execute(() -> {
      try {
        Begun begun = begin(request);
        byte @Nullable [] answer = begun.answer();
        exchange
            .context()
            .runOnContext(_ -> {
              if (answer != null) {
                onGiveUp.run();
                exchange.answer(Json.read(answer, Kept.class).answer());
                return;
              }
              exchange.beforeAnswer((given, next) ->
                  threads.execute(() -> {
                    end(begun, given);
                    exchange.context().runOnContext(_ -> next.run());
                  }));
              proceed.run();
            });
      } catch (RuntimeException e) {
        exchange
            .context()
            .runOnContext(_ -> {
              onGiveUp.run();
              exchange.fail(e);
            });
      }
    });
  }

  private static Answer answer(ApiRequest request, Function function) {
    try {
      return function.answer(request);
    } catch (Exception e) {
      return Answer.problem(Problems.of(e, request.trace()));
    }
  }

  private Begun begin(ApiRequest request) {
    String key = String.valueOf(request.header(HEADER));
    if (!KEY.matcher(key).matches()) {
      throw Problem.invalid(HEADER, key, "1 to 255 visible ASCII characters").asException();
    }
    MessageDigest digest = DigestAlgorithm.SHA_256.start();
    digest.update(request.line().getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    digest.update(request.body());
    return requests.begin(request.author(), key, digest.digest());
  }

  private void end(Begun begun, Answer answer) {
    try {
      if (NOTHING_DONE.contains(answer.status())) {
        requests.forget(begun.ticket());
      } else if (answer.body().length <= MAX_ANSWER_BYTES) {
        requests.end(begun.ticket(), Json.write(Kept.of(answer)));
      } else {
        Problem problem =
            Problem.of(
                ProblemType.IDEMPOTENCY_CONFLICT,
                "the request was done, but its answer was too large to be kept");
        requests.end(begun.ticket(), Json.write(Kept.of(Answer.problem(problem))));
      }
    } catch (RuntimeException e) {
      // Who sends the request again is told that nobody knows.
      LOG.error("event=answer-not-kept", e);
    }
  }
}
