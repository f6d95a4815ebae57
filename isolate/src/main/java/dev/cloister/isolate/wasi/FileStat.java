package dev.cloister.isolate.wasi;

/// The attributes of a file.
///
/// @param device the number of its file system
/// @param inode its number there
/// @param type what it is
/// @param links how many names it has
/// @param sizeBytes its length; of a symbolic link, that of its target in UTF-8
/// @param accessNanos when it was last read, in nanoseconds since 1970
/// @param modificationNanos when its content last changed
/// @param changeNanos when its attributes last changed
public record FileStat(
    long device,
    long inode,
    FileType type,
    long links,
    long sizeBytes,
    long accessNanos,
    long modificationNanos,
    long changeNanos) {}
