package dev.cloister.engine;

import dev.cloister.engine.decode.StreamingDecoder;
import dev.cloister.engine.module.WasmModule;

/// A compilation that begins while the module's bytes are still arriving.
///
/// Sections are decoded and function bodies validated as soon as they are complete, so a fault is
/// reported by the call that brought it to light, with the same text as by any other way. Used by
/// one thread at a time; the calls compute, so they do not belong on an event loop.
public final class StreamingCompilation {
  private final WasmEngine engine;
  private final EngineIsolate isolate;
  private final StreamingDecoder decoder;
  private boolean ended;

  StreamingCompilation(WasmEngine engine, EngineIsolate isolate, StreamingDecoder decoder) {
    this.engine = engine;
    this.isolate = isolate;
    this.decoder = decoder;
  }

  /// Takes the next bytes; they are copied.
  ///
  /// @throws dev.cloister.engine.error.MalformedException if the module cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  public void push(byte[] bytes, int from, int length) {
    requireOpen();
    decoder.push(bytes, from, length);
  }

  /// Ends the module and takes a reference on its native module, compiled now if nobody has it.
  ///
  /// @throws dev.cloister.engine.error.MalformedException as [#push], also if the module is cut
  ///   short
  /// @throws dev.cloister.engine.error.InvalidModuleException as [#push]
  /// @throws dev.cloister.engine.error.LimitExceededException as [#push]
  public ModuleHandle finish() {
    requireOpen();
    ended = true;
    WasmModule module = decoder.finish();
    return engine.use(isolate, module);
  }

  /// Drops what was received. Repeating it, or calling it after the end, does nothing.
  public void abort() {
    if (!ended) {
      ended = true;
      decoder.abort();
    }
  }

  private void requireOpen() {
    if (ended) {
      throw new IllegalStateException("the compilation has ended");
    }
  }
}
