package dev.cloister.sandbox.dap;

import dev.cloister.engine.debug.PausedFrame;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The numbers by which a client asks for frames and variables of paused guests. They are valid
/// until the guest goes on. Confined to the session.
final class References {
  private static final int MAX_REFERENCES = 1_000_000;

  private final Map<Integer, PausedFrame> frames = new HashMap<>();
  private final Map<Integer, Holder> holders = new HashMap<>();
  private int next = 1;

  /// What a frame has that has values.
  enum Kind {
    LOCALS,
    OPERANDS,
    GLOBALS,
    OBJECT
  }

  /// What has variables.
  ///
  /// @param frame the frame
  /// @param kind which of its values
  /// @param object the structure or array, for [Kind#OBJECT]
  record Holder(PausedFrame frame, Kind kind, @Nullable Object object) {}

  /// Returns a number for a frame.
  int of(PausedFrame frame) {
    int reference = number();
    frames.put(reference, frame);
    return reference;
  }

  /// Returns a number for what has variables.
  int of(Holder holder) {
    int reference = number();
    holders.put(reference, holder);
    return reference;
  }

  /// Returns the frame with a number.
  PausedFrame frame(int reference) {
    @Nullable PausedFrame frame = frames.get(reference);
    if (frame == null) {
      throw new RequestFailure("there is no frame " + reference + " any longer");
    }
    return frame;
  }

  /// Returns what has variables with a number.
  Holder holder(int reference) {
    @Nullable Holder holder = holders.get(reference);
    if (holder == null) {
      throw new RequestFailure("there are no variables " + reference + " any longer");
    }
    return holder;
  }

  /// Forgets what belongs to a guest.
  void forget(int guest) {
    frames.values().removeIf(frame -> frame.guest().id() == guest);
    holders.values().removeIf(holder -> holder.frame().guest().id() == guest);
  }

  private int number() {
    if (frames.size() + holders.size() >= MAX_REFERENCES) {
      throw new RequestFailure("more than " + MAX_REFERENCES + " references at once");
    }
    return next++;
  }
}
