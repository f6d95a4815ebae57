package dev.cloister.isolate.verticle;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/// How much CPU time threads have used. Any thread.
interface CpuClock {
  /// The CPU time of `thread` in nanoseconds, in user and in kernel mode; a value below 0 if it has
  /// ended.
  long nanosOf(Thread thread);

  /// What the operating system says.
  static CpuClock system() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return thread -> threads.getThreadCpuTime(thread.threadId());
  }
}
