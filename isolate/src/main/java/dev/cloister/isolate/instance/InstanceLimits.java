package dev.cloister.isolate.instance;

/// The limits of one instance.
///
/// @param memoryBytes bytes of linear memory
/// @param tableElements elements of its tables
/// @param gcHeapBytes bytes of structures, arrays and exceptions
public record InstanceLimits(long memoryBytes, long tableElements, long gcHeapBytes) {}
