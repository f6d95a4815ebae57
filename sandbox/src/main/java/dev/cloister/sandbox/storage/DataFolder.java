package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The folder that holds everything of one node, locked for this process while it is open.
public final class DataFolder implements AutoCloseable {
  private final Path path;
  private final FileChannel lockFile;

  private DataFolder(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /// Creates the folder if it is missing and locks it.
  ///
  /// @throws DataFolderInUseException if another server uses the folder
  /// @throws IOException if the folder cannot be created or written
  public static DataFolder open(Path path) throws IOException {
    Files.createDirectories(path);
    FileChannel lockFile =
        FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (tryLock(lockFile) == null) {
        throw new DataFolderInUseException(path);
      }
      return new DataFolder(path, lockFile);
    } catch (IOException | RuntimeException e) {
      lockFile.close();
      throw e;
    }
  }

  /// Returns the folder itself.
  public Path path() {
    return path;
  }

  /// Returns the file of the metadata database.
  public Path database() {
    return path.resolve("cloister.db");
  }

  /// Returns the folder of the blob store.
  public Path blobs() {
    return path.resolve("blobs");
  }

  /// Returns the text of a private file in this folder, which is made from `content` if missing.
  ///
  /// @throws IOException if the file can be neither read nor written
  public String privateFile(String name, Supplier<String> content) throws IOException {
    Path file = path.resolve(name);
    if (Files.notExists(file)) {
      DurableFiles.writePrivate(file, content.get() + System.lineSeparator());
    }
    return Files.readString(file).strip();
  }

  /// Returns the text of a private file in this folder, or null if it is missing.
  ///
  /// @throws IOException if the file cannot be read
  public @Nullable String existingPrivateFile(String name) throws IOException {
    Path file = path.resolve(name);
    return Files.exists(file) ? Files.readString(file).strip() : null;
  }

  /// Writes a private file in this folder anew, whole or not at all; it is on disk on return.
  ///
  /// @throws IOException if the file cannot be written
  public void replacePrivateFile(String name, String content) throws IOException {
    DurableFiles.writePrivate(path.resolve(name), content + System.lineSeparator());
  }

  /// Checks that the folder takes a file, as far as the disk's own cache.
  ///
  /// @throws IOException if it does not
  public void probe() throws IOException {
    Path file = path.resolve("probe");
    Files.writeString(file, "Written now and then to see whether that is possible.\n");
  }

  /// Gives the folder up.
  @Override
  public void close() throws IOException {
    lockFile.close();
  }

  private static @Nullable FileLock tryLock(FileChannel lockFile) throws IOException {
    try {
      return lockFile.tryLock();
    } catch (OverlappingFileLockException _) {
      // Another server in this very process holds it.
      return null;
    }
  }
}
