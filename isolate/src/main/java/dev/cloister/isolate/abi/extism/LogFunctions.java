package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.host.PluginLog;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/// `log_…`, `get_log_level`.
final class LogFunctions {
  private final Handles handles;
  private final ExtismEnvironment environment;

  LogFunctions(Handles handles, ExtismEnvironment environment) {
    this.handles = handles;
    this.environment = environment;
  }

  void trace(long handle) {
    log(LogLevel.TRACE, handle);
  }

  void debug(long handle) {
    log(LogLevel.DEBUG, handle);
  }

  void info(long handle) {
    log(LogLevel.INFO, handle);
  }

  void warn(long handle) {
    log(LogLevel.WARN, handle);
  }

  void error(long handle) {
    log(LogLevel.ERROR, handle);
  }

  /// Lines below this level are dropped: 0 is trace, 4 is error.
  int level() {
    return switch (environment.logLevel()) {
      case TRACE -> 0;
      case DEBUG -> 1;
      case INFO -> 2;
      case WARN -> 3;
      case ERROR -> 4;
    };
  }

  private void log(LogLevel level, long handle) {
    byte[] bytes = handles.takeBeginning(handle, "a log message", PluginLog.MAX_LINE_BYTES);
    if (level.compareTo(environment.logLevel()) >= 0) {
      environment.services().log().log(level, text(bytes));
    }
  }

  private static String text(byte[] bytes) {
    CharBuffer characters = CharBuffer.allocate(bytes.length);
    boolean isComplete = bytes.length < PluginLog.MAX_LINE_BYTES; // else it may end in a character
    CoderResult result =
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), characters, isComplete);
    return result.isError()
        ? "a log message of " + bytes.length + " bytes is not UTF-8"
        : characters.flip().toString();
  }
}
