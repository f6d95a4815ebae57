package dev.cloister.engine.runtime;

/// The account that everything a store holds is charged to.
///
/// Called on the thread that runs the store, always before the memory in question is allocated; for
/// a shared memory, on any thread that runs a store which uses it, and until the last of them is
/// closed. A refusal is turned into what the specification allows: `memory.grow` and `table.grow`
/// answer -1, an initial allocation fails the instantiation, an object that cannot be paid for ends
/// the call.
public interface HeapLimiter {
  /// An account without a limit, for embedders that trust their modules.
  HeapLimiter UNLIMITED =
      new HeapLimiter() {
        @Override
        public boolean reserve(HeapKind kind, long bytes) {
          return true;
        }

        @Override
        public void release(HeapKind kind, long bytes) {}

        @Override
        public long budget(HeapKind kind) {
          return Long.MAX_VALUE;
        }
      };

  /// Charges memory that is about to be allocated.
  ///
  /// @param kind what it is for
  /// @param bytes the amount, at least 0
  /// @return whether it was charged; false changes nothing
  boolean reserve(HeapKind kind, long bytes);

  /// Gives back what was charged before.
  ///
  /// @param kind as in [#reserve]
  /// @param bytes at most what is still charged for this kind
  void release(HeapKind kind, long bytes);

  /// {@return how much can be charged for this kind at most, if nothing else is charged} It may
  /// change at any time and promises nothing: it tells a guest's small requests from hopeless ones.
  long budget(HeapKind kind);
}
