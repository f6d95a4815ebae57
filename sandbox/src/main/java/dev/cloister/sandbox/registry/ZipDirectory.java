package dev.cloister.sandbox.registry;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/// The directory of a ZIP file, whose size is looked at before all of it is read into memory, as
/// [java.util.zip.ZipFile] does when it opens one.
///
/// Layouts and signatures: PKWARE's APPNOTE.TXT, 4.3.14 to 4.3.16.
final class ZipDirectory {
  /// Far more than the entries take that an archive of a tenant may have.
  private static final long MAX_BYTES = 4 << 20;

  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int END_DIRECTORY_SIZE = 12;
  private static final int END_COMMENT_LENGTH = 20;
  private static final int MAX_COMMENT_BYTES = 0xffff;

  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LOCATOR_OFFSET = 8;
  private static final int END64_BYTES = 56;
  private static final int END64_DIRECTORY_SIZE = 40;

  private ZipDirectory() {}

  /// Checks that a file ends as a ZIP file does, and that its directory is no larger than allowed.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if that is not so
  /// @throws IOException if the file cannot be read
  static void check(Path archive) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "r")) {
      long size = file.length();
      int tailBytes =
          Math.toIntExact(Math.min(size, LOCATOR_BYTES + END_BYTES + MAX_COMMENT_BYTES));
      ByteBuffer tail = read(file, size - tailBytes, tailBytes);
      long directoryBytes = directoryBytes(file, tail, end(tail));
      if (directoryBytes < 0 || directoryBytes > MAX_BYTES) {
        throw TenantManifest.invalid(
            "the archive's directory",
            directoryBytes + " bytes",
            "at most " + MAX_BYTES + " bytes long");
      }
    }
  }

  /// Returns where the record at the end begins. It is the last one that looks like it, since
  /// nothing else may be taken for it by whoever opens the file later.
  private static int end(ByteBuffer tail) {
    int at = tail.limit() - END_BYTES;
    while (at >= 0 && tail.getInt(at) != END_SIGNATURE) {
      at--;
    }
    int commentBytes = at < 0 ? -1 : Short.toUnsignedInt(tail.getShort(at + END_COMMENT_LENGTH));
    if (at + END_BYTES + commentBytes != tail.limit()) {
      throw TenantManifest.invalid("the archive", "a file that ends otherwise", "a ZIP file");
    }
    return at;
  }

  private static long directoryBytes(RandomAccessFile file, ByteBuffer tail, int end)
      throws IOException {
    int locator = end - LOCATOR_BYTES;
    if (locator < 0 || tail.getInt(locator) != LOCATOR_SIGNATURE) {
      return Integer.toUnsignedLong(tail.getInt(end + END_DIRECTORY_SIZE));
    }
    long offset = tail.getLong(locator + LOCATOR_OFFSET);
    if (offset < 0 || offset > file.length() - END64_BYTES) {
      throw TenantManifest.invalid("the archive's end", offset, "within the file");
    }
    return read(file, offset, END64_BYTES).getLong(END64_DIRECTORY_SIZE);
  }

  private static ByteBuffer read(RandomAccessFile file, long from, int bytes) throws IOException {
    byte[] read = new byte[bytes];
    file.seek(from);
    file.readFully(read);
    return ByteBuffer.wrap(read).order(ByteOrder.LITTLE_ENDIAN);
  }
}
