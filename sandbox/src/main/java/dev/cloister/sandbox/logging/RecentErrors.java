package dev.cloister.sandbox.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The last warnings and errors of this process's log, without what was said in words: enough to
/// find their lines. Any thread may call.
public final class RecentErrors implements AutoCloseable {
  private static final int MAX_LINES = 100;

  private final ILoggerFactory factory;
  private final Ring ring = new Ring();

  private RecentErrors(ILoggerFactory factory) {
    this.factory = factory;
  }

  /// A line of the log.
  ///
  /// @param time when it was written
  /// @param level `WARN` or `ERROR`
  /// @param logger who wrote it
  /// @param event what happened, as the line's key `event` says; null if it says nothing
  /// @param trace the trace of the request, null if there is none
  /// @param exception the class of what was thrown, null if nothing was
  public record Line(
      String time,
      String level,
      String logger,
      @Nullable String event,
      @Nullable String trace,
      @Nullable String exception) {

    static Line of(ILoggingEvent event) {
      Map<String, Object> fields = JsonEncoder.fields(event);
      @Nullable IThrowableProxy thrown = event.getThrowableProxy();
      String logger = event.getLoggerName();
      return new Line(
          event.getInstant().toString(),
          event.getLevel().toString(),
          logger.substring(logger.lastIndexOf('.') + 1),
          text(fields.get("event")),
          text(fields.get("trace")),
          thrown == null ? null : thrown.getClassName());
    }

    private static @Nullable String text(@Nullable Object value) {
      return value == null ? null : value.toString();
    }
  }

  /// Begins to listen to the log; hears nothing where an embedder logs by other means.
  public static RecentErrors listen() {
    return listen(LoggerFactory.getILoggerFactory());
  }

  /// Begins to listen to the log of `factory`.
  static RecentErrors listen(ILoggerFactory factory) {
    RecentErrors errors = new RecentErrors(factory);
    if (factory instanceof LoggerContext context) {
      errors.ring.setContext(context);
      errors.ring.start();
      context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(errors.ring);
    }
    return errors;
  }

  /// Returns the last lines, oldest first.
  public List<Line> lines() {
    return ring.lines();
  }

  /// Stops listening.
  @Override
  public void close() {
    if (factory instanceof LoggerContext context) {
      context.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(ring);
    }
    ring.stop();
  }

  /// Holds lines; the library calls it under a lock of its own.
  private static final class Ring extends AppenderBase<ILoggingEvent> {
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Deque<Line> lines = new ArrayDeque<>();

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
        Line line = Line.of(event);
        synchronized (lock) {
          if (lines.size() == MAX_LINES) {
            lines.removeFirst();
          }
          lines.addLast(line);
        }
      }
    }

    List<Line> lines() {
      synchronized (lock) {
        return List.copyOf(lines);
      }
    }
  }
}
