package dev.cloister.isolate.abi;

import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.snapshot.SnapshotException;

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

  /// Takes note of the call that is being served, if others may have been before it: the guest gets
  /// that call's directories.
  void beginCall();

  /// The instance that has all state of the program, but for [#hostState()].
  ///
  /// @throws SnapshotException if the program cannot hibernate now, with the reason
  default Instance soleInstance() {
    throw new SnapshotException("programs of this kind do not hibernate");
  }

  /// What the host keeps for the program beside its instance, for [ProgramLinker#wake].
  ///
  /// @throws SnapshotException if it cannot be kept, with the reason
  default byte[] hostState() {
    return new byte[0];
  }

  /// Closes what the program has open; the store is the caller's.
  @Override
  void close();
}
