package dev.cloister.engine.runtime;

import java.util.concurrent.atomic.AtomicInteger;

/// The number of times that instances had a reason to look which image they are to run.
///
/// A store compares it when it is entered from outside: one read, whatever number of modules and
/// engines there are. Who looks in vain loses little.
public final class ImageEpoch {
  private static final AtomicInteger EPOCH = new AtomicInteger();

  private ImageEpoch() {}

  /// Lets all instances look when they are called next, see [CodeLinkage#follow]. Any thread.
  public static void advance() {
    EPOCH.incrementAndGet();
  }

  static int current() {
    return EPOCH.get();
  }
}
