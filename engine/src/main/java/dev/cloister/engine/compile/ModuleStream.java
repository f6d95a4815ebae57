package dev.cloister.engine.compile;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.cloister.engine.code.ModuleFailures.Failure;
import dev.cloister.engine.code.NativeModuleCache.PrefixKey;
import dev.cloister.engine.decode.StreamingDecoder;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.stats.CompileState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A module that comes in pieces, each decoded and its bodies validated as they are complete.
///
/// When the code section begins, a module that begins in the same way may be known already, or come
/// at the same time on another stream: then it is probably the same one again, and the rest is only
/// collected until the end shows whether it is. The same if a faulty module began in this way: the
/// bytes are compared with those that were at fault, which costs less than finding the fault again.
/// Either way the outcome is that of decoding everything.
///
/// Used by one thread at a time. When its job is cancelled it drops what it has, at once if no
/// thread is at work, else when that has come to its next checkpoint.
public final class ModuleStream {
  private static final long NANOS_IN_MICRO = 1_000;

  private final ModuleCompiler compiler;
  private final CompileJob job;
  private final StreamingDecoder decoder;

  /// Held during work, so that a cancellation does not touch what is in use.
  private final ReentrantLock lock = new ReentrantLock();

  // Below: under the lock.
  private @Nullable PrefixKey ownedPrefix;
  private @Nullable Long prefixHash;

  /// Faults of modules that began in the same way and may still be that of this one.
  private final List<Failure> suspicions = new ArrayList<>();

  private boolean isKnownPrefix;
  private boolean isOver;
  private long decodeNanos;

  ModuleStream(ModuleCompiler compiler, CompileJob job, Runnable onDrop) {
    this.compiler = compiler;
    this.job = job;
    this.decoder = compiler.newDecoder(job);
    decoder.onPrefix(this::mayGoOn);
    job.onCancel(_ -> {
      // Otherwise the work finds out by itself.
      if (lock.tryLock()) {
        try {
          end();
        } finally {
          lock.unlock();
        }
        onDrop.run();
      }
    });
  }

  /// Takes the next bytes; they are copied.
  ///
  /// @throws WasmException if a fault is certain; the stream has ended
  /// @throws dev.cloister.engine.error.CompilationCancelledException if the job was cancelled
  public void push(byte[] bytes, int from, int length) {
    lock.lock();
    boolean isDone = false;
    try (CompileJob.Work work = job.lead()) {
      work.pass();
      requireOpen();
      timed(
          /* isEnd= */ false,
          () -> {
            decoder.push(bytes, from, length);
            return true;
          });
      job.received(decoder.size());
      clearSuspicions();
      isDone = true;
    } finally {
      if (!isDone) {
        end();
      }
      lock.unlock();
    }
  }

  /// Ends the module and compiles it, or takes what somebody else has compiled.
  ///
  /// @throws WasmException if the module is faulty
  /// @throws dev.cloister.engine.error.CompilationCancelledException if the job was cancelled
  public ModuleCompiler.Compiled finish() {
    lock.lock();
    try {
      requireOpen();
      job.enter(CompileState.VALIDATING);
      Source source = new Source();
      if (!isKnownPrefix) {
        try (CompileJob.Work work = job.lead()) {
          work.pass();
          source.decode();
        }
      }
      return compiler.compile(job, source);
    } finally {
      end();
      lock.unlock();
    }
  }

  /// Drops what was received. Does nothing after the end.
  public void abort() {
    lock.lock();
    try {
      end();
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (isOver) {
      job.requireGoingOn();
      throw new IllegalStateException("the stream has ended");
    }
  }

  private void end() {
    if (!isOver) {
      isOver = true;
      decoder.abort();
      suspicions.clear();
      if (ownedPrefix != null) {
        compiler.cache().releasePrefix(ownedPrefix);
        ownedPrefix = null;
      }
    }
  }

  private boolean mayGoOn(long hash) {
    prefixHash = hash;
    PrefixKey key = compiler.prefixKey(job, hash);
    if (compiler.cache().ownPrefix(key)) {
      ownedPrefix = key;
    } else {
      isKnownPrefix = true;
    }
    suspicions.addAll(compiler.failures().withPrefix(hash, compiler.scope(job)));
    return !isKnownPrefix && suspicions.isEmpty();
  }

  /// Compares what has come with the modules that were at fault.
  private void clearSuspicions() {
    if (suspicions.isEmpty()) {
      return;
    }
    int size = decoder.size();
    for (Failure failure : List.copyOf(suspicions)) {
      if (failure.length() <= size) {
        if (decoder.hash(failure.length()).equals(failure.hash())) {
          compiler.failures().countHit();
          throw failure.fault();
        }
        suspicions.remove(failure);
      }
    }
    if (suspicions.isEmpty() && !isKnownPrefix) {
      timed(
          /* isEnd= */ false,
          () -> {
            decoder.resume();
            return true;
          });
    }
  }

  /// Does a part of the work.
  ///
  /// @param isEnd whether a fault may be that the module ends: then it is not one of streams that
  ///   begin with the same bytes and go on
  @CanIgnoreReturnValue
  private <T> T timed(boolean isEnd, Supplier<T> step) {
    long start = System.nanoTime();
    try {
      return step.get();
    } catch (WasmException e) {
      noteFault(e, isEnd, decodeNanos + System.nanoTime() - start);
      throw e;
    } finally {
      decodeNanos += System.nanoTime() - start;
    }
  }

  private void noteFault(WasmException fault, boolean isEnd, long nanos) {
    int size = decoder.size();
    if (ModuleCompiler.isOfModule(fault)) {
      ModuleHash hash = decoder.hash(size);
      compiler
          .failures()
          .add(new Failure(hash, size, fault), isEnd ? null : prefixHash, compiler.scope(job));
    }
    compiler.tellDecoded(job, size, nanos / NANOS_IN_MICRO, /* isSuccess= */ false);
  }

  /// The module, once all of it has come.
  private final class Source implements ModuleSource {
    private @Nullable WasmModule decoded;
    private @Nullable ModuleHash hash;

    @Override
    public ModuleHash hash() {
      ModuleHash computed = hash;
      if (computed == null) {
        WasmModule module = decoded;
        computed = module == null ? decoder.hash(decoder.size()) : module.wireBytes().sha256();
        hash = computed;
      }
      return computed;
    }

    @Override
    public WasmModule decode() {
      WasmModule module = decoded;
      if (module == null) {
        int size = decoder.size();
        module = timed(/* isEnd= */ true, decoder::finish);
        decoded = module;
        compiler.tellDecoded(job, size, decodeNanos / NANOS_IN_MICRO, /* isSuccess= */ true);
      }
      return module;
    }
  }
}
