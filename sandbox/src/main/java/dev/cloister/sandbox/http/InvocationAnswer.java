package dev.cloister.sandbox.http;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.sandbox.http.handler.HandlerAnswer;
import dev.cloister.sandbox.http.handler.MalformedAnswerException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.CapabilityProblem;
import dev.cloister.sandbox.stats.CallOutcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a call's result is over HTTP, and how it is counted.
///
/// @param answer status, headers and body
/// @param outcome how it is counted
record InvocationAnswer(Answer answer, CallOutcome outcome) {
  private static final long MILLIS_PER_SECOND = 1_000;

  /// Returns what `result` is.
  ///
  /// @param bytesType the type of what a function of an Extism plug-in answers
  /// @param limits those of the tenant, which problems name
  static InvocationAnswer of(InvocationResult result, String bytesType, IsolateLimits limits) {
    return switch (result) {
      case InvocationResult.Returned returned -> returned(returned.values());
      case InvocationResult.Exited exited -> exited(exited);
      case InvocationResult.Answered answered ->
          new InvocationAnswer(
              Answer.bytes(200, bytesType, answered.output())
                  .with("Content-Security-Policy", "sandbox"), // no page of this origin
              CallOutcome.OK);
      case InvocationResult.Failed failed ->
          problem(
              CallOutcome.EXIT,
              Problem.of(ProblemType.PLUGIN_ERROR, "the plugin failed: " + failed.message())
                  .with("message", failed.message())
                  .with("code", failed.code()));
      case InvocationResult.Trapped trapped ->
          problem(CallOutcome.TRAP, withTrap(trap(trapped.trap()), trapped));
      case InvocationResult.UncaughtException uncaught ->
          problem(CallOutcome.TRAP, Problem.of(ProblemType.UNCAUGHT_EXCEPTION, uncaught.detail()));
      case InvocationResult.Deadline deadline ->
          problem(
              CallOutcome.DEADLINE,
              Problem.of(ProblemType.DEADLINE, "the call took longer than its deadline")
                  .with("limit", "deadlineMillis")
                  .with("allowed", deadline.deadlineMillis()));
      case InvocationResult.LimitReached limit -> limitReached(limit);
      case InvocationResult.BadArguments bad -> badArguments(bad);
      case InvocationResult.UnsupportedType unsupported ->
          problem(
              CallOutcome.ERROR, Problem.of(ProblemType.UNSUPPORTED_TYPE, unsupported.detail()));
      case InvocationResult.UnknownExport unknown ->
          problem(
              CallOutcome.ERROR,
              Problem.of(
                      ProblemType.UNKNOWN_EXPORT,
                      "there is no function export \"" + unknown.export() + "\"")
                  .with("export", unknown.export())
                  .with("allowed", unknown.exports()));
      case InvocationResult.UnsupportedAbi unsupported ->
          problem(
              CallOutcome.ERROR,
              Problem.of(
                      ProblemType.UNSUPPORTED_ABI,
                      "a plugin of the kind "
                          + unsupported.abi().label()
                          + " cannot be called this way")
                  .with("abi", unsupported.abi().label()));
      case InvocationResult.LinkFailed failed ->
          problem(CallOutcome.ERROR, Problem.of(ProblemType.UNRESOLVED_IMPORTS, failed.detail()));
      case InvocationResult.CapabilityDenied denied ->
          problem(CallOutcome.ERROR, CapabilityProblem.of(denied.missing()));
      case InvocationResult.RateLimited limited -> rateLimited(limited, limits);
      case InvocationResult.Overloaded overloaded ->
          retryLater(
              CallOutcome.OVERLOADED,
              allowed(
                  Problem.of(ProblemType.OVERLOADED, "too many calls are waiting"),
                  overloaded.limit(),
                  limits),
              1);
      case InvocationResult.CrashLoop loop -> crashLoop(loop);
      case InvocationResult.Cancelled cancelled ->
          problem(
              CallOutcome.ERROR,
              Problem.of(
                  ProblemType.UNAVAILABLE, "the call was stopped: " + cancelled.reason().text()));
      case InvocationResult.HostFailure _ -> problem(CallOutcome.ERROR, Problems.ownFault());
    };
  }

  /// What the result of a request to an HTTP handler is, whose answer was `answer`.
  static InvocationAnswer of(HandlerAnswer answer) {
    Answer http = Answer.bytes(answer.status(), Answer.BYTES_TYPE, answer.body());
    for (Map.Entry<String, String> field : answer.fields().entrySet()) {
      http = http.with(field.getKey(), field.getValue());
    }
    return new InvocationAnswer(http, CallOutcome.OK);
  }

  /// What the result of a request to an HTTP handler is that wrote no answer.
  static InvocationAnswer of(MalformedAnswerException malformed) {
    return problem(
        CallOutcome.ERROR,
        Problem.of(
                ProblemType.INVALID_ANSWER,
                "what the plugin wrote is no answer: " + malformed.getMessage())
            .with("where", malformed.where())
            .with("actual", malformed.actual())
            .with("allowed", malformed.allowed()));
  }

