package dev.cloister.engine.script;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// URLs that hold what they stand for (RFC 2397).
final class DataUrl {
  private static final String SCHEME = "data:";
  private static final String BASE64 = ";base64";

  private DataUrl() {}

  static boolean is(String url) {
    return url.regionMatches(/* ignoreCase= */ true, 0, SCHEME, 0, SCHEME.length());
  }

  /// {@return the content of a URL, or null if it is malformed}
  static byte @Nullable [] content(String url) {
    int comma = url.indexOf(',');
    if (!is(url) || comma < 0) {
      return null;
    }
    byte[] content = unescaped(url.substring(comma + 1));
    if (content == null || !url.substring(0, comma).endsWith(BASE64)) {
      return content;
    }
    try {
      return Base64.getDecoder().decode(content);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static byte @Nullable [] unescaped(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '%') {
        out.write(bytes[i]);
        continue;
      }
      int high = i + 1 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return null;
      }
      out.write(high << 4 | low);
      i += 2;
    }
    return out.toByteArray();
  }
}
