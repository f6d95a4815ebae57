package dev.cloister.isolate.wasi;

/// Is told when a guest begins and ends to wait in a host call, so that its place can go to
/// another.
public interface BlockingRegion {
  /// Nobody is told.
  BlockingRegion NONE =
      new BlockingRegion() {
        @Override
        public void enter() {}

        @Override
        public void exit() {}
      };

  /// The calling guest thread is about to wait.
  void enter();

  /// The calling guest thread goes on; may wait for its turn first.
  void exit();
}
