package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

/// What is known of the classes of one loader, also when they are gone. Any thread.
///
/// Refers to nothing that would keep the loader.
abstract class CodeAccount {
  /// What a class takes besides its file, in bytes: its mirror, its entry in the loader's tables
  /// and the headers of its constant pool and methods. Seen for small chunks with
  /// `-XX:NativeMemoryTracking`; an estimate.
  private static final int CLASS_BYTES = 1_200;

  /// The way of code from being made to being gone.
  enum State {
    /// Calls enter it.
    PUBLISHED,
    /// No call enters it any more; instances or frames may still run it.
    POTENTIALLY_DEAD,
    /// Nobody runs it, so it counts no more.
    FREED,
    /// The JVM has unloaded it.
    UNLOADED
  }

  private final CodeManager manager;

  @GuardedBy("this")
  private State state = State.PUBLISHED;

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private int classes;

  CodeAccount(CodeManager manager) {
    this.manager = manager;
  }

  final CodeManager manager() {
    return manager;
  }

  /// {@return whether anybody needs the code} With this account locked.
  abstract boolean isUsed();

  /// {@return whether an isolate needs the code}
  ///
  /// @param isolate null stands for those who do not report
  abstract boolean isUsedBy(@Nullable Object isolate);

  /// Pays for a class that is about to be defined.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if the engine's budget refuses it
  final void charge(int classBytes) {
    manager.charge(classBytes);
    synchronized (this) {
      bytes += classBytes;
      classes++;
      if (state == State.FREED) {
        // Someone that nobody knew of runs it: it counts again.
        revive(bytes - classBytes);
      }
    }
  }

  /// Counts freed code again, because somebody runs it.
  ///
  /// @param uncounted the bytes that do not count at present
  @GuardedBy("this")
  final void revive(long uncounted) {
    state = State.POTENTIALLY_DEAD;
    manager.revived(this, uncounted);
  }

  final synchronized State state() {
    return state;
  }

  /// {@return the bytes of the class files that were defined}
  final synchronized long bytes() {
    return bytes;
  }

  /// {@return what there is to free}
  final synchronized FreedCode size() {
    return new FreedCode(bytes, (long) classes * CLASS_BYTES);
  }

  /// Notes that calls enter the code no more.
  final void release() {
    synchronized (this) {
      if (state != State.PUBLISHED) {
        return;
      }
      state = State.POTENTIALLY_DEAD;
      retired();
    }
    manager.addPotentiallyDead(this);
    manager.events().flush();
  }

  /// Notes, with this account locked, that calls enter the code no more.
  void retired() {}

  /// Notes that calls enter the code again.
  final void publish() {
    synchronized (this) {
      if (state == State.FREED) {
        manager.recount(bytes);
      }
      if (state != State.UNLOADED) {
        state = State.PUBLISHED;
      }
    }
    manager.removePotentiallyDead(this);
  }

  /// Frees the code if calls do not enter it and nobody needs it.
  ///
  /// @return whether it is freed now and was not before
  final boolean free() {
    synchronized (this) {
      if (state != State.POTENTIALLY_DEAD || isUsed()) {
        return false;
      }
      state = State.FREED;
      manager.freed(bytes);
    }
    return true;
  }

  /// Notes that the JVM has unloaded the classes.
  final void unloaded() {
    synchronized (this) {
      if (state != State.FREED) {
        manager.freed(bytes);
      }
      state = State.UNLOADED;
      retired();
      manager.unloaded(bytes);
    }
    manager.removePotentiallyDead(this);
    manager.events().flush();
  }
}
