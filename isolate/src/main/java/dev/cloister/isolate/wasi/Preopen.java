package dev.cloister.isolate.wasi;

/// A directory that a guest is given.
///
/// @param guestPath what the guest knows it as
/// @param root the directory
/// @param isReadOnly whether the guest can change nothing in it
public record Preopen(String guestPath, DirectoryNode root, boolean isReadOnly) {}
