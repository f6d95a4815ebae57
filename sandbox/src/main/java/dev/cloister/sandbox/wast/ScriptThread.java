package dev.cloister.sandbox.wast;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// A thread that executes commands of a script, with a stack of a fixed size, so that where the
/// call stack is exhausted depends on nobody's caller.
final class ScriptThread {
  private static final long STACK_BYTES = 16L << 20;

  private final FutureTask<List<CommandResult>> task;

  private ScriptThread(FutureTask<List<CommandResult>> task) {
    this.task = task;
  }

  /// Starts executing `commands`.
  static ScriptThread start(
      String name, ScriptInterpreter interpreter, List<ScriptCommand> commands) {
    FutureTask<List<CommandResult>> task = new FutureTask<>(() -> interpreter.execute(commands));
    new Thread(null, task, "script-" + name, STACK_BYTES).start();
    return new ScriptThread(task);
  }

  /// Waits for the end of all commands. May be called again.
  List<CommandResult> await() {
    try {
      return task.get();
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a script runs", interrupt);
    } catch (ExecutionException fault) {
      throw new IllegalStateException("the interpreter of scripts failed", fault.getCause());
    }
  }
}
