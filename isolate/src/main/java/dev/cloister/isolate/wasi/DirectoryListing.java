package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `fd_readdir`.
final class DirectoryListing {
  private static final int DIRENT_BYTES = 24;

  /// The cookies before those of entries: the beginning, after `.`, after `..`.
  private static final long AT_START = 0;

  private static final long AFTER_SELF = 1;
  private static final long AFTER_PARENT = 2;

  private final FdTable descriptors;

  DirectoryListing(FdTable descriptors) {
    this.descriptors = descriptors;
  }

  /// Fills the buffer with entries, the last one cut where the buffer ends; less than a full buffer
  /// means the end of the directory. Layout of an entry: u64 cookie to go on after it, u64 inode,
  /// u32 length of the name, u8 type at 20, the name at 24.
  int fdReaddir(GuestMemory memory, int fd, int buffer, int length, long cookie, int result) {
    OpenDirectory directory = descriptors.directory(fd, Rights.FD_READDIR);
    memory.check(buffer, length);
    memory.check(result, Integer.BYTES);
    long left = Integer.toUnsignedLong(length);
    int address = buffer;
    DirectoryEntry entry = next(directory.node(), cookie);
    while (entry != null && left > 0) {
      byte[] bytes = layOut(entry);
      int count = (int) Math.min(left, bytes.length);
      memory.write(address, bytes, 0, count);
      address += count;
      left -= count;
      entry = next(directory.node(), entry.cookie());
    }
    memory.setInt32(result, address - buffer);
    return Errno.SUCCESS.code();
  }

  private static @Nullable DirectoryEntry next(DirectoryNode node, long cookie) {
    if (cookie == AT_START) {
      return new DirectoryEntry(AFTER_SELF, ".", node.stat().inode(), FileType.DIRECTORY);
    }
    if (cookie == AFTER_SELF) {
      return new DirectoryEntry(AFTER_PARENT, "..", node.parentInode(), FileType.DIRECTORY);
    }
    return cookie < 0 ? null : node.entryAfter(cookie);
  }

  private static byte[] layOut(DirectoryEntry entry) {
    byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[DIRENT_BYTES + name.length];
    setInt64(bytes, 0, entry.cookie());
    setInt64(bytes, 8, entry.inode());
    setInt64(bytes, 16, name.length | ((long) entry.type().code() << 32));
    System.arraycopy(name, 0, bytes, DIRENT_BYTES, name.length);
    return bytes;
  }

  private static void setInt64(byte[] bytes, int at, long value) {
    for (int i = 0; i < Long.BYTES; i++) {
      bytes[at + i] = (byte) (value >> (8 * i));
    }
  }
}
