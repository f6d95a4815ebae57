package dev.cloister.bench.density;

import java.lang.management.ManagementFactory;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/// All objects of this process that are reachable, by class.
///
/// @param bytes bytes by the name of the class
record LiveHeap(Map<String, Long> bytes) {
  private static final int CLASS_COLUMN = 3;
  private static final int BYTES_COLUMN = 2;

  /// Collects garbage and counts what is left.
  static LiveHeap now() {
    Object histogram;
    try {
      histogram =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException("this JVM cannot count its objects", e);
    }
    Map<String, Long> bytes = new HashMap<>();
    String.valueOf(histogram)
        .lines()
        .map(line -> line.strip().split("\\s+"))
        .filter(columns -> columns[0].matches("\\d+:"))
        .forEach(columns ->
            bytes.merge(columns[CLASS_COLUMN], Long.parseLong(columns[BYTES_COLUMN]), Long::sum));
    return new LiveHeap(bytes);
  }

  long total() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// The classes that grew most since `before`, with the bytes by which they did.
  Stream<Map.Entry<String, Long>> grownMost(LiveHeap before, int count) {
    Map<String, Long> grown = new HashMap<>(bytes);
    before.bytes.forEach((name, former) -> grown.merge(name, -former, Long::sum));
    return grown.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(count);
  }
}
