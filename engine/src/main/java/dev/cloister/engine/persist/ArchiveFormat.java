package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.engine.module.ModuleHash;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;

/// The bytes of an archive; see `docs/CODE-ARCHIVE.md`.
///
/// A head, then the bodies of the units. The head has the digest of each body and ends with an
/// authentication code over itself, which thereby covers the whole file; a body is checked when it
/// is read, so that a module can be started without reading all of it. Nothing is interpreted
/// before it is authenticated but the magic number, the version and the size of the head.
final class ArchiveFormat {
  /// `CLOISTAR`.
  private static final long MAGIC = 0x434C4F49_53544152L;

  private static final int VERSION = 1;

  /// Magic number, version, size of what follows up to the authentication code.
  private static final int FIXED_BYTES = 16;

  private static final int DIGEST_BYTES = 32;

  /// The most bytes of a head: it is read at once.
  static final int MAX_HEAD_BYTES = 32 << 20;

  private ArchiveFormat() {}

  /// Reads and checks the head of an archive.
  ///
  /// @param module whose code is wanted
  /// @param identity what the code has to be made with and for
  /// @throws UnusableArchiveException if the archive is none, not authentic, or of something else
  /// @throws IOException if it cannot be read
  static ArchiveIndex readHead(
      SeekableByteChannel channel, ArchiveKey key, ModuleHash module, String identity)
      throws IOException {
    byte[] head = authenticHead(channel, key);
    try (DataInputStream in =
        new DataInputStream(
            new ByteArrayInputStream(
                head, FIXED_BYTES, head.length - FIXED_BYTES - ArchiveKey.CODE_BYTES))) {
      String actualModule = HexFormat.of().formatHex(in.readNBytes(DIGEST_BYTES));
      if (!actualModule.equals(module.hex())) {
        throw new UnusableArchiveException("it is of module " + actualModule);
      }
      String actualIdentity = new String(in.readNBytes(in.readUnsignedShort()), UTF_8);
      if (!actualIdentity.equals(identity)) {
        throw new UnusableArchiveException(
            "it was made by " + difference(identity, actualIdentity));
      }
      ArchiveIndex.Builder units = new ArchiveIndex.Builder(head.length);
      for (int left = in.readInt(); left > 0; left--) {
        String name = new String(in.readNBytes(in.readUnsignedShort()), UTF_8);
        units.add(name, in.readInt(), in.readNBytes(DIGEST_BYTES));
      }
      ArchiveIndex index = units.build();
      if (index.fileBytes() != channel.size()) {
        throw new UnusableArchiveException(
            "it has " + channel.size() + " bytes in place of " + index.fileBytes());
      }
      return index;
    }
  }

  private static byte[] authenticHead(SeekableByteChannel channel, ArchiveKey key)
      throws IOException {
    ByteBuffer fixed = ByteBuffer.allocate(FIXED_BYTES);
    if (channel.size() < FIXED_BYTES + ArchiveKey.CODE_BYTES) {
      throw new UnusableArchiveException("it is cut off");
    }
    readFully(channel, fixed);
    if (fixed.getLong(0) != MAGIC) {
      throw new UnusableArchiveException("it is no archive of compiled code");
    }
    if (fixed.getInt(Long.BYTES) != VERSION) {
      throw new UnusableArchiveException("it has format " + fixed.getInt(Long.BYTES));
    }
    int length = fixed.getInt(Long.BYTES + Integer.BYTES);
    if (length < 0
        || length > MAX_HEAD_BYTES
        || length > channel.size() - FIXED_BYTES - ArchiveKey.CODE_BYTES) {
      throw new UnusableArchiveException("its head is cut off or too large");
    }
    byte[] head = Arrays.copyOf(fixed.array(), FIXED_BYTES + length + ArchiveKey.CODE_BYTES);
    readFully(channel, ByteBuffer.wrap(head, FIXED_BYTES, head.length - FIXED_BYTES));
    int end = head.length - ArchiveKey.CODE_BYTES;
    byte[] code = Arrays.copyOfRange(head, end, head.length);
    if (!MessageDigest.isEqual(code, key.code(head, end))) {
      throw new UnusableArchiveException("it is not authentic");
    }
    return head;
  }

  /// The lines in which the other identity differs.
  private static String difference(String own, String other) {
    StringBuilder difference = new StringBuilder();
    String[] ownLines = own.split("\n", -1);
    for (String line : other.split("\n", -1)) {
      if (Arrays.asList(ownLines).contains(line)) {
        continue;
      }
      difference.append(difference.isEmpty() ? "" : ", ").append(line);
    }
    return difference.isEmpty() ? "something with less settings" : difference.toString();
  }

  /// {@return the head of an archive whose units have these lengths and digests}
  ///
  /// @throws UnusableArchiveException if it would be too large
  static byte[] head(
      ArchiveKey key, ModuleHash module, String identity, Map<String, ArchiveIndex.Unit> units)
      throws UnusableArchiveException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(MAGIC);
      out.writeInt(VERSION);
      out.writeInt(0); // The size, which is set below.
      out.write(HexFormat.of().parseHex(module.hex()));
      writeText(out, identity);
      out.writeInt(units.size());
      for (Map.Entry<String, ArchiveIndex.Unit> unit : units.entrySet()) {
        writeText(out, unit.getKey());
        out.writeInt(unit.getValue().length());
        out.write(unit.getValue().digest());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to memory", e);
    }
    int size = bytes.size();
    if (size - FIXED_BYTES > MAX_HEAD_BYTES) {
      throw new UnusableArchiveException("its head would have " + size + " bytes");
    }
    byte[] head = Arrays.copyOf(bytes.toByteArray(), size + ArchiveKey.CODE_BYTES);
    ByteBuffer.wrap(head).putInt(Long.BYTES + Integer.BYTES, size - FIXED_BYTES);
    System.arraycopy(key.code(head, size), 0, head, size, ArchiveKey.CODE_BYTES);
    return head;
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    if (bytes.length > 0xFFFF) {
      throw new IllegalArgumentException("a text of " + bytes.length + " bytes");
    }
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  /// {@return the SHA-256 digest of some bytes}
  static byte[] digest(byte[] bytes) {
    return sha256().digest(bytes);
  }

  /// {@return a new computation of SHA-256}
  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Fills a buffer.
  ///
  /// @throws EOFException if the channel ends before
  static void readFully(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the file ends");
      }
    }
  }
}
