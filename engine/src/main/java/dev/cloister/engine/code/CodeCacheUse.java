package dev.cloister.engine.code;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.List;

/// What part of the JVM's cache of compiled code is used: what the JIT makes of our classes, and of
/// everything else.
public final class CodeCacheUse {
  private static final List<MemoryPoolMXBean> POOLS =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(
              pool -> pool.getName().startsWith("CodeHeap") || pool.getName().equals("CodeCache"))
          .filter(pool -> !pool.getName().contains("non-nmethods"))
          .toList();

  private CodeCacheUse() {}

  /// {@return the part that is used now, from 0 to 1; 0 if the JVM does not say}
  ///
  /// The heaps of the tiers are taken together, since code goes to the other one if one is full.
  public static double now() {
    long used = 0;
    long max = 0;
    for (MemoryPoolMXBean pool : POOLS) {
      MemoryUsage usage = pool.getUsage();
      if (usage != null && usage.getMax() > 0) {
        used += usage.getUsed();
        max += usage.getMax();
      }
    }
    return max == 0 ? 0 : (double) used / max;
  }
}
