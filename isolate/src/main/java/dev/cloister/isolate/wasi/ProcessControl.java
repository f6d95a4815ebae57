package dev.cloister.isolate.wasi;

/// `proc_*` and `sched_yield`.
final class ProcessControl {
  /// Unwinds the guest.
  ///
  /// @throws ProcessExit always
  @SuppressWarnings("DoNotCallSuggester") // guests call it
  int procExit(GuestMemory memory, int code) {
    throw new ProcessExit(code);
  }

  int procRaise(GuestMemory memory, int signal) {
    return Errno.NOTSUP.code();
  }

  @SuppressWarnings("ThreadPriorityCheck") // that is what it is for
  int schedYield(GuestMemory memory) {
    Thread.yield();
    return Errno.SUCCESS.code();
  }
}
