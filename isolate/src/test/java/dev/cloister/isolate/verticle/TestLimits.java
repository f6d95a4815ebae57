package dev.cloister.isolate.verticle;

/// The limits of calls in tests.
final class TestLimits {
  private static final long DEADLINE_MILLIS = 60_000;
  private static final long CONCURRENCY = 10;
  private static final long QUEUE_LENGTH = 10;
  private static final long REQUESTS_PER_SECOND = 1000;
  private static final long CPU_MILLIS_PER_CALL = 60_000;
  private static final long ANY_FUEL = 0;
  private static final long CPU_MILLIS_PER_SECOND = 1_000_000;

  static final CallLimits LIMITS = withDeadline(DEADLINE_MILLIS);

  private TestLimits() {}

  static CallLimits withDeadline(long deadlineMillis) {
    return limits(
        deadlineMillis,
        CONCURRENCY,
        QUEUE_LENGTH,
        REQUESTS_PER_SECOND,
        CPU_MILLIS_PER_CALL,
        ANY_FUEL,
        CPU_MILLIS_PER_SECOND);
  }

  static CallLimits withAdmission(long concurrency, long queueLength, long requestsPerSecond) {
    return limits(
        DEADLINE_MILLIS,
        concurrency,
        queueLength,
        requestsPerSecond,
        CPU_MILLIS_PER_CALL,
        ANY_FUEL,
        CPU_MILLIS_PER_SECOND);
  }

  static CallLimits withCpu(long millisPerCall, long millisPerSecond) {
    return limits(
        DEADLINE_MILLIS,
        CONCURRENCY,
        QUEUE_LENGTH,
        REQUESTS_PER_SECOND,
        millisPerCall,
        ANY_FUEL,
        millisPerSecond);
  }

  static CallLimits withFuel(long fuelPerCall) {
    return limits(
        DEADLINE_MILLIS,
        CONCURRENCY,
        QUEUE_LENGTH,
        REQUESTS_PER_SECOND,
        CPU_MILLIS_PER_CALL,
        fuelPerCall,
        CPU_MILLIS_PER_SECOND);
  }

  static CallLimits withMemory(long bytes) {
    return new CallLimits(
        bytes,
        LIMITS.tableElements(),
        LIMITS.gcHeapBytes(),
        LIMITS.stackBytes(),
        DEADLINE_MILLIS,
        LIMITS.responseBytes(),
        LIMITS.requestBytes(),
        CONCURRENCY,
        QUEUE_LENGTH,
        REQUESTS_PER_SECOND,
        CPU_MILLIS_PER_CALL,
        ANY_FUEL,
        CPU_MILLIS_PER_SECOND,
        LIMITS.keptInstances());
  }

  private static CallLimits limits(
      long deadlineMillis,
      long concurrency,
      long queueLength,
      long requestsPerSecond,
      long cpuMillisPerCall,
      long fuelPerCall,
      long cpuMillisPerSecond) {
    return new CallLimits(
        /* memoryPerInstanceBytes= */ 1 << 20,
        /* tableElements= */ 100,
        /* gcHeapBytes= */ 1 << 20,
        /* stackBytes= */ 512 << 10,
        deadlineMillis,
        /* responseBytes= */ 10_000,
        /* requestBytes= */ 10_000,
        concurrency,
        queueLength,
        requestsPerSecond,
        cpuMillisPerCall,
        fuelPerCall,
        cpuMillisPerSecond,
        /* keptInstances= */ 3);
  }
}
