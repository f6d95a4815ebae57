package dev.cloister.isolate.instance;

/// What came of an attempt to get a stateful instance.
public sealed interface SlotEntry {
  /// There is a place for it.
  ///
  /// @param hasTurn whether it is the call's turn at once, else when [KeptInstances#end] says so
  record Entered(boolean hasTurn) implements SlotEntry {}

  /// There are as many instances as there may be.
  ///
  /// @param limit the name of the limit
  /// @param used how many there would be
  /// @param allowed how many there may be
  record Refused(String limit, long used, long allowed) implements SlotEntry {}
}
