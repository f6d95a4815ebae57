package dev.cloister.isolate.plugin;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.abi.extism.ExtismManifest;
import dev.cloister.isolate.abi.extism.ExtismSettings;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.wasi.ContentTree;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/// What a plugin consists of when it does not come as a module alone: a manifest, or a bundle.
///
/// A bundle is a ZIP archive of `plugin.wasm`, or `manifest.json` in its place, and files below
/// `content/`, which guests can be given. Nothing else may be in it.
///
/// @param parts the modules in their order
/// @param settings what came with a manifest, else null
/// @param content the files below `content/`, by their paths there
record PluginBundle(
    List<ExtismManifest.Part> parts, @Nullable ExtismSettings settings, ContentTree content) {
  /// The media type of bundles.
  static final String MEDIA_TYPE = "application/zip";

  private static final String MODULE = "plugin.wasm";
  private static final String MANIFEST = "manifest.json";
  private static final String CONTENT = "content/";

  private static final int MAX_FILES = 10_000;
  private static final int MAX_FILE_BYTES = 1 << 30;
  private static final int MAX_DEPTH = 32;
  private static final int CHUNK_BYTES = 64 << 10;

  /// The record at the end of an archive: its signature in two halves, its length without a
  /// comment, and where it says how many entries there are.
  private static final int END_LOW = 0x4b50;

  private static final int END_HIGH = 0x0605;
  private static final int END_BYTES = 22;
  private static final int END_ENTRIES = 10;
  private static final int MAX_COMMENT_BYTES = 0xffff;

  /// How many times its length a file takes while it is read.
  private static final long READING_FACTOR = 3;

  PluginBundle {
    parts = List.copyOf(parts);
  }

  /// Whether bytes are a ZIP archive: they begin as the first entry of one does.
  static boolean isBundle(byte[] bytes) {
    return bytes.length >= 4
        && bytes[0] == 'P'
        && bytes[1] == 'K'
        && bytes[2] == 3
        && bytes[3] == 4;
  }

  /// Reads a manifest or a bundle.
  ///
  /// @param buffers pays for what is needed to read it
  /// @param contents pays for the files of the bundle
  /// @throws BundleException if it is no bundle, or one that cannot be used here
  /// @throws dev.cloister.isolate.abi.extism.ManifestException if its manifest is none
  /// @throws LimitExceededException of `memoryBytes`, `contentFiles` or `contentFileBytes`
  static PluginBundle read(byte[] bytes, HeapCharge buffers, HeapCharge contents) {
    if (!isBundle(bytes)) {
      ExtismManifest manifest = ExtismManifest.parse(bytes);
      return new PluginBundle(manifest.parts(), manifest.settings(), ContentTree.EMPTY);
    }
    Reader reader = new Reader(buffers, contents);
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        reader.take(entry, zip);
      }
    } catch (IOException e) {
      // Nothing is read but memory, so it is the archive that is faulty.
      throw new BundleException("", "not a ZIP archive: " + e.getMessage(), e);
    }
    requireWhole(bytes, reader.entries);
    return reader.bundle();
  }

  /// Checks that the archive ends with a directory that counts the entries that were found: one
  /// that was cut can end between two entries.
  private static void requireWhole(byte[] bytes, int entries) {
    int last = bytes.length - END_BYTES;
    for (int at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
      if (uint16(bytes, at) == END_LOW && uint16(bytes, at + 2) == END_HIGH) {
        int declared = uint16(bytes, at + END_ENTRIES);
        if (declared != entries) {
          throw new BundleException(
              "", "not a ZIP archive: it has " + entries + " entries, its directory " + declared);
        }
        return;
      }
    }
    throw new BundleException("", "not a ZIP archive: it has no directory at its end");
  }

  private static int uint16(byte[] bytes, int at) {
    return (bytes[at] & 0xff) | ((bytes[at + 1] & 0xff) << 8);
  }

  /// A bundle that is being read.
  private static final class Reader {
    private final HeapCharge buffers;
    private final HeapCharge contents;
    private final ContentTree.Builder content = ContentTree.builder();
    private byte @Nullable [] module;
    private byte @Nullable [] manifest;
    private int entries;

    Reader(HeapCharge buffers, HeapCharge contents) {
      this.buffers = buffers;
      this.contents = contents;
    }

    void take(ZipEntry entry, ZipInputStream zip) throws IOException {
      String name = entry.getName();
      if (++entries > MAX_FILES) {
        throw new LimitExceededException("contentFiles", entries, MAX_FILES);
      }
      switch (name) {
        case MODULE -> module = once(name, module, bytes(zip));
        case MANIFEST -> manifest = once(name, manifest, bytes(zip));
        case CONTENT -> {}
        default -> takeContent(name, entry.isDirectory(), zip);
      }
    }

    PluginBundle bundle() {
      byte[] wireBytes = module;
      byte[] document = manifest;
      if (wireBytes != null && document == null) {
        ExtismManifest.Part part = new ExtismManifest.Part(0, "main", true, wireBytes);
        return new PluginBundle(List.of(part), null, content.build());
      }
      if (document != null && wireBytes == null) {
        ExtismManifest parsed = ExtismManifest.parse(document);
        return new PluginBundle(parsed.parts(), parsed.settings(), content.build());
      }
      throw new BundleException(
          "",
          (wireBytes == null ? "it has neither " : "it has both ")
              + MODULE
              + (wireBytes == null ? " nor " : " and ")
              + MANIFEST
              + "; it must have one of them");
    }

    private void takeContent(String name, boolean isDirectory, ZipInputStream zip)
        throws IOException {
      if (!name.startsWith(CONTENT)) {
        throw new BundleException(
            name,
            "it cannot be in a bundle; allowed are "
                + MODULE
                + " or "
                + MANIFEST
                + ", and files below "
                + CONTENT);
      }
      int end = isDirectory ? name.length() - 1 : name.length();
      String path = name.substring(CONTENT.length(), end);
      String fault = ContentTree.fault(path);
      if (fault != null) {
        throw new BundleException(name, "its path has " + fault + "; allowed are plain names");
      }
      int depth = path.split("/", -1).length;
      if (depth > MAX_DEPTH) {
        throw new LimitExceededException("contentDepth", depth, MAX_DEPTH);
      }
      contents.add(content.missing(path) * (ContentTree.NODE_BYTES + 2L * path.length()));
      boolean isAdded =
          isDirectory ? content.addDirectory(path) : content.add(path, contentBytes(zip));
      if (!isAdded) {
        throw new BundleException(name, "its path is taken by another entry before it");
      }
    }

    private byte[] contentBytes(ZipInputStream zip) throws IOException {
      byte[] bytes = bytes(zip);
      contents.add(bytes.length);
      buffers.remove(bytes.length);
      return bytes;
    }

    /// The bytes of the entry, for which `buffers` pay.
    private byte[] bytes(ZipInputStream zip) throws IOException {
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int count = zip.read(chunk); count >= 0; count = zip.read(chunk)) {
        if (count > MAX_FILE_BYTES - read.size()) {
          throw new LimitExceededException(
              "contentFileBytes", (long) read.size() + count, MAX_FILE_BYTES);
        }
        buffers.add(READING_FACTOR * count);
        read.write(chunk, 0, count);
      }
      byte[] bytes = read.toByteArray();
      buffers.remove((READING_FACTOR - 1) * bytes.length);
      return bytes;
    }

    private static byte[] once(String name, byte @Nullable [] before, byte[] bytes) {
      if (before != null) {
        throw new BundleException(name, "its path is taken by another entry before it");
      }
      return bytes;
    }
  }
}
