package dev.cloister.isolate.verticle;

import dev.cloister.isolate.wasi.BlockingRegion;

/// A piece of work that runs guest code.
interface GuestTask {
  /// The stack that it needs.
  long stackBytes();

  /// Runs it, on a guest thread; throws nothing.
  ///
  /// @param blocking is to be told when the guest waits
  void run(BlockingRegion blocking);

  /// Is called instead of [#run(BlockingRegion)] if no thread can be had.
  void reject();

  /// Whether the work is to end soon, so that it need not wait for its turn after it has blocked.
  boolean isStopping();
}
