package dev.cloister.isolate.wasi;

/// `proc_*` and `sched_yield`.
final class ProcessControl {
  /// Unwinds the guest.
  ///
  /// @throws ProcessExit always
  int procExit(GuestMemory memory, int code) {
    throw new ProcessExit(code);
  }

  int procRaise(GuestMemory memory, int signal) {
    return Errno.NOTSUP.code();
  }

  int schedYield(GuestMemory memory) {
    Thread.yield();
    return Errno.SUCCESS.code();
  }
}
