package dev.cloister.isolate.instance;

import dev.cloister.isolate.plugin.PluginHandle;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The place of one stateful instance: its state, and who has and awaits its turn.
///
/// All fields are guarded by the lock of the [KeptInstances] that made it.
final class InstanceSlot {
  final StateKey key;

  /// Who has the instance, then those who wait for it.
  final ArrayDeque<Turn> turns = new ArrayDeque<>(1);

  /// The instance between calls, with a hold on its plugin; null during one, and if there is none.
  @Nullable GuestInstance instance;

  /// What [#instance] is of; null with it, and while that hibernates.
  @Nullable PluginHandle plugin;

  /// Whether the instance that is in a call is to be dropped after it.
  boolean isDropped;

  /// When the last call ended, in nanoseconds of the tenant's clock.
  long idleSinceNanos;

  /// After how long without a call the instance hibernates, in nanoseconds.
  long idleNanos;

  /// Why the instance could not hibernate after the last call; null if it was not tried, or could.
  @Nullable String obstacle;

  /// How many calls the slot has seen.
  long calls;

  InstanceSlot(StateKey key) {
    this.key = key;
  }
}
