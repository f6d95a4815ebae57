package dev.cloister.isolate.instance;

import dev.cloister.engine.snapshot.StartImage;
import org.jspecify.annotations.Nullable;

/// Where instances of one version of a plugin find the image that they begin with, or the first of
/// them leaves it. Any thread.
public interface StartPlace {
  /// The image, to be given back by [#giveBack] once the instance has begun; null if there is none.
  @Nullable StartImage take();

  /// Notes that an instance has begun with what [#take] returned.
  void giveBack();

  /// Whether the instance that is about to be initialized is to be the image. Then [#keep],
  /// [#refuse] or [#fail] follows.
  boolean beginMaking();

  /// The most bytes that an image may have now.
  long roomBytes();

  /// Lets instances begin with an image from now on, if it can be paid for.
  void keep(StartImage made);

  /// Notes that there can be no image, until the place is dropped.
  ///
  /// @param why in words
  void refuse(String why);

  /// Notes that there is no image this time.
  ///
  /// @param why in words; null if the instance did not come into being
  void fail(@Nullable String why);
}
