package dev.cloister.isolate.mount;

import dev.cloister.isolate.wasi.ContentTree;
import dev.cloister.isolate.wasi.SharedFileSystem;
import dev.cloister.isolate.wasi.linux.HostDescriptors;
import dev.cloister.isolate.wasi.linux.HostFolder;

/// A directory that a guest is to be given.
public sealed interface Mount {
  /// What the guest knows it as.
  String guestPath();

  /// A directory in memory that begins empty: gone with the call, or with the stateful instance
  /// that the call has to itself.
  ///
  /// @param guestPath what the guest knows it as
  record Scratch(String guestPath) implements Mount {}

  /// A directory in memory that others have, too.
  ///
  /// @param guestPath what the guest knows it as
  /// @param files what is in it; the caller closes it when no call can use it any more
  record Shared(String guestPath, SharedFileSystem files) implements Mount {}

  /// Files that nobody changes.
  ///
  /// @param guestPath what the guest knows it as
  /// @param files what is in it
  record Content(String guestPath, ContentTree files) implements Mount {}

  /// A folder of the machine.
  ///
  /// @param guestPath what the guest knows it as
  /// @param folder the folder
  /// @param isReadOnly whether the guest can change nothing in it, even if the folder allows that
  /// @param descriptors counts what the tenant has open in folders
  record Folder(
      String guestPath, HostFolder folder, boolean isReadOnly, HostDescriptors descriptors)
      implements Mount {}
}
