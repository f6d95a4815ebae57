package dev.cloister.isolate.verticle;

/// Runs things later.
public interface DeadlineTimer extends AutoCloseable {
  /// Runs `task` once, `delayMillis` from now, on a thread of the timer; it must not take long.
  ///
  /// @return what keeps it from running
  Runnable schedule(long delayMillis, Runnable task);

  /// Runs `task` as [#schedule] does, made for what is nearly always kept from running: that then
  /// costs no more than to be noted and forgotten.
  ///
  /// @return what keeps it from running
  default Runnable guard(long delayMillis, Runnable task) {
    return schedule(delayMillis, task);
  }

  /// Ends the timer; what is scheduled does not run.
  @Override
  void close();

  /// A timer on a thread of its own.
  static DeadlineTimer system() {
    return new SystemDeadlineTimer();
  }
}
