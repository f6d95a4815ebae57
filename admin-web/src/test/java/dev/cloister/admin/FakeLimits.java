package dev.cloister.admin;

import io.vertx.core.json.JsonObject;

/// Limits of a tenant as a server might have them.
final class FakeLimits {
  private static final long MEBIBYTE = 1024 * 1024;

  private FakeLimits() {}

  static JsonObject defaults() {
    return new JsonObject()
        .put("memoryBytes", 128 * MEBIBYTE)
        .put("memoryPerInstanceBytes", 64 * MEBIBYTE)
        .put("gcHeapBytes", 64 * MEBIBYTE)
        .put("stackBytes", MEBIBYTE)
        .put("tableElements", 100_000)
        .put("deadlineMillis", 5_000)
        .put("cpuMillisPerCall", 2_000)
        .put("cpuMillisPerSecond", 2_000)
        .put("fuelPerCall", null)
        .put("concurrency", 32)
        .put("queueLength", 64)
        .put("requestsPerSecond", 500)
        .put("requestBytes", 8 * MEBIBYTE)
        .put("responseBytes", 8 * MEBIBYTE)
        .put("hostDescriptors", 256)
        .put("egressRequestsPerSecond", 20)
        .put("plugins", 50)
        .put("versionsPerPlugin", 20)
        .put("codeBytes", 64 * MEBIBYTE)
        .put("compileMillis", 30_000)
        .put("functionsPerModule", 50_000)
        .put("typesPerModule", 10_000)
        .put("uploadBytes", 32 * MEBIBYTE)
        .put("storageBytes", 512 * MEBIBYTE)
        .put("logBytesPerSecond", 65_536);
  }

  static JsonObject maximums() {
    JsonObject maximums = new JsonObject();
    defaults()
        .forEach(limit ->
            maximums.put(
                limit.getKey(),
                limit.getValue() instanceof Number value ? value.longValue() * 8 : 1_000_000_000L));
    return maximums;
  }
}
