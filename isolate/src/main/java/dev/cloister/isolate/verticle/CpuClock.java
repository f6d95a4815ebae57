package dev.cloister.isolate.verticle;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/// How much CPU time threads have used. Any thread.
interface CpuClock {
  /// The CPU time of `thread` in nanoseconds, in user and in kernel mode; a value below 0 if it has
  /// ended.
  long nanosOf(Thread thread);

  /// The CPU time of the calling thread, as [#nanosOf] has it.
  default long nanosOfCaller() {
    return nanosOf(Thread.currentThread());
  }

  /// What the operating system says.
  static CpuClock system() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return new CpuClock() {
      @Override
      public long nanosOf(Thread thread) {
        return threads.getThreadCpuTime(thread.threadId());
      }

      @Override
      public long nanosOfCaller() {
        return threads.getCurrentThreadCpuTime(); // no look for the thread
      }
    };
  }
}
