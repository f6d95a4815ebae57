package dev.cloister.isolate.verticle;

import dev.cloister.isolate.abi.extism.ExtismSettings;
import dev.cloister.isolate.instance.InstanceLimits;

/// The limits that calls of a tenant run under.
///
/// @param memoryPerInstanceBytes linear memory of the instance
/// @param tableElements elements of its tables
/// @param gcHeapBytes structures, arrays and exceptions of the instance
/// @param stackBytes stack of the thread
/// @param deadlineMillis from admission to result
/// @param responseBytes output
/// @param requestBytes input
/// @param concurrency calls in flight
/// @param queueLength calls that wait for a thread
/// @param requestsPerSecond calls admitted per second
/// @param cpuMillisPerCall CPU time of the call
/// @param fuelPerCall units of fuel that the call may use; 0 for any number
/// @param cpuMillisPerSecond CPU time of all calls of the tenant, per second of wall-clock time
/// @param keptInstances stateful instances of the tenant
public record CallLimits(
    long memoryPerInstanceBytes,
    long tableElements,
    long gcHeapBytes,
    long stackBytes,
    long deadlineMillis,
    long responseBytes,
    long requestBytes,
    long concurrency,
    long queueLength,
    long requestsPerSecond,
    long cpuMillisPerCall,
    long fuelPerCall,
    long cpuMillisPerSecond,
    long keptInstances) {
  /// The limits of an instance.
  InstanceLimits ofInstance() {
    return new InstanceLimits(memoryPerInstanceBytes, tableElements, gcHeapBytes);
  }

  /// These limits, or those of a plugin where they are tighter.
  CallLimits within(ExtismSettings settings) {
    return new CallLimits(
        Math.min(memoryPerInstanceBytes, settings.maxMemoryBytes()),
        tableElements,
        gcHeapBytes,
        stackBytes,
        Math.min(deadlineMillis, settings.timeoutMillis()),
        responseBytes,
        requestBytes,
        concurrency,
        queueLength,
        requestsPerSecond,
        cpuMillisPerCall,
        fuelPerCall,
        cpuMillisPerSecond,
        keptInstances);
  }
}
