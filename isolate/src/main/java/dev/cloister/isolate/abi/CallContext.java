package dev.cloister.isolate.abi;

import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.List;

/// What one call hands to the program that serves it.
///
/// @param stdin what it reads as standard input
/// @param stdout where its standard output goes
/// @param stderr where its standard error goes
/// @param blocking is told when the guest waits in a host call
/// @param services what the guest may use of its host
/// @param mounts the directories that the guest is given
public record CallContext(
    InputSource stdin,
    OutputSink stdout,
    OutputSink stderr,
    BlockingRegion blocking,
    HostServices services,
    List<Mount> mounts) {

  /// Copies `mounts`.
  public CallContext {
    mounts = List.copyOf(mounts);
  }

  /// A call of a guest without directories.
  public CallContext(
      InputSource stdin,
      OutputSink stdout,
      OutputSink stderr,
      BlockingRegion blocking,
      HostServices services) {
    this(stdin, stdout, stderr, blocking, services, List.of());
  }
}
