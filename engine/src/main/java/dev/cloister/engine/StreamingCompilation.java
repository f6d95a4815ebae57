package dev.cloister.engine;

import dev.cloister.engine.compile.CompileJob;
import dev.cloister.engine.compile.ModuleStream;
import dev.cloister.engine.error.CompilationCancelledException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A compilation that begins while the module's bytes are still arriving.
///
/// Sections are decoded and function bodies validated as soon as they are complete, so a fault is
/// reported by the call that brought it to light, with the same text as by any other way. Where a
/// module that begins in the same way is known already, bodies are only looked at when the end
/// shows that it is not the same. Used by one thread at a time; the calls compute, so they do not
/// belong on an event loop.
public final class StreamingCompilation {
  private final WasmEngine engine;
  private final EngineIsolate isolate;
  private final CompileJob job;
  private final ModuleStream stream;
  private @Nullable RuntimeException fault;
  private boolean ended;

  StreamingCompilation(
      WasmEngine engine, EngineIsolate isolate, CompileJob job, ModuleStream stream) {
    this.engine = engine;
    this.isolate = isolate;
    this.job = job;
    this.stream = stream;
  }

  /// {@return the number of the compile job}
  public long jobId() {
    return job.id();
  }

  /// Lets `action` run when the compilation is cancelled by somebody, on that thread: whoever waits
  /// for more bytes need not. At once if it was cancelled already.
  public void onCancel(Consumer<CompilationCancelledException> action) {
    job.onCancel(action);
  }

  /// Takes the next bytes; they are copied.
  ///
  /// @throws dev.cloister.engine.error.MalformedException if the module cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  /// @throws dev.cloister.engine.error.CompilationCancelledException if somebody cancelled it
  public void push(byte[] bytes, int from, int length) {
    requireOpen();
    boolean isTaken = false;
    try {
      stream.push(bytes, from, length);
      isTaken = true;
    } catch (RuntimeException e) {
      fault = e;
      throw e;
    } finally {
      if (!isTaken) {
        fail();
      }
    }
  }

  /// Ends the module and takes a reference on its native module, compiled now if nobody has it.
  ///
  /// @throws dev.cloister.engine.error.MalformedException as [#push], also if the module is cut
  ///   short
  /// @throws dev.cloister.engine.error.InvalidModuleException as [#push]
  /// @throws dev.cloister.engine.error.LimitExceededException as [#push]
  /// @throws dev.cloister.engine.error.CompilationCancelledException as [#push]
  public ModuleHandle finish() {
    requireOpen();
    ModuleHandle handle = null;
    try {
      handle = engine.link(isolate, job, stream.finish());
      return handle;
    } catch (RuntimeException e) {
      fault = e;
      throw e;
    } finally {
      ended = true;
      if (handle == null) {
        fail();
      }
    }
  }

  /// Drops what was received. Repeating it, or calling it after the end, does nothing.
  public void abort() {
    if (!ended) {
      fail();
    }
  }

  private void fail() {
    ended = true;
    stream.abort();
    engine.failed(job);
  }

  private void requireOpen() {
    if (fault != null) {
      throw fault;
    }
    if (ended) {
      throw new IllegalStateException("the compilation has ended");
    }
  }
}
