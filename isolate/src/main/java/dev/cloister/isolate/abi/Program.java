package dev.cloister.isolate.abi;

/// A module as its calling convention sees it: linked in a store of its own, ready to be called.
///
/// How it is called is the business of each convention, whose classes have methods for that. What
/// all have in common is that one can serve several calls, one after the other, each under the
/// [CallContext] that its [InstanceContext] has at the time. Confined to one thread at a time.
public interface Program extends AutoCloseable {
  /// Whether the guest ended itself, so that no other call can be served.
  default boolean isSpent() {
    return false;
  }

  /// Closes what the call that has just ended left open, if the program is to serve one that must
  /// not find it.
  void forgetCall();

  /// Closes what the program has open; the store is the caller's.
  @Override
  void close();
}
