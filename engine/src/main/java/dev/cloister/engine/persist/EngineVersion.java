package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.engine.codegen.GeneratorVersion;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// What identifies the software that generates code: a digest of the engine's own class files.
///
/// A number that somebody has to raise with each change of the generator would be forgotten. Of a
/// JAR file the checksums in its directory are enough, which costs no reading: this keeps versions
/// apart, it does not protect against anybody.
final class EngineVersion {
  private static final int DIGITS = 32;

  private EngineVersion() {}

  /// {@return a digest that changes with the engine's code, or null if that is not in files}
  ///
  /// @throws IOException if the files cannot be read
  static @Nullable String read() throws IOException {
    MessageDigest digest = ArchiveFormat.sha256();
    for (Class<?> type : GeneratorVersion.codeBases()) {
      Path codeBase = codeBase(type);
      if (codeBase == null) {
        return null;
      }
      List<String> lines = Files.isDirectory(codeBase) ? ofFolder(codeBase) : ofJar(codeBase);
      for (String line : lines) {
        digest.update(line.getBytes(UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  private static @Nullable Path codeBase(Class<?> type) throws IOException {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null
        || source.getLocation() == null
        || !source.getLocation().getProtocol().equals("file")) {
      return null;
    }
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException("no file: " + source.getLocation(), e);
    }
  }

  private static List<String> ofJar(Path jar) throws IOException {
    try (ZipFile file = new ZipFile(jar.toFile())) {
      return file.stream()
          .filter(entry -> isCode(entry.getName()))
          .map(EngineVersion::line)
          .sorted()
          .toList();
    }
  }

  private static String line(ZipEntry entry) {
    return entry.getName() + ' ' + entry.getSize() + ' ' + entry.getCrc() + '\n';
  }

  private static List<String> ofFolder(Path folder) throws IOException {
    List<Path> files;
    try (var tree = Files.walk(folder)) {
      files = tree.filter(file -> isCode(file.toString())).sorted().toList();
    }
    List<String> lines = new ArrayList<>();
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      CRC32 checksum = new CRC32();
      checksum.update(bytes);
      lines.add(
          folder.relativize(file).toString()
              + ' '
              + bytes.length
              + ' '
              + checksum.getValue()
              + '\n');
    }
    return lines;
  }

  private static boolean isCode(String name) {
    return name.endsWith(".class") || name.endsWith(".wasm");
  }
}