  private static InvocationAnswer returned(List<WasmValue> values) {
    byte @Nullable [] plain = plainResults(values);
    if (plain != null) {
      return new InvocationAnswer(Answer.bytes(200, Answer.JSON_TYPE, plain), CallOutcome.OK);
    }
    List<@Nullable Object> results = new ArrayList<>();
    values.forEach(value -> results.add(value.json()));
    Map<String, Object> body = Map.of("results", results);
    return new InvocationAnswer(Answer.json(200, body), CallOutcome.OK);
  }

  /// Writes results that are whole numbers, as most are; null if some are not.
  private static byte @Nullable [] plainResults(List<WasmValue> values) {
    StringBuilder body = new StringBuilder("{\"results\":[");
    for (int i = 0; i < values.size(); i++) {
      if (i > 0) {
        body.append(',');
      }
      switch (values.get(i)) {
        case WasmValue.I32(int value) -> body.append(value);
        case WasmValue.I64(long value) -> body.append('"').append(value).append('"');
        default -> {
          return null;
        }
      }
    }
    return body.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static InvocationAnswer exited(InvocationResult.Exited exited) {
    String code = Integer.toString(exited.code());
    if (exited.code() == 0) {
      Answer answer = Answer.bytes(200, Answer.BYTES_TYPE, exited.output());
      return new InvocationAnswer(answer.with("Cloister-Exit-Code", code), CallOutcome.OK);
    }
    Problem problem =
        Problem.of(ProblemType.PLUGIN_EXIT, "the plugin ended with exit code " + code)
            .with("exitCode", exited.code());
    return new InvocationAnswer(
        Answer.problem(GuestOutput.addTo(problem, exited.output()))
            .with("Cloister-Exit-Code", code),
        CallOutcome.EXIT);
  }

  private static InvocationAnswer limitReached(InvocationResult.LimitReached limit) {
    Problem problem =
        Problem.limit(ProblemType.LIMIT, limit.limit(), limit.used(), limit.allowed());
    InvocationResult.@Nullable Trapped trapped = limit.trap();
    return problem(CallOutcome.LIMIT, trapped == null ? problem : withTrap(problem, trapped));
  }

  private static InvocationAnswer badArguments(InvocationResult.BadArguments bad) {
    Problem problem =
        Problem.of(ProblemType.INVALID_ARGUMENTS, bad.detail())
            .with("allowed", bad.expected())
            .with("actual", bad.actual());
    return problem(
        CallOutcome.ERROR, bad.index() < 0 ? problem : problem.with("argument", bad.index()));
  }

  private static InvocationAnswer rateLimited(
      InvocationResult.RateLimited limited, IsolateLimits limits) {
    return retryLater(
        CallOutcome.RATE_LIMITED,
        allowed(
            Problem.of(ProblemType.RATE_LIMITED, "the tenant's " + limited.limit() + " is used up"),
            limited.limit(),
            limits),
        seconds(limited.retryAfterMillis()));
  }

  /// Returns `problem` with the limit that was reached and its value.
  private static Problem allowed(Problem problem, String name, IsolateLimits limits) {
    Problem named = problem.with("limit", name);
    @Nullable IsolateLimit limit = IsolateLimit.named(name);
    return limit == null ? named : named.with("allowed", limits.value(limit));
  }

  private static InvocationAnswer crashLoop(InvocationResult.CrashLoop loop) {
    return retryLater(
        CallOutcome.CRASH_LOOP,
        Problem.of(
                ProblemType.CRASH_LOOP,
                "the last " + loop.crashes() + " calls of the plugin crashed, so it pauses")
            .with("plugin", loop.plugin())
            .with("crashes", loop.crashes()),
        seconds(loop.retryAfterMillis()));
  }

  private static long seconds(long millis) {
    return Math.max(1, Math.ceilDiv(millis, MILLIS_PER_SECOND));
  }

  private static InvocationAnswer retryLater(CallOutcome outcome, Problem problem, long seconds) {
    return problem(outcome, problem.with(Problem.RETRY_AFTER, seconds));
  }

  private static InvocationAnswer problem(CallOutcome outcome, Problem problem) {
    return new InvocationAnswer(Answer.problem(problem), outcome);
  }

  private static Problem trap(String trap) {
    return Problem.of(ProblemType.TRAP, "the plugin trapped: " + trap);
  }

  private static Problem withTrap(Problem problem, InvocationResult.Trapped trapped) {
    return problem.with("trap", trapped.trap()).with("wasmStack", stack(trapped.wasmStack()));
  }

  private static List<Map<String, Object>> stack(List<WasmFrame> frames) {
    return frames.stream().map(InvocationAnswer::frame).toList();
  }

  private static Map<String, Object> frame(WasmFrame frame) {
    Map<String, Object> members = new LinkedHashMap<>();
    @Nullable String name = frame.functionName();
    if (name != null) {
      members.put("function", name);
    }
    members.put("index", frame.functionIndex());
    members.put("offset", frame.offset());
    @Nullable SourcePosition source = frame.source();
    if (source != null) {
      members.put("file", source.file());
      members.put("line", source.line());
    }
    return members;
  }
}
