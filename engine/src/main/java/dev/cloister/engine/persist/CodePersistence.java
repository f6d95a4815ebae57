package dev.cloister.engine.persist;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.ClassFileArchive;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.EngineEvents;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The archives of one engine, and when what is new in them is written.
///
/// One thread writes, which is there only while there is something to write. Safe to use by any
/// thread.
public final class CodePersistence implements AutoCloseable {
  private static final long TICK_MILLIS = 500;

  private final Persistence persistence;
  private final Function<String, ArchiveIdentity> identity;
  private final EngineEvents events;
  private final LongSupplier clock;
  private final @Nullable ScheduledThreadPoolExecutor executor;
  private final AtomicLong pendingBytes = new AtomicLong();
  private final LongAdder loadedUnits = new LongAdder();
  private final LongAdder loadedBytes = new LongAdder();
  private final LongAdder loadedNanos = new LongAdder();
  private final LongAdder writtenUnits = new LongAdder();
  private final LongAdder writtenBytes = new LongAdder();
  private final LongAdder writtenNanos = new LongAdder();
  private final LongAdder droppedBytes = new LongAdder();
  private final Object lock = new Object();

  /// The archives that somebody has, by name.
  @GuardedBy("lock")
  private final Map<String, WeakReference<ModuleArchive>> live = new HashMap<>();

  /// Those with something to write, which nobody else need have.
  @GuardedBy("lock")
  private final Set<ModuleArchive> waiting = new LinkedHashSet<>();

  @GuardedBy("lock")
  private boolean isScheduled;

  @GuardedBy("lock")
  private boolean isClosed;

  /// Found when the first archive is opened.
  private volatile @Nullable ArchiveIdentity found;

  private volatile boolean isOff;

  /// Starts without archives.
  ///
  /// @param identity makes the identity of the code from the version of the engine
  public CodePersistence(
      Persistence persistence, Function<String, ArchiveIdentity> identity, EngineEvents events) {
    this(persistence, identity, events, System::nanoTime, newExecutor());
  }

  /// @param clock in nanoseconds
  /// @param executor writes what is due; without one it is written by [#writeDue] only
  CodePersistence(
      Persistence persistence,
      Function<String, ArchiveIdentity> identity,
      EngineEvents events,
      LongSupplier clock,
      @Nullable ScheduledThreadPoolExecutor executor) {
    this.persistence = persistence;
    this.identity = identity;
    this.events = events;
    this.clock = clock;
    this.executor = executor;
  }

  private static ScheduledThreadPoolExecutor newExecutor() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "cloister-persist");
              thread.setDaemon(true);
              return thread;
            });
    executor.setKeepAliveTime(2 * TICK_MILLIS, TimeUnit.MILLISECONDS);
    executor.allowCoreThreadTimeOut(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return executor;
  }

  /// {@return the archive of a module} Reads what there is; on a thread that compiles.
  ///
  /// @param salt that of an isolate that does not share code, or empty: it shares none of this
  ///   either
  @SuppressWarnings("exports") // For the engine's facade.
  public ClassFileArchive open(ModuleHash module, String salt) {
    ArchiveIdentity code = identity(module);
    if (code == null) {
      return ClassFileArchive.NONE;
    }
    String name = code.archiveName(module, salt);
    ModuleArchive made = new ModuleArchive(this, module, code, name);
    synchronized (lock) {
      WeakReference<ModuleArchive> known = live.get(name);
      ModuleArchive archive = known == null ? null : known.get();
      if (archive != null) {
        return archive;
      }
      live.values().removeIf(reference -> reference.refersTo(null));
      live.put(name, new WeakReference<>(made));
    }
    made.load();
    return made;
  }

  private @Nullable ArchiveIdentity identity(ModuleHash module) {
    ArchiveIdentity known = found;
    if (known != null || isOff) {
      return known;
    }
    String reason = "the engine's own class files are not in files";
    try {
      String version = EngineVersion.read();
      if (version != null) {
        ArchiveIdentity made = identity.apply(version);
        found = made;
        return made;
      }
    } catch (IOException e) {
      reason = e.toString();
    }
    isOff = true;
    CodeNotPersisted event = new CodeNotPersisted(module, /* isWriting= */ false, reason);
    events.tell(listener -> listener.codeNotPersisted(event));
    return null;
  }

  CodeStore store() {
    return persistence.store();
  }

  ArchiveKey key() {
    return persistence.key();
  }

  PersistenceSettings settings() {
    return persistence.settings();
  }

  EngineEvents events() {
    return events;
  }

  long now() {
    return clock.getAsLong();
  }

  /// {@return whether some more bytes may be pending, which then are until they are released}
  boolean reserve(int bytes) {
    if (pendingBytes.addAndGet(bytes) <= settings().maxPendingBytes()) {
      return true;
    }
    pendingBytes.addAndGet(-bytes);
    return false;
  }

  void release(int bytes) {
    pendingBytes.addAndGet(-bytes);
  }

  void countLoaded(int bytes, long nanos) {
    loadedUnits.increment();
    loadedBytes.add(bytes);
    loadedNanos.add(nanos);
  }

  void countWritten(int units, long bytes, long nanos) {
    writtenUnits.add(units);
    writtenBytes.add(bytes);
    writtenNanos.add(nanos);
  }

  void countDropped(int bytes) {
    droppedBytes.add(bytes);
  }

  /// Something was added to an archive.
  ///
  /// @param isDue whether it is to be written at once
  void added(ModuleArchive archive, boolean isDue) {
    synchronized (lock) {
      waiting.add(archive);
    }
    schedule(isDue ? 0 : TICK_MILLIS);
  }

  private void schedule(long delayMillis) {
    if (executor == null) {
      return;
    }
    synchronized (lock) {
      if (isClosed || (isScheduled && delayMillis > 0)) {
        return;
      }
      isScheduled = true;
      ScheduledFuture<?> _ = executor.schedule(this::tick, delayMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void tick() {
    synchronized (lock) {
      isScheduled = false;
    }
    if (writeDue()) {
      schedule(TICK_MILLIS);
    }
  }

  /// Writes what is due. On one thread at a time.
  ///
  /// @return whether something is left to be written later
  boolean writeDue() {
    List<ModuleArchive> candidates;
    synchronized (lock) {
      candidates = List.copyOf(waiting);
    }
    long now = now();
    for (ModuleArchive archive : candidates) {
      if (archive.isDue(now)) {
        write(archive);
      }
    }
    synchronized (lock) {
      return !waiting.isEmpty();
    }
  }

  private void write(ModuleArchive archive) {
    synchronized (lock) {
      // What is added from now on brings it back.
      waiting.remove(archive);
    }
    archive.write();
  }

  /// {@return figures of this moment}
  public PersistenceFigures figures() {
    return new PersistenceFigures(
        loadedUnits.sum(),
        loadedBytes.sum(),
        loadedNanos.sum(),
        writtenUnits.sum(),
        writtenBytes.sum(),
        writtenNanos.sum(),
        droppedBytes.sum(),
        pendingBytes.get());
  }

  /// Writes what is pending and ends the thread. No compile thread may be running any more.
  @Override
  public void close() {
    synchronized (lock) {
      isClosed = true;
    }
    if (executor != null) {
      executor.shutdown();
      awaitEnd(executor);
    }
    List<ModuleArchive> left;
    synchronized (lock) {
      left = List.copyOf(waiting);
    }
    left.forEach(this::write);
  }

  private static void awaitEnd(ScheduledThreadPoolExecutor executor) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (executor.awaitTermination(1, TimeUnit.MINUTES)) {
            return;
          }
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
