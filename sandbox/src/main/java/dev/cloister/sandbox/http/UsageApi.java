package dev.cloister.sandbox.http;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.registry.UsageLog;
import dev.cloister.sandbox.storage.UsageRecord;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a tenant uses now, and what it used hour by hour.
final class UsageApi {
  private static final Duration DEFAULT_RANGE = Duration.ofHours(24);
  private static final Duration MAX_RANGE = Duration.ofDays(31);
  private static final double BYTES_PER_GB = 1e9;

  private final TenantRegistry tenants;
  private final UsageLog log;
  private final Clock clock;

  UsageApi(TenantRegistry tenants, UsageLog log, Clock clock) {
    this.tenants = tenants;
    this.log = log;
    this.clock = clock;
  }

  /// What a tenant uses.
  ///
  /// @param usage what is used of limits that can be used up
  /// @param memory the bytes charged to it by kind
  /// @param instances calls that run
  /// @param calls calls since the server started, by how they ended
  /// @param cpuMillis processor time of calls since the server started
  /// @param from the beginning of the first hour
  /// @param to the end of the last hour
  /// @param hours the hours in which anything was used, oldest first
  /// @param total the sum of the hours
  record Usage(
      Map<String, Long> usage,
      Map<String, Long> memory,
      int instances,
      Map<String, Long> calls,
      long cpuMillis,
      String from,
      String to,
      List<Hour> hours,
      Total total) {}

  /// What was used in an hour.
  ///
  /// @param hour its beginning
  /// @param invocations calls that were admitted
  /// @param errors how many of them had no result
  /// @param gbSeconds memory, in 10^9 bytes times seconds
  /// @param egressBytes the bytes of answers
  record Hour(
      String hour,
      long invocations,
      long errors,
      long cpuMillis,
      double gbSeconds,
      long egressBytes) {
    static Hour of(UsageRecord usage) {
      return new Hour(
          usage.hour().toString(),
          usage.invocations(),
          usage.errors(),
          TimeUnit.NANOSECONDS.toMillis(usage.cpuNanos()),
          usage.memoryByteSeconds() / BYTES_PER_GB,
          usage.egressBytes());
    }
  }

  /// The same for several hours.
  record Total(long invocations, long errors, long cpuMillis, double gbSeconds, long egressBytes) {
    static Total of(UsageRecord sum) {
      Hour hour = Hour.of(sum);
      return new Total(
          hour.invocations, hour.errors, hour.cpuMillis, hour.gbSeconds, hour.egressBytes);
    }
  }

  Answer get(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    Instant to = hourAtOrAfter(time(request, "to", clock.instant()));
    Instant from = time(request, "from", to.minus(DEFAULT_RANGE)).truncatedTo(ChronoUnit.HOURS);
    if (from.isAfter(to) || Duration.between(from, to).compareTo(MAX_RANGE) > 0) {
      throw Problem.invalid("from", from.toString(), "at most 31 days before " + to).asException();
    }
    List<UsageRecord> hours = log.list(tenant, from, to);
    UsageRecord sum = hours.stream().reduce(UsageRecord.none(from), UsageRecord::plus);
    HeapSnapshot heap = tenant.isolate().heap();
    CallUsage calls = tenant.isolate().usage();
    return Answer.json(
        200,
        new Usage(
            usage(tenant, heap, calls),
            memory(heap),
            calls.inFlight() - calls.waiting(),
            tenant.calls().toMap(),
            TimeUnit.NANOSECONDS.toMillis(calls.cpuNanos()),
            from.toString(),
            to.toString(),
            hours.stream().map(Hour::of).toList(),
            Total.of(sum)));
  }

  private static Map<String, Long> usage(Tenant tenant, HeapSnapshot heap, CallUsage calls) {
    Map<String, Long> usage = new LinkedHashMap<>();
    usage.put("memoryBytes", heap.chargedBytes());
    usage.put("concurrency", (long) calls.inFlight());
    usage.put("queueLength", (long) calls.waiting());
    usage.put("keptInstances", (long) tenant.isolate().keptInstances().statefulCount());
    usage.put("plugins", (long) tenant.plugins().size());
    usage.put("codeBytes", tenant.isolate().codeBytes());
    usage.put("storageBytes", tenant.storedBytes());
    return usage;
  }

  private static Map<String, Long> memory(HeapSnapshot heap) {
    Map<String, Long> memory = new LinkedHashMap<>();
    for (HeapCategory category : HeapCategory.values()) {
      memory.put(category.name(), heap.bytes().getOrDefault(category, 0L));
    }
    return memory;
  }

  private static Instant time(ApiRequest request, String name, Instant defaultValue) {
    @Nullable String text = request.query(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      Instant time = Instant.parse(text);
      // What has more digits than a year is no time that anybody means.
      if (time.isAfter(Instant.EPOCH) && time.isBefore(Instant.parse("9999-01-01T00:00:00Z"))) {
        return time;
      }
    } catch (DateTimeException _) {
      // Falls through to the problem below.
    }
    throw Problem.invalid(name, text, "a time such as 2030-01-31T12:00:00Z").asException();
  }

  private static Instant hourAtOrAfter(Instant time) {
    Instant hour = time.truncatedTo(ChronoUnit.HOURS);
    return hour.equals(time) ? hour : hour.plus(1, ChronoUnit.HOURS);
  }
}
