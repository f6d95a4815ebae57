package dev.cloister.engine.compile;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/// A clock of the work that a thread does.
@FunctionalInterface
interface ThreadClock {
  /// {@return what the current thread has worked so far, in nanoseconds since any moment}
  long nanos();

  /// {@return a clock of processor time} So nobody's compilation takes longer because others are at
  /// work on the same machine. Of virtual threads the JVM does not tell it; their time passes.
  static ThreadClock ofProcessorTime() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    if (!threads.isCurrentThreadCpuTimeSupported()) {
      return System::nanoTime;
    }
    return () ->
        Thread.currentThread().isVirtual() ? System.nanoTime() : threads.getCurrentThreadCpuTime();
  }
}
