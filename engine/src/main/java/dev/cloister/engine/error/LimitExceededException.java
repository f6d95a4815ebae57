package dev.cloister.engine.error;

/// A limit that was reached: its name, what was asked for and what is allowed.
public final class LimitExceededException extends WasmException {

  private static final long serialVersionUID = 1L;

  private final String limit;
  private final long used;
  private final long allowed;

  /// Creates the fault for the limit called `limit`.
  ///
  /// @param used the amount asked for
  /// @param allowed the largest amount that would have been accepted
  public LimitExceededException(String limit, long used, long allowed) {
    this(limit, used, allowed, "");
  }

  /// Creates the fault for the limit called `limit`, found at byte `offset` of a module.
  ///
  /// @param used the amount asked for
  /// @param allowed the largest amount that would have been accepted
  public LimitExceededException(String limit, long used, long allowed, long offset) {
    this(limit, used, allowed, " (@+0x" + Long.toHexString(offset) + ")");
  }

  private LimitExceededException(String limit, long used, long allowed, String where) {
    this(
        limit,
        used,
        allowed,
        /* reason= */ "limit exceeded: " + limit + " is " + used + ", at most " + allowed,
        where);
  }

  private LimitExceededException(
      String limit, long used, long allowed, String reason, String where) {
    super(ErrorCode.LIMIT, reason + where);
    this.limit = limit;
    this.used = used;
    this.allowed = allowed;
  }

  /// Returns the fault that `amount` of what `limit` names was asked for and the owner's budget
  /// refused it; what would have been accepted is not known.
  public static LimitExceededException refused(String limit, long amount) {
    return new LimitExceededException(
        limit, amount, amount - 1, "limit exceeded: " + limit + " " + amount + " was refused", "");
  }

  /// Returns the name of the limit.
  public String limit() {
    return limit;
  }

  /// Returns the amount that was asked for.
  public long used() {
    return used;
  }

  /// Returns the largest amount that would have been accepted.
  public long allowed() {
    return allowed;
  }
}
