package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.WaitRegion;

/// Is told when a guest begins and ends to wait in a host call, too.
public interface BlockingRegion extends WaitRegion {
  /// Nobody is told.
  BlockingRegion NONE =
      new BlockingRegion() {
        @Override
        public void enter() {}

        @Override
        public void exit() {}
      };
}
