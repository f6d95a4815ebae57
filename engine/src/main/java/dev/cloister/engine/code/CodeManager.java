package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.runtime.TierPolicy;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;

/// The generated code of one engine: how much there is, how much there may be, and what is to be
/// given up (V8 `WasmCodeManager`). Any thread.
///
/// The budget counts the class files of all code that was not freed. What exceeds it is refused
/// with an error that the guest or the uploader sees, after everything was freed that nobody needs;
/// the process goes on.
public final class CodeManager {
  /// Tells when loaders are gone.
  private static final Cleaner CLEANER = Cleaner.create();

  private final long maxBytes;
  private final double maxCodeCache;
  private final DoubleSupplier codeCacheUse;
  private final CodeEvents events;
  private final CodeGc gc;
  private final Tiering tiering;
  private final AtomicLong committedBytes = new AtomicLong();
  private final AtomicLong definedBytes = new AtomicLong();
  private final AtomicLong freedBytes = new AtomicLong();
  private final AtomicLong unloadedBytes = new AtomicLong();
  private final AtomicLong flushes = new AtomicLong();
  private final AtomicLong flushedBytes = new AtomicLong();
  private final AtomicLong refusals = new AtomicLong();
  private final Object lock = new Object();

  /// The code of all live modules.
  @GuardedBy("lock")
  private final Set<ImageSet> modules = Collections.newSetFromMap(new WeakHashMap<>());

  /// Figures of this moment.
  ///
  /// @param committedBytes the class files of the code that was not freed
  /// @param maxBytes what may be committed
  /// @param definedBytes all class files since the start
  /// @param freedBytes those that were freed: nobody runs them
  /// @param unloadedBytes those that the JVM has unloaded for sure; it may lag behind
  /// @param potentiallyDeadBytes those that no call enters and that were not freed yet
  /// @param collections the code collections that were begun
  /// @param finishedCollections those that have ended
  /// @param outstandingIsolates how many isolates are still to report in the one that runs
  /// @param flushes how often baseline code was given up
  /// @param flushedBytes the class files of that
  /// @param refusals how often code was refused, for the budget or for the JVM's code cache
  /// @param codeCacheUse what part of the JVM's code cache is used, from 0 to 1
  public record Figures(
      long committedBytes,
      long maxBytes,
      long definedBytes,
      long freedBytes,
      long unloadedBytes,
      long potentiallyDeadBytes,
      long collections,
      long finishedCollections,
      int outstandingIsolates,
      long flushes,
      long flushedBytes,
      long refusals,
      double codeCacheUse) {}

  /// Makes the manager of an engine.
  ///
  /// @param maxBytes the class files that there may be
  /// @param isStressed whether all code that becomes potentially dead is looked at immediately
  /// @param maxCodeCache from which use of the JVM's code cache on no image is made, from 0 to 1
  /// @param codeCacheUse tells that use
  /// @param reporter runs what isolates report, soon and in any order
  /// @param tiering what its modules have in common when better code is made of them
  /// @param events tells what becomes of the code
  public CodeManager(
      long maxBytes,
      boolean isStressed,
      double maxCodeCache,
      DoubleSupplier codeCacheUse,
      Executor reporter,
      Tiering tiering,
      CodeEvents events) {
    this.maxBytes = maxBytes;
    this.maxCodeCache = maxCodeCache;
    this.codeCacheUse = codeCacheUse;
    this.events = events;
    this.gc = new CodeGc(isStressed, reporter, events);
    this.tiering = tiering;
  }

  /// {@return a manager that allows everything}
  public static CodeManager unlimited() {
    return new CodeManager(
        Long.MAX_VALUE,
        /* isStressed= */ false,
        1,
        /* codeCacheUse= */ () -> 0,
        Runnable::run,
        new Tiering(TierPolicy.onRequest()),
        CodeEvents.silent());
  }

  /// {@return what tells listeners of the code}
  CodeEvents events() {
    return events;
  }

  /// {@return what its modules have in common when better code is made of them}
  public Tiering tiering() {
    return tiering;
  }

  /// Lets an isolate take part in collections.
  public void addIsolate(Object isolate) {
    gc.addIsolate(isolate);
  }

  /// Forgets an isolate. Repeating it does nothing.
  public void removeIsolate(Object isolate) {
    gc.removeIsolate(isolate);
  }

