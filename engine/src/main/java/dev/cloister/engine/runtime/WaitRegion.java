package dev.cloister.engine.runtime;

/// Is told when a guest begins and ends to wait, so that its place can go to another.
///
/// Called on the thread that runs the store.
public interface WaitRegion {
  /// Nobody is told.
  WaitRegion NONE =
      new WaitRegion() {
        @Override
        public void enter() {}

        @Override
        public void exit() {}
      };

  /// The calling thread is about to wait.
  void enter();

  /// The calling thread goes on; may wait for its turn first.
  void exit();

  /// The calling thread is about to wait for a debugger: the guest does nothing, so time that it
  /// may take does not pass.
  default void enterPause() {
    enter();
  }

  /// The calling thread goes on after [#enterPause].
  default void exitPause() {
    exit();
  }
}
