package dev.cloister.isolate.instance;

/// What waits for a stateful instance: one at a time has it, in the order in which they came.
public interface Turn {}
