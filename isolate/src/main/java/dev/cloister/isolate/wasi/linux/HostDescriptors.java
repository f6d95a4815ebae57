package dev.cloister.isolate.wasi.linux;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.cloister.isolate.wasi.Errno;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;

/// How many descriptors of the operating system guests have open, and how many they may.
///
/// They are the process's, which needs some for its connections and stores, so there is a bound
/// over all guests, one for those of each tenant, which is at most half of that, and one for each
/// guest. May be used from any thread.
public final class HostDescriptors {
  /// The most of all guests together, and the part of the process's that is.
  private static final int MAX_OF_ALL = 16_384;

  private static final int PART_OF_PROCESS = 4;

  /// The part of them that those of one tenant may be.
  private static final int PART_OF_TENANT = 2;

  /// Those of all guests of the process.
  static final HostDescriptors ALL = new HostDescriptors(maxOfAll(), Errno.NFILE);

  /// Those of nobody in particular.
  static final HostDescriptors UNCOUNTED = new HostDescriptors(Integer.MAX_VALUE, Errno.NFILE);

  private volatile int max;
  private final Errno refusal;
  private final AtomicInteger open = new AtomicInteger();

  /// Makes a bound.
  ///
  /// @param refusal what a guest is told that would exceed it
  HostDescriptors(int max, Errno refusal) {
    this.max = max;
    this.refusal = refusal;
  }

  /// Makes a bound for the guests of one tenant.
  public static HostDescriptors ofTenant(long max) {
    HostDescriptors descriptors = new HostDescriptors(0, Errno.NFILE);
    descriptors.changeMax(max);
    return descriptors;
  }

  /// Sets the bound for the guests of a tenant. What is open stays.
  public void changeMax(long newMax) {
    max = (int) Math.min(newMax, ALL.max / PART_OF_TENANT);
  }

  /// The most that can be open.
  public int max() {
    return max;
  }

  /// Counts one in, before it is opened.
  void take() {
    if (open.incrementAndGet() > max) {
      open.decrementAndGet();
      throw refusal.exception();
    }
  }

  private static int maxOfAll() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? Math.clamp(unix.getMaxFileDescriptorCount() / PART_OF_PROCESS, 16, MAX_OF_ALL)
        : MAX_OF_ALL;
  }

  /// Counts one out.
  void giveBack() {
    open.decrementAndGet();
  }

  /// Whether none more can be opened now.
  boolean isFull() {
    return open.get() >= max;
  }

  /// How many are open.
  public int open() {
    return open.get();
  }
}
