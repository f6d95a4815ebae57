package dev.cloister.sandbox.wast;

import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.error.WasmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a call, or the reading of a global, ended.
sealed interface ActionOutcome {
  /// With values.
  record Returned(List<@Nullable Object> values) implements ActionOutcome {
    @Override
    public String toString() {
      return ActualValue.describe(values);
    }
  }

  /// With a trap.
  record Trapped(TrapException trap) implements ActionOutcome {
    @Override
    public String toString() {
      return "trap '" + trap.getMessage() + "'";
    }
  }

  /// With a Wasm exception that nothing caught.
  record Threw(UncaughtWasmException exception) implements ActionOutcome {
    @Override
    public String toString() {
      return "uncaught exception '" + exception.getMessage() + "'";
    }
  }

  /// Otherwise: it was stopped, met a limit, is not there, or met a fault in the engine.
  record Failed(String how) implements ActionOutcome {
    @Override
    public String toString() {
      return how;
    }
  }

  /// What a throwable of the engine means.
  static ActionOutcome of(Throwable fault) {
    return switch (fault) {
      case TrapException trap -> new Trapped(trap);
      case UncaughtWasmException exception -> new Threw(exception);
      case StoppedException stopped -> new Failed("stopped: " + stopped.reason());
      case WasmException refused -> new Failed(describe(refused));
      default -> new Failed(describe(fault));
    };
  }

  /// One line about any throwable, with the place in the engine if it is a bug.
  static String describe(Throwable fault) {
    if (fault instanceof WasmException refused) {
      return refused.code() + " '" + refused.getMessage() + "'";
    }
    StackTraceElement[] stack = fault.getStackTrace();
    String place = stack.length == 0 ? "" : " at " + stack[0];
    return String.valueOf(fault).replaceAll("\\s*\\R\\s*", " ") + place;
  }
}
