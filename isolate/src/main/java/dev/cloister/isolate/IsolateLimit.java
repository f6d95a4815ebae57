package dev.cloister.isolate;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A limit that every tenant has: its name, its default and the range it may be set to.
///
/// The unit is the end of the name. The maxima here are those of the implementation; an operator
/// can lower them, see [IsolateLimits#withAll(Map, IsolateLimits)].
public enum IsolateLimit {
  /// Bytes charged to the tenant's ledger, all categories together.
  MEMORY_BYTES("memoryBytes", mebibytes(512), mebibytes(1), mebibytes(1 << 20)),
  /// Bytes of linear memory of one instance.
  MEMORY_PER_INSTANCE_BYTES(
      "memoryPerInstanceBytes", mebibytes(256), kibibytes(64), mebibytes(1 << 20)),
  /// Elements of all tables of one instance.
  TABLE_ELEMENTS("tableElements", 1_000_000, 0, 10_000_000),
  /// Bytes of the structures, arrays and exceptions of one instance.
  GC_HEAP_BYTES("gcHeapBytes", mebibytes(128), kibibytes(64), mebibytes(1 << 20)),
  /// Stack of the thread that runs a call.
  STACK_BYTES("stackBytes", mebibytes(4), kibibytes(256), mebibytes(256)),
  /// Wall-clock time of one call, from its admission to its result.
  DEADLINE_MILLIS("deadlineMillis", 10_000, 10, 24L * 60 * 60 * 1000),
  /// CPU time of one call.
  CPU_MILLIS_PER_CALL("cpuMillisPerCall", 10_000, 10, 24L * 60 * 60 * 1000),
  /// CPU time of all calls per second of wall-clock time, with a burst of one second's worth. One
  /// core is 1,000.
  CPU_MILLIS_PER_SECOND("cpuMillisPerSecond", 4_000, 1, 1_000_000),
  /// What one call may execute, in units of fuel: about one for each instruction, the same on every
  /// machine. 0 is no limit; any other makes the tenant's calls run code that counts, which takes
  /// longer. At most what is exact as a JSON number.
  FUEL_PER_CALL("fuelPerCall", 0, 0, (1L << 53) - 1),
  /// Calls in flight, running or waiting.
  CONCURRENCY("concurrency", 64, 1, 100_000),
  /// Calls that wait for a guest thread.
  QUEUE_LENGTH("queueLength", 64, 0, 100_000),
  /// Calls admitted per second, with a burst of one second's worth.
  REQUESTS_PER_SECOND("requestsPerSecond", 10_000, 1, 10_000_000),
  /// Stateful instances, awake or hibernating.
  KEPT_INSTANCES("keptInstances", 1_000, 0, 1_000_000),
  /// Files and directories of host folders that all calls together have open. No more than half of
  /// what the whole server lets guests open.
  HOST_DESCRIPTORS("hostDescriptors", 1_024, 0, 16_384),
  /// Body of one request.
  REQUEST_BYTES("requestBytes", mebibytes(16), 0, mebibytes(1024)),
  /// Output of one call.
  RESPONSE_BYTES("responseBytes", mebibytes(16), 0, mebibytes(1024)),
  /// Body of one upload.
  UPLOAD_BYTES("uploadBytes", mebibytes(64), 8, mebibytes(1024)),
  /// Processor time that the compilation of one module may take.
  COMPILE_MILLIS("compileMillis", 60_000, 1, 60L * 60 * 1000),
  /// Functions of one module, without imported ones.
  FUNCTIONS_PER_MODULE("functionsPerModule", 200_000, 0, 1_000_000),
  /// Types of one module.
  TYPES_PER_MODULE("typesPerModule", 100_000, 0, 1_000_000),
  /// What plugins write to the log per second, with a burst of one second's worth.
  LOG_BYTES_PER_SECOND("logBytesPerSecond", mebibytes(1), 0, mebibytes(1024)),
  /// HTTP requests that plugins send per second, with a burst of one second's worth.
  EGRESS_REQUESTS_PER_SECOND("egressRequestsPerSecond", 100, 1, 1_000_000),
  /// Plugins of the tenant.
  PLUGINS("plugins", 100, 0, 100_000),
  /// Versions kept of one plugin.
  VERSIONS_PER_PLUGIN("versionsPerPlugin", 50, 1, 10_000),
  /// Compiled code that the tenant holds, in bytes: the share of each of its modules.
  CODE_BYTES("codeBytes", mebibytes(256), 0, mebibytes(1 << 20)),
  /// Bytes stored durably for the tenant.
  STORAGE_BYTES("storageBytes", mebibytes(1024), 0, mebibytes(1 << 20));

  private static final Map<String, IsolateLimit> BY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(IsolateLimit::limitName, Function.identity()));

  private final String limitName;
  private final long defaultValue;
  private final long minimum;
  private final long maximum;

  IsolateLimit(String limitName, long defaultValue, long minimum, long maximum) {
    this.limitName = limitName;
    this.defaultValue = defaultValue;
    this.minimum = minimum;
    this.maximum = maximum;
  }

  /// The limit called `limitName`, or null.
  public static @Nullable IsolateLimit named(String limitName) {
    return BY_NAME.get(limitName);
  }

  /// The name in the API and in errors; it ends with the unit.
  public String limitName() {
    return limitName;
  }

  /// The value of a tenant that was given none.
  public long defaultValue() {
    return defaultValue;
  }

  /// The lowest value it may be set to.
  public long minimum() {
    return minimum;
  }

  /// The highest value that the implementation supports.
  public long maximum() {
    return maximum;
  }

  private static long kibibytes(long count) {
    return count << 10;
  }

  private static long mebibytes(long count) {
    return count << 20;
  }
}
