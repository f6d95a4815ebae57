package dev.cloister.isolate.instance;

/// What waits for a stateful instance: one at a time has it, in the order in which they came.
public interface Turn {
  /// Says where the instance comes from, before anything waits. Called with a lock held: it only
  /// takes note.
  void serveFrom(InstanceSource source);
}
