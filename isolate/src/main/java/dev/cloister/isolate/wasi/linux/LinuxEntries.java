package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.DirectoryEntry;
import dev.cloister.isolate.wasi.ErrnoException;
import dev.cloister.isolate.wasi.FileType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The entries of a directory, read in small batches.
///
/// A cookie is the kernel's own position in the directory, moved past the cookies of `.` and `..`:
/// so any of them can be gone on from, at any time, and nothing is remembered for them. Names that
/// are not UTF-8 are left out, as no guest could use them.
final class LinuxEntries {
  /// What one batch may take; an entry takes 280 bytes at most.
  private static final int BATCH_BYTES = 2 << 10;

  /// The last cookie that [DirectoryEntry] leaves to others.
  private static final long BEFORE_FIRST = 2;

  private static final int NAME_AT = 19;

  private final LinuxCalls calls;
  private final int directory;

  /// What was read and not asked for yet, first the next.
  private List<DirectoryEntry> batch = List.of();

  private int next;

  /// The cookie that the next entry of the batch comes after; 0 if there is no batch.
  private long position;

  /// Lists `directory`, a descriptor that the caller closes.
  LinuxEntries(LinuxCalls calls, int directory) {
    this.calls = calls;
    this.directory = directory;
  }

  /// The first entry after `cookie`, or null at the end.
  @Nullable DirectoryEntry after(long cookie) {
    if (cookie != position) {
      batch = List.of();
      next = 0;
      // The last position of some file systems is the largest long; then the cookie is negative.
      calls.seek(
          directory, Long.compareUnsigned(cookie, BEFORE_FIRST) <= 0 ? 0 : cookie - BEFORE_FIRST);
    }
    while (next == batch.size()) {
      byte[] bytes = calls.entries(directory, BATCH_BYTES);
      if (bytes.length == 0) {
        position = 0;
        return null;
      }
      batch = decode(bytes);
      next = 0;
    }
    DirectoryEntry entry = batch.get(next++);
    position = entry.cookie();
    return entry;
  }

  private List<DirectoryEntry> decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<DirectoryEntry> entries = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int size = Short.toUnsignedInt(buffer.getShort(at + 16));
      String name = name(bytes, at + NAME_AT, at + size);
      if (name != null && !name.equals(".") && !name.equals("..")) {
        entries.add(
            new DirectoryEntry(
                buffer.getLong(at + 8) + BEFORE_FIRST,
                name,
                buffer.getLong(at),
                type(buffer.get(at + 18), name)));
      }
      at += size;
    }
    return entries;
  }

  private static @Nullable String name(byte[] bytes, int from, int limit) {
    int end = from;
    while (end < limit && bytes[end] != 0) {
      end++;
    }
    try {
      return LinuxCalls.text(Arrays.copyOfRange(bytes, from, end));
    } catch (ErrnoException _) {
      return null;
    }
  }

  /// Source: `DT_*` in `dirent.h`. Some file systems do not say.
  private FileType type(byte code, String name) {
    return switch (code) {
      case 2 -> FileType.CHARACTER_DEVICE;
      case 4 -> FileType.DIRECTORY;
      case 6 -> FileType.BLOCK_DEVICE;
      case 8 -> FileType.REGULAR_FILE;
      case 10 -> FileType.SYMBOLIC_LINK;
      case 12 -> FileType.SOCKET_STREAM;
      case 0 -> typeOf(name);
      default -> FileType.UNKNOWN;
    };
  }

  private FileType typeOf(String name) {
    try {
      return calls.statAt(directory, name).type();
    } catch (ErrnoException _) {
      return FileType.UNKNOWN; // it is gone
    }
  }
}
