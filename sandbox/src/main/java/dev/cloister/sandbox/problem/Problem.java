package dev.cloister.sandbox.problem;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One occurrence of a problem: its type, what happened, and members that name what, where, the
/// actual and the allowed value.
public final class Problem {
  /// The member with the seconds after which a request may be tried again; also the header
  /// `Retry-After`.
  public static final String RETRY_AFTER = "retryAfterSeconds";

  private final ProblemType type;
  private final String detail;
  private final Map<String, @Nullable Object> members;

  private Problem(ProblemType type, String detail, Map<String, @Nullable Object> members) {
    this.type = type;
    this.detail = detail;
    this.members = members;
  }

  /// A problem without members.
  public static Problem of(ProblemType type, String detail) {
    return new Problem(type, detail, Map.of());
  }

  /// Something that does not exist: `kind` says what, `name` which.
  public static Problem notFound(String kind, String name) {
    return of(ProblemType.NOT_FOUND, "there is no " + kind + " \"" + name + "\"")
        .with("kind", kind)
        .with("name", name);
  }

  /// A part of the interface that does not exist yet.
  public static Problem notAvailable(String what) {
    return of(ProblemType.NOT_AVAILABLE, what + " is not available in this version")
        .with("what", what);
  }

  /// A value of the request that is not allowed.
  public static Problem invalid(String what, @Nullable Object actual, String allowed) {
    return of(ProblemType.INVALID_REQUEST, what + " must be " + allowed)
        .with("what", what)
        .with("actual", actual)
        .with("allowed", allowed);
  }

  /// A limit that was reached.
  public static Problem limit(ProblemType type, String limit, long used, long allowed) {
    return of(type, limit + " would be " + used + ", allowed are at most " + allowed)
        .with("limit", limit)
        .with("used", used)
        .with("allowed", allowed);
  }

  /// Returns this problem with one more member.
  public Problem with(String member, @Nullable Object value) {
    Map<String, @Nullable Object> copy = new LinkedHashMap<>(members);
    copy.put(member, value);
    return new Problem(type, detail, Collections.unmodifiableMap(copy));
  }

  /// Returns the kind of problem.
  public ProblemType type() {
    return type;
  }

  /// Returns what happened, in words.
  public String detail() {
    return detail;
  }

  /// Returns the members beside type, title, status and detail, in order.
  public Map<String, @Nullable Object> members() {
    return members;
  }

  /// Returns an exception that carries this problem to the answer.
  public ApiException asException() {
    return new ApiException(this);
  }
}
