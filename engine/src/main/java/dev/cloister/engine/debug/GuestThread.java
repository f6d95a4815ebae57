package dev.cloister.engine.debug;

import dev.cloister.engine.runtime.DebugFrame;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A guest as the debugger knows it from its first pause on: its number, and how it steps. Confined
/// to the thread that runs its store.
final class GuestThread {
  private final int id;
  private @Nullable StepKind step;
  private int stepDepth;
  private List<CodeRange> skipped = List.of();

  GuestThread(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }

  boolean isStepping() {
    return step != null;
  }

  /// Begins a step.
  ///
  /// @param depth how many frames are around the one in which it begins
  /// @param ranges where it does not end
  void beginStep(StepKind kind, int depth, List<CodeRange> ranges) {
    step = kind;
    stepDepth = depth;
    skipped = ranges;
  }

  void endStep() {
    step = null;
    skipped = List.of();
  }

  /// {@return whether the step ends where `frame` is now}
  boolean isStepEnd(DebugModule module, DebugFrame frame) {
    StepKind kind = step;
    if (kind == null) {
      return false;
    }
    boolean isFar =
        switch (kind) {
          case INTO -> true;
          case OVER -> frame.depth() <= stepDepth;
          case OUT -> frame.depth() < stepDepth;
        };
    return isFar && skipped.stream().noneMatch(r -> r.contains(module.id(), frame.offset()));
  }
}
