package dev.cloister.isolate.wasi;

/// A directory that a guest is given, which holds it while it runs. Whoever opened it lets go of it
/// afterwards.
///
/// @param guestPath what the guest knows it as
/// @param root the directory
/// @param isReadOnly whether the guest can change nothing in it
public record Preopen(String guestPath, DirectoryNode root, boolean isReadOnly) {}
