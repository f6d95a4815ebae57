package dev.cloister.isolate.verticle;

import dev.cloister.isolate.wasi.MemoryFileSystem;
import dev.cloister.isolate.wasi.linux.HostFolder;

/// A directory that a command is to be given.
public sealed interface Mount {
  /// What the guest knows it as.
  String guestPath();

  /// An empty directory in memory, gone with the call.
  ///
  /// @param guestPath what the guest knows it as
  record Scratch(String guestPath) implements Mount {}

  /// A directory in memory that others have, too.
  ///
  /// @param guestPath what the guest knows it as
  /// @param files what is in it; the caller closes it when no call can use it any more
  record Shared(String guestPath, MemoryFileSystem files) implements Mount {}

  /// A folder of the machine.
  ///
  /// @param guestPath what the guest knows it as
  /// @param folder the folder
  /// @param isReadOnly whether the guest can change nothing in it, even if the folder allows that
  record Folder(String guestPath, HostFolder folder, boolean isReadOnly) implements Mount {}
}
