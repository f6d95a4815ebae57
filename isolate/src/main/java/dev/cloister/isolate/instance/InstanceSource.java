package dev.cloister.isolate.instance;

import dev.cloister.isolate.plugin.InstancePolicy;
import org.jspecify.annotations.Nullable;

/// Where one call gets its instance from and leaves it. Used on the guest's thread.
public interface InstanceSource {
  /// How long the instances live.
  InstancePolicy policy();

  /// A kept instance, which belongs to the call from now on; null if the call is to make one.
  @Nullable GuestInstance take();

  /// Where an instance that the call makes finds the image that it begins with, or leaves it; null
  /// if it is initialized itself.
  default @Nullable StartPlace start() {
    return null;
  }

  /// Takes the instance that served the call, to keep or to close it.
  ///
  /// @param isIntact whether the guest's part of the call ended by returning
  void leave(GuestInstance instance, boolean isIntact);
}
