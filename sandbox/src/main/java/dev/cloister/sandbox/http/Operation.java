package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Work whose client did not want to wait: it goes on by itself, and its answer is kept for a
/// while.
///
/// Any thread. What ends it first counts: its answer, or a cancellation.
final class Operation {

  /// What work there is.
  enum Kind {
    /// An export with JSON arguments.
    CALL("call"),
    /// A command.
    RUN("run"),
    /// A version of a plugin.
    UPLOAD("upload");

    private final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  private enum Status {
    RUNNING("running"),
    SUCCEEDED("succeeded"),
    FAILED("failed"),
    CANCELLED("cancelled");

    private final String label;

    Status(String label) {
      this.label = label;
    }
  }

  private static final int FIRST_ERROR = 400;

  private final String id;
  private final Kind kind;
  private final Principal principal;
  private final Tenant tenant;
  private final String plugin;
  private final Instant createdAt;
  private final HeapCharge charge;

  // Guarded by this.
  private Status status = Status.RUNNING;
  private @Nullable Runnable onCancel;
  private @Nullable Instant endedAt;
  private @Nullable Answer answer;

  /// @param principal who asked
  /// @param charge pays for the answer while it is kept
  Operation(
      String id,
      Kind kind,
      Principal principal,
      Tenant tenant,
      String plugin,
      Instant createdAt,
      HeapCharge charge) {
    this.id = id;
    this.kind = kind;
    this.principal = principal;
    this.tenant = tenant;
    this.plugin = plugin;
    this.createdAt = createdAt;
    this.charge = charge;
  }

  /// Returns its name, which nobody can guess.
  String id() {
    return id;
  }

  /// Returns the tenant whose plugin is at work.
  Tenant tenant() {
    return tenant;
  }

  /// Returns who asked for it.
  Principal principal() {
    return principal;
  }

  /// Returns when it began.
  Instant createdAt() {
    return createdAt;
  }

  /// Returns when it ended, or null if it has not.
  synchronized @Nullable Instant endedAt() {
    return endedAt;
  }

  /// Says what stops the work.
  void onCancel(Runnable action) {
    boolean isLate;
    synchronized (this) {
      onCancel = action;
      isLate = status == Status.CANCELLED;
    }
    if (isLate) {
      action.run();
    }
  }

  /// Keeps the answer, unless the operation was cancelled. If the tenant has no memory for it, a
  /// problem that says so is kept in its place, which is too small to be charged.
  void end(Answer given, Instant now) {
    synchronized (this) {
      if (status != Status.RUNNING) {
        return;
      }
    }
    Answer result = charged(given);
    boolean isKept = false;
    synchronized (this) {
      if (status == Status.RUNNING) {
        status = result.status() < FIRST_ERROR ? Status.SUCCEEDED : Status.FAILED;
        answer = result;
        endedAt = now;
        isKept = true;
      }
    }
    if (!isKept) {
      charge.close();
    }
  }

  private Answer charged(Answer given) {
    try {
      charge.add(given.body().length);
      return given;
    } catch (LimitExceededException e) {
      return Answer.problem(Problem.limit(ProblemType.LIMIT, e.limit(), e.used(), e.allowed()));
    }
  }

  /// Ends the operation without an answer; false if it has ended.
  boolean cancel(Instant now) {
    @Nullable Runnable action;
    synchronized (this) {
      if (status != Status.RUNNING) {
        return false;
      }
      status = Status.CANCELLED;
      endedAt = now;
      action = onCancel;
    }
    if (action != null) {
      action.run();
    }
    return true;
  }

  /// Gives back what the answer held.
  void forget() {
    charge.close();
  }

  /// Returns the operation as it is shown.
  synchronized Map<String, @Nullable Object> view() {
    Map<String, @Nullable Object> view = new LinkedHashMap<>();
    view.put("id", id);
    view.put("kind", kind.label);
    view.put("tenant", tenant.name().text());
    view.put("plugin", plugin);
    view.put("status", status.label);
    view.put("createdAt", createdAt.toString());
    view.put("endedAt", endedAt == null ? null : endedAt.toString());
    if (answer != null) {
      view.put("httpStatus", answer.status());
      addBody(view, answer);
    }
    return view;
  }

  private static void addBody(Map<String, @Nullable Object> view, Answer answer) {
    String type = String.valueOf(answer.headers().get("Content-Type"));
    if (answer.status() >= FIRST_ERROR) {
      view.put("problem", json(answer.body()));
    } else if (type.equals(Answer.JSON_TYPE)) {
      view.put("result", json(answer.body()));
    } else {
      try {
        view.put(
            "output",
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(answer.body())).toString());
      } catch (CharacterCodingException _) {
        view.put("outputBase64", Base64.getEncoder().encodeToString(answer.body()));
      }
    }
  }

  private static JsonNode json(byte[] body) {
    return Json.readTree(body);
  }
}
