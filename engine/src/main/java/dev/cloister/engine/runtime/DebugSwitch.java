package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Whether somebody wants to be told of positions that debuggable code reaches, of which, and who.
///
/// Instances of one module and isolate may share one. Any thread may turn it; code that runs sees
/// it at its next loop head or function entry at the latest. Each function has a [DebugWatch] of
/// its own, so what is wanted of one does not slow the others.
public final class DebugSwitch {
  private static final int FUNCTIONS_AT_FIRST = 64;

  private final Object lock = new Object();

  /// By function index; made when a function is first called. Replaced when it grows.
  private volatile AtomicReferenceArray<@Nullable DebugWatch> watches =
      new AtomicReferenceArray<>(0);

  private volatile @Nullable DebugListener listener;

  @GuardedBy("lock")
  private boolean isEverywhere;

  @GuardedBy("lock")
  private Map<Integer, long[]> positions = Map.of();

  /// Creates a switch that nobody has turned on.
  public DebugSwitch() {}

  /// Sets who is told, from now on, of all positions.
  ///
  /// @param told null for nobody
  public void set(@Nullable DebugListener told) {
    set(told, /* everywhere= */ told != null, Map.of());
  }

  /// Sets who is told of what, from now on.
  ///
  /// @param told null for nobody
  /// @param everywhere whether all positions are told
  /// @param chosen those that are told otherwise, by function: for each byte of the body up to the
  ///   last of them a bit; never changed afterwards
  public void set(@Nullable DebugListener told, boolean everywhere, Map<Integer, long[]> chosen) {
    synchronized (lock) {
      listener = told;
      if (isEverywhere == everywhere && positions.equals(chosen)) {
        return;
      }
      isEverywhere = everywhere;
      positions = chosen;
      AtomicReferenceArray<@Nullable DebugWatch> all = watches;
      for (int i = 0; i < all.length(); i++) {
        DebugWatch watch = all.get(i);
        if (watch != null) {
          watch.set(everywhere, chosen.get(i));
        }
      }
    }
  }

  @Nullable DebugListener listener() {
    return listener;
  }

  /// {@return what is to be told of a function, always the same object}
  DebugWatch of(int functionIndex) {
    AtomicReferenceArray<@Nullable DebugWatch> known = watches;
    DebugWatch watch = functionIndex < known.length() ? known.get(functionIndex) : null;
    return watch == null ? add(functionIndex) : watch;
  }

  private DebugWatch add(int functionIndex) {
    synchronized (lock) {
      AtomicReferenceArray<@Nullable DebugWatch> all = watches;
      if (functionIndex >= all.length()) {
        int length = Math.max(functionIndex + 1, Math.max(FUNCTIONS_AT_FIRST, 2 * all.length()));
        AtomicReferenceArray<@Nullable DebugWatch> larger = new AtomicReferenceArray<>(length);
        for (int i = 0; i < all.length(); i++) {
          larger.setPlain(i, all.get(i));
        }
        watches = larger;
        all = larger;
      }
      DebugWatch known = all.get(functionIndex);
      if (known != null) {
        return known;
      }
      DebugWatch made = new DebugWatch(this);
      made.set(isEverywhere, positions.get(functionIndex));
      all.set(functionIndex, made);
      return made;
    }
  }
}
