package dev.cloister.isolate.wasi;

/// A name in a directory.
///
/// @param cookie its place in the order of the directory, more than 2 and never reused
/// @param name the name
/// @param inode the number of what it stands for
/// @param type what it stands for
public record DirectoryEntry(long cookie, String name, long inode, FileType type) {}
