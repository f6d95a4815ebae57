package dev.cloister.engine.code;

import org.jspecify.annotations.Nullable;

/// Is told of the code of one native module while somebody wants to know of it.
public interface CodeObserver {
  /// Functions of an image were defined, those of one chunk.
  ///
  /// On the thread that needs them, with the lock of their class held: a guest's, perhaps near the
  /// end of its stack. It must be quick, and use nothing that would have to be initialised first.
  void defined(CodeImage image, int chunk);

  /// A store that has instances of the module was entered from outside, for the first time since
  /// [dev.cloister.engine.runtime.ImageEpoch#advance].
  ///
  /// @param isolate that of the instance, if it was told apart
  void entered(@Nullable Object isolate);
}
