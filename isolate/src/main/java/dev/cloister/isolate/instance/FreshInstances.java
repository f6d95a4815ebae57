package dev.cloister.isolate.instance;

import dev.cloister.isolate.plugin.InstancePolicy;
import org.jspecify.annotations.Nullable;

/// Instances that are made for one call and then dropped.
///
/// @param start where they find the image that they begin with, or leave it; null if they are
///   initialized themselves
public record FreshInstances(@Nullable StartPlace start) implements InstanceSource {
  /// Those that begin with no image.
  public static final InstanceSource WITHOUT_IMAGE = new FreshInstances(null);

  @Override
  public InstancePolicy policy() {
    return InstancePolicy.FRESH;
  }

  @Override
  public @Nullable GuestInstance take() {
    return null;
  }

  @Override
  public void leave(GuestInstance instance, boolean isIntact) {
    instance.close();
  }
}
