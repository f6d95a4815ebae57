package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.SymlinkNode;

/// A symbolic link in a host folder. The kernel never follows it for a guest: the resolver does.
final class LinuxSymlink extends LinuxNode implements SymlinkNode {
  LinuxSymlink(LinuxTree tree, Place place, int descriptor) {
    super(tree, place, descriptor);
  }

  @Override
  public String target() {
    return calls().readLink(descriptor());
  }

  /// Does nothing: a link is never open.
  @Override
  public void sync(boolean isDataOnly) {}
}
