package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The account of a store's structures, arrays and exceptions, which the JVM's collector frees.
///
/// Objects are paid for in *epochs*: a block of bytes is charged to the limiter at once, objects
/// are taken from it, and each keeps the epoch's [GcToken]. When the last of them was collected, so
/// is the token, and the epoch's bytes are given back. So the account is never below what the
/// objects take, and above it by what died in epochs of which something still lives.
///
/// Confined to the thread that runs the store.
@CalledByGeneratedCode
public final class GcHeap {
  /// What a reference takes in an object: the JVM compresses them in heaps below 32 GiB.
  public static final int REFERENCE_BYTES = Runtime.getRuntime().maxMemory() < 32L << 30 ? 4 : 8;

  /// What an object takes without its fields: the JVM's header, the type and the token.
  public static final int HEADER_BYTES = 12 + 2 * REFERENCE_BYTES;

  /*
   * Which objects live is known to the collector alone: the stack frames of running code, where a
   * guest's references are, cannot be walked from Java. At the limit the guest therefore waits for
   * collections before it is refused. One is not enough with G1: a concurrent cycle begins by
   * copying the young objects, also those that only dead old ones refer to, and what it has copied
   * it takes for alive; by the next cycle the dead old ones are known.
   *
   * The limiter's budget is divided into epochs of this share, within bounds: small ones are
   * given back sooner, large ones cost less.
   */
  private static final int EPOCHS_PER_BUDGET = 64;
  private static final long MIN_EPOCH_BYTES = 64 << 10;
  private static final long MAX_EPOCH_BYTES = 1 << 20;

  /// How many collections a guest waits for.
  private static final int COLLECTIONS = 2;

  /// What an epoch holds at least when the limiter is nearly used up.
  private static final long LEAST_BYTES = 4 << 10;

  private final Store store;
  private final HeapLimiter limiter;
  private final long epochBytes;
  private final Set<Epoch> epochs = new HashSet<>();
  private final ReferenceQueue<GcToken> dead = new ReferenceQueue<>();

  /// What objects are taken from, or null; its token is [#token].
  private @Nullable Epoch current;

  private GcToken token = new GcToken();

  /// Bytes of the current epoch that no object was taken from.
  private long left;

  /// What is charged to the limiter now.
  private long chargedBytes;

  GcHeap(Store store, HeapLimiter limiter) {
    this.store = store;
    this.limiter = limiter;
    long share = limiter.budget(HeapKind.GC_OBJECT) / EPOCHS_PER_BUDGET;
    this.epochBytes = Math.clamp(share, MIN_EPOCH_BYTES, MAX_EPOCH_BYTES);
  }

  /// Pays for an object that is about to be allocated.
  ///
  /// @param bytes its size, rounded up as the JVM does
  /// @return what the object has to keep
  /// @throws LimitExceededException if the limiter refuses it, also after collections
  /// @throws dev.cloister.engine.error.StoppedException if the store is stopped meanwhile
  @CalledByGeneratedCode
  public GcToken take(long bytes) {
    long rest = left - bytes;
    if (rest < 0) {
      return takeFromNew(bytes);
    }
    left = rest;
    return token;
  }

  /// Large objects have an epoch of their own, so that no room of the current one is lost.
  private GcToken takeFromNew(long bytes) {
    StackGuard.probe();
    store.requireOpen();
    creditDead();
    boolean isLarge = bytes > epochBytes >> 2;
    if (!isLarge) {
      endCurrent();
    }
    long size = charge(bytes, isLarge ? bytes : epochBytes);
    GcToken made = new GcToken();
    Epoch epoch = new Epoch(made, size, dead);
    epochs.add(epoch);
    if (!isLarge) {
      current = epoch;
      token = made;
      left = size - bytes;
    }
    return made;
  }

  /// Gives back what is left of the current epoch, which from now on can be collected.
  private void endCurrent() {
    Epoch ended = current;
    if (ended != null) {
      release(left);
      ended.bytes -= left;
      left = 0;
      current = null;
      token = new GcToken();
    }
  }

  /// Charges `wanted` bytes, or if they are refused as few as will do for `bytes`.
  ///
  /// @return what was charged
  private long charge(long bytes, long wanted) {
    long least = Math.max(bytes, Math.min(wanted, LEAST_BYTES));
    if (reserve(wanted)) {
      return wanted;
    }
    if (least < wanted && reserve(least)) {
      return least;
    }
    if (least <= limiter.budget(HeapKind.GC_OBJECT)) {
      endCurrent();
      for (int i = 0; i < COLLECTIONS; i++) {
        CollectionPacer.awaitCollection(store);
        creditCollected();
        if (reserve(wanted)) {
          return wanted;
        }
        if (reserve(least)) {
          return least;
        }
      }
    }
    throw LimitExceededException.refused("GC heap in bytes", bytes);
  }

  private boolean reserve(long bytes) {
    if (!limiter.reserve(HeapKind.GC_OBJECT, bytes)) {
      return false;
    }
    chargedBytes += bytes;
    return true;
  }

  private void release(long bytes) {
    chargedBytes -= bytes;
    limiter.release(HeapKind.GC_OBJECT, bytes);
  }

  /// Gives back the epochs whose tokens are known to be collected.
  private void creditDead() {
    while (dead.poll() instanceof Epoch epoch) {
      credit(epoch);
    }
  }

  /// Gives back the epochs whose tokens a collection has found dead. The queue would tell of them
  /// some time later.
  private void creditCollected() {
    long bytes = 0;
    for (Iterator<Epoch> all = epochs.iterator(); all.hasNext(); ) {
      Epoch epoch = all.next();
      if (epoch.refersTo(null)) {
        all.remove();
        bytes += epoch.bytes;
      }
    }
    release(bytes);
  }

  private void credit(Epoch epoch) {
    if (epochs.remove(epoch)) {
      release(epoch.bytes);
    }
  }

  /// {@return the bytes that are charged to the limiter}
  public long chargedBytes() {
    return chargedBytes;
  }

  /// Gives back everything, when the store is closed.
  void close() {
    current = null;
    left = 0;
    epochs.clear();
    release(chargedBytes);
  }

  /// The bytes that a token stands for.
  private static final class Epoch extends WeakReference<GcToken> {
    long bytes;

    Epoch(GcToken token, long bytes, ReferenceQueue<GcToken> queue) {
      super(token, queue);
      this.bytes = bytes;
    }
  }
}
