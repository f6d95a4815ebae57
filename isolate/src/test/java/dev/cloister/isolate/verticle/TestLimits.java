package dev.cloister.isolate.verticle;

/// The limits of calls in tests.
final class TestLimits {
  static final CallLimits LIMITS =
      new CallLimits(
          /* memoryPerInstanceBytes= */ 1 << 20,
          /* tableElements= */ 100,
          /* gcHeapBytes= */ 1 << 20,
          /* stackBytes= */ 512 << 10,
          /* deadlineMillis= */ 60_000,
          /* responseBytes= */ 10_000,
          /* requestBytes= */ 10_000,
          /* concurrency= */ 10,
          /* queueLength= */ 10,
          /* requestsPerSecond= */ 1000,
          /* cpuMillisPerCall= */ 60_000,
          /* fuelPerCall= */ 0,
          /* cpuMillisPerSecond= */ 1_000_000);

  private TestLimits() {}

  static CallLimits withDeadline(long deadlineMillis) {
    return new CallLimits(
        LIMITS.memoryPerInstanceBytes(),
        LIMITS.tableElements(),
        LIMITS.gcHeapBytes(),
        LIMITS.stackBytes(),
        deadlineMillis,
        LIMITS.responseBytes(),
        LIMITS.requestBytes(),
        LIMITS.concurrency(),
        LIMITS.queueLength(),
        LIMITS.requestsPerSecond(),
        LIMITS.cpuMillisPerCall(),
        LIMITS.fuelPerCall(),
        LIMITS.cpuMillisPerSecond());
  }

  static CallLimits withAdmission(long concurrency, long queueLength, long requestsPerSecond) {
    return new CallLimits(
        LIMITS.memoryPerInstanceBytes(),
        LIMITS.tableElements(),
        LIMITS.gcHeapBytes(),
        LIMITS.stackBytes(),
        LIMITS.deadlineMillis(),
        LIMITS.responseBytes(),
        LIMITS.requestBytes(),
        concurrency,
        queueLength,
        requestsPerSecond,
        LIMITS.cpuMillisPerCall(),
        LIMITS.fuelPerCall(),
        LIMITS.cpuMillisPerSecond());
  }

  static CallLimits withCpu(long millisPerCall, long millisPerSecond) {
    return new CallLimits(
        LIMITS.memoryPerInstanceBytes(),
        LIMITS.tableElements(),
        LIMITS.gcHeapBytes(),
        LIMITS.stackBytes(),
        LIMITS.deadlineMillis(),
        LIMITS.responseBytes(),
        LIMITS.requestBytes(),
        LIMITS.concurrency(),
        LIMITS.queueLength(),
        LIMITS.requestsPerSecond(),
        millisPerCall,
        LIMITS.fuelPerCall(),
        millisPerSecond);
  }

  static CallLimits withFuel(long fuelPerCall) {
    return new CallLimits(
        LIMITS.memoryPerInstanceBytes(),
        LIMITS.tableElements(),
        LIMITS.gcHeapBytes(),
        LIMITS.stackBytes(),
        LIMITS.deadlineMillis(),
        LIMITS.responseBytes(),
        LIMITS.requestBytes(),
        LIMITS.concurrency(),
        LIMITS.queueLength(),
        LIMITS.requestsPerSecond(),
        LIMITS.cpuMillisPerCall(),
        fuelPerCall,
        LIMITS.cpuMillisPerSecond());
  }
}
