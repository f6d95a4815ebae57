package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.Errno;
import java.util.concurrent.atomic.AtomicInteger;

/// How many descriptors of the operating system guests have open, and how many they may.
///
/// They are the process's, which needs some for its connections and stores, so there is a bound
/// over all guests as well as one for each. May be used from any thread.
final class HostDescriptors {
  private final int max;
  private final Errno refusal;
  private final AtomicInteger open = new AtomicInteger();

  /// Makes a bound.
  ///
  /// @param refusal what a guest is told that would exceed it
  HostDescriptors(int max, Errno refusal) {
    this.max = max;
    this.refusal = refusal;
  }

  /// Counts one in, before it is opened.
  void take() {
    if (open.incrementAndGet() > max) {
      open.decrementAndGet();
      throw refusal.exception();
    }
  }

  /// Counts one out.
  void giveBack() {
    open.decrementAndGet();
  }

  /// How many are open.
  int open() {
    return open.get();
  }
}
