package dev.cloister.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// The console's files and headers as a server finds them on its class path.
final class ConsoleFiles {
  private static final String FOLDER = "META-INF/resources/admin/";
  private static final String HEADERS = "META-INF/cloister/console-headers.properties";
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html", "js", "text/javascript", "css", "text/css", "svg", "image/svg+xml");

  private ConsoleFiles() {}

  /// The file's bytes, or null if there is none of that name.
  ///
  /// @param name path below `/admin/`
  static byte @Nullable [] read(String name) {
    if (name.isEmpty() || name.endsWith("/") || name.contains("..")) {
      return null;
    }
    try (InputStream file =
        ConsoleFiles.class.getClassLoader().getResourceAsStream(FOLDER + name)) {
      return file == null ? null : file.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The text of a file that has to be there.
  ///
  /// @throws IllegalArgumentException if it is not
  static String text(String name) {
    byte[] bytes = read(name);
    if (bytes == null) {
      throw new IllegalArgumentException("The console has no file " + name);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static String contentType(String name) {
    String extension = name.substring(name.lastIndexOf('.') + 1);
    return TYPES.getOrDefault(extension, "application/octet-stream") + "; charset=utf-8";
  }

  /// What every answer with one of the files has to carry.
  static Map<String, String> headers() {
    Properties properties = new Properties();
    try (InputStream file = ConsoleFiles.class.getClassLoader().getResourceAsStream(HEADERS)) {
      if (file == null) {
        throw new IllegalStateException(HEADERS + " is missing");
      }
      properties.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> headers = new LinkedHashMap<>();
    properties
        .stringPropertyNames()
        .forEach(name -> headers.put(name, properties.getProperty(name)));
    return headers;
  }
}
