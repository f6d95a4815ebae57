package dev.cloister.sandbox.http;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.storage.OperationRecord;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Work whose client did not want to wait: it goes on by itself, and its answer is kept for a
/// while.
///
/// Any thread. What ends it first counts: its answer, or a cancellation. An answer is claimed, then
/// stored, and only then shown.
final class Operation {

  /// What work there is.
  enum Kind {
    /// An export with JSON arguments.
    CALL("call"),
    /// A command.
    RUN("run"),
    /// A request to an HTTP handler.
    HTTP("http"),
    /// A version of a plugin.
    UPLOAD("upload");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /// Returns the kind that is stored as `label`, or null.
    static @Nullable Kind named(String label) {
      for (Kind kind : values()) {
        if (kind.label.equals(label)) {
          return kind;
        }
      }
      return null;
    }
  }

  /// How far work is.
  enum Status {
    /// It goes on, or its answer is not stored yet.
    RUNNING("running"),
    /// It ended with an answer that is no error.
    SUCCEEDED("succeeded"),
    /// It ended with a problem.
    FAILED("failed"),
    /// Somebody ended it.
    CANCELLED("cancelled");

    private final String label;

    Status(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    static Status of(OperationResult result) {
      return result.isSuccess() ? SUCCEEDED : FAILED;
    }
  }

  private final String id;
  private final Kind kind;
  private final String actor;
  private final Tenant tenant;
  private final String plugin;
  private final Instant createdAt;
  private final HeapCharge charge;

  @GuardedBy("this")
  private Status status = Status.RUNNING;

  /// Whether an answer is being stored.
  @GuardedBy("this")
  private boolean isClaimed;

  @GuardedBy("this")
  private @Nullable Runnable onCancel;

  @GuardedBy("this")
  private @Nullable Instant endedAt;

  @GuardedBy("this")
  private @Nullable OperationResult result;

  /// @param actor who asked
  /// @param charge pays for the answer while it is kept
  Operation(
      String id,
      Kind kind,
      String actor,
      Tenant tenant,
      String plugin,
      Instant createdAt,
      HeapCharge charge) {
    this.id = id;
    this.kind = kind;
    this.actor = actor;
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

  /// Returns who asked for it, as the audit log names them.
  String actor() {
    return actor;
  }

  /// Returns when it began.
  Instant createdAt() {
    return createdAt;
  }

  /// Returns when it ended, or null if it has not.
  synchronized @Nullable Instant endedAt() {
    return endedAt;
  }

  /// Returns what is stored when it begins.
  OperationRecord begun() {
    return new OperationRecord(
        id, tenant.name().text(), kind.label, plugin, actor, Status.RUNNING.label, createdAt, null);
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

  /// Makes `given` how the operation ends, and returns what is to be stored of it; null if
  /// something else ended it. If the tenant has no memory for it, a problem that says so takes its
  /// place, which is too small to be charged.
  @Nullable OperationResult claim(OperationResult given) {
    synchronized (this) {
      if (status != Status.RUNNING || isClaimed) {
        return null;
      }
      isClaimed = true;
    }
    try {
      charge.add(given.bodyBytes());
      return given;
    } catch (LimitExceededException e) {
      Problem problem = Problem.limit(ProblemType.LIMIT, e.limit(), e.used(), e.allowed());
      return OperationResult.of(Answer.problem(problem));
    }
  }

  /// Shows how the operation ended.
  synchronized void end(OperationResult claimed, Instant at) {
    status = Status.of(claimed);
    result = claimed;
    endedAt = at;
  }

  /// Shows that the operation had been cancelled before the server was started.
  synchronized void restoreCancelled(Instant at) {
    status = Status.CANCELLED;
    endedAt = at;
  }

  /// Ends the operation without an answer; false if it has ended.
  boolean cancel(Instant now) {
    @Nullable Runnable action;
    synchronized (this) {
      if (status != Status.RUNNING || isClaimed) {
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
    if (result != null) {
      result.addTo(view, /* withHeaders= */ kind == Kind.HTTP);
    }
    return view;
  }
}