  void addModule(ImageSet images) {
    synchronized (lock) {
      modules.add(images);
    }
  }

  private List<ImageSet> modules() {
    synchronized (lock) {
      return new ArrayList<>(modules);
    }
  }

  /// Notes when a loader is gone.
  void watch(GeneratedClassLoader loader, CodeAccount account) {
    CLEANER.register(loader, account::unloaded);
  }

  /// Refuses a new image if the JVM's code cache is nearly full: what the JIT cannot compile would
  /// be slow for everybody.
  ///
  /// @throws LimitExceededException then
  void requireCodeCache() {
    double use = codeCacheUse.getAsDouble();
    if (use > maxCodeCache) {
      refusals.incrementAndGet();
      throw new LimitExceededException(
          "use of the JVM's code cache in percent",
          (long) Math.ceil(use * 100),
          (long) (maxCodeCache * 100));
    }
  }

  /// Counts a class that is about to be defined.
  ///
  /// @throws LimitExceededException if there would be too many
  void charge(int bytes) {
    if (!reserve(bytes)) {
      relieve(bytes);
      if (!reserve(bytes)) {
        refusals.incrementAndGet();
        throw new LimitExceededException("codeBytes", committedBytes.get() + bytes, maxBytes);
      }
    }
    definedBytes.addAndGet(bytes);
  }

  private boolean reserve(int bytes) {
    while (true) {
      long committed = committedBytes.get();
      if (committed > maxBytes - bytes) {
        return false;
      }
      if (committedBytes.compareAndSet(committed, committed + bytes)) {
        return true;
      }
    }
  }

  /// Makes room: frees what is dead already, then baseline code that nobody runs.
  private void relieve(int bytes) {
    gc.potentiallyDead().forEach(this::freeNow);
    if (committedBytes.get() <= maxBytes - bytes) {
      return;
    }
    flushes.incrementAndGet();
    for (ImageSet module : modules()) {
      flushedBytes.addAndGet(module.removeIdle(CodeFilter.BASELINE).codeBytes());
    }
    gc.potentiallyDead().forEach(this::freeNow);
  }

  private void freeNow(CodeAccount account) {
    if (account.free()) {
      gc.remove(account);
    }
  }

  /// Gives up the baseline code of all modules: instances leave it at their next call from outside
  /// (V8 `FlushLiftoffCode`). Optimized code stays.
  public FreedCode flushBaseline() {
    FreedCode freed = FreedCode.NONE;
    for (ImageSet module : modules()) {
      freed = freed.plus(module.remove(CodeFilter.BASELINE));
    }
    flushes.incrementAndGet();
    flushedBytes.addAndGet(freed.codeBytes());
    return freed;
  }

  /// Begins a collection of code, or lets one follow that which runs. Returns at once.
  public void collect() {
    gc.trigger(/* isRequested= */ true);
  }

  /// {@return whether a collection is running}
  public boolean isCollecting() {
    return gc.isRunning();
  }

  void addPotentiallyDead(CodeAccount account) {
    gc.add(account, account.bytes(), committedBytes.get());
  }

  void removePotentiallyDead(CodeAccount account) {
    gc.remove(account);
  }

  /// Counts freed code again that somebody runs after all.
  void revived(CodeAccount account, long bytes) {
    recount(bytes);
    gc.addAgain(account);
  }

  /// Counts freed code again. It is there, so it is not refused.
  void recount(long bytes) {
    committedBytes.addAndGet(bytes);
    freedBytes.addAndGet(-bytes);
  }

  void freed(long bytes) {
    committedBytes.addAndGet(-bytes);
    freedBytes.addAndGet(bytes);
  }

  void unloaded(long bytes) {
    unloadedBytes.addAndGet(bytes);
  }

  /// {@return figures of this moment}
  public Figures figures() {
    CodeGc.Figures collected = gc.figures();
    return new Figures(
        committedBytes.get(),
        maxBytes,
        definedBytes.get(),
        freedBytes.get(),
        unloadedBytes.get(),
        collected.potentiallyDeadBytes(),
        collected.triggered(),
        collected.finished(),
        collected.outstandingIsolates(),
        flushes.get(),
        flushedBytes.get(),
        refusals.get(),
        codeCacheUse.getAsDouble());
  }
}
