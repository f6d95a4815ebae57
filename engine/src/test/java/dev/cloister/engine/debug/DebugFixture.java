package dev.cloister.engine.debug;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Guests that run on threads of their own, and the pauses of one isolate.
final class DebugFixture implements DebugEvents {
  private static final long DEADLINE_SECONDS = 60;

  final BlockingQueue<PausedGuest> pauses = new LinkedBlockingQueue<>();
  final Debugger debugger;

  private DebugFixture(Debugger debugger) {
    this.debugger = debugger;
  }

  /// Begins to debug an isolate.
  static DebugFixture enter(EngineIsolate isolate) {
    DebugFixture fixture = new DebugFixture(isolate.debugger());
    fixture.debugger.addListener(fixture);
    fixture.debugger.enter();
    return fixture;
  }

  @Override
  public void paused(PausedGuest guest) {
    pauses.add(guest);
  }

  /// Returns the next guest that pauses.
  PausedGuest await() throws InterruptedException {
    PausedGuest guest = pauses.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
    if (guest == null) {
      throw new AssertionError("no guest pauses");
    }
    return guest;
  }

  /// Calls an export on a thread of its own.
  static CompletableFuture<@Nullable Object> start(
      Instance instance, String function, @Nullable Object... args) {
    CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            @Nullable Object[] results = TestEngine.call(instance, function, args);
            result.complete(results.length == 0 ? null : results[0]);
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  /// Returns the result of a call.
  static @Nullable Object get(CompletableFuture<@Nullable Object> call) throws Exception {
    return call.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  /// Returns an instance in a store of its own.
  static Instance instance(ModuleHandle module) {
    return module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
  }

  /// Returns the name of the loader of the code that an instance enters: one for each image.
  static @Nullable String imageOf(Instance instance) throws ReflectiveOperationException {
    Object image = instance.getClass().getField("image").get(instance);
    return image.getClass().getClassLoader().getName();
  }

  /// Returns the text of the instruction at which a frame is.
  static String instruction(PausedFrame frame) {
    return frame.module().module().disassemble(frame.functionIndex()).stream()
        .filter(text -> text.offset() == frame.offset())
        .map(text -> text.text())
        .findFirst()
        .orElse("none");
  }
}
