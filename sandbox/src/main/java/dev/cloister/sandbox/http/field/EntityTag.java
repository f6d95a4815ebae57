package dev.cloister.sandbox.http.field;

import dev.cloister.sandbox.problem.Problem;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The validator of a representation (RFC 9110, section 8.8.3).
///
/// @param opaque what stands between the quotes
/// @param isWeak whether it says only that two representations do for one another
public record EntityTag(String opaque, boolean isWeak) {

  /// Returns the strong tag of what has these bytes.
  public static EntityTag of(byte[] bytes) {
    MessageDigest digest = DigestAlgorithm.SHA_256.start();
    return new EntityTag("sha256-" + HexFormat.of().formatHex(digest.digest(bytes)), false);
  }

  /// Returns the tag as it is sent.
  public String text() {
    return (isWeak ? "W/" : "") + '"' + opaque + '"';
  }

  /// Returns whether both are strong and equal, as If-Match asks for.
  public boolean matchesStrongly(EntityTag other) {
    return !isWeak && !other.isWeak && opaque.equals(other.opaque);
  }

  /// Returns whether both are equal but perhaps for their strength, as If-None-Match asks for.
  public boolean matchesWeakly(EntityTag other) {
    return opaque.equals(other.opaque);
  }

  /// The value of If-Match or If-None-Match.
  ///
  /// @param isAny whether it is `*`, which every representation matches
  /// @param tags the tags otherwise
  public record Condition(boolean isAny, List<EntityTag> tags) {

    /// Reads a header; null if there is none.
    ///
    /// @param name the header's name, for the problem
    /// @throws dev.cloister.sandbox.problem.ApiException if it is neither `*` nor a list of tags
    public static @Nullable Condition parse(String name, @Nullable String text) {
      if (text == null) {
        return null;
      }
      String value = text.strip();
      return value.equals("*")
          ? new Condition(true, List.of())
          : new Condition(false, new Reader(name, value).list());
    }

    /// Returns whether a tag is among these by strong comparison.
    public boolean holdsStrongly(EntityTag current) {
      return isAny || tags.stream().anyMatch(tag -> tag.matchesStrongly(current));
    }

    /// Returns whether a tag is among these by weak comparison.
    public boolean holdsWeakly(EntityTag current) {
      return isAny || tags.stream().anyMatch(tag -> tag.matchesWeakly(current));
    }
  }

  /// Reads a list of tags.
  private static final class Reader {
    private final String name;
    private final String text;
    private int position;

    Reader(String name, String text) {
      this.name = name;
      this.text = text;
    }

    List<EntityTag> list() {
      List<EntityTag> tags = new ArrayList<>();
      while (position < text.length()) {
        char next = text.charAt(position);
        if (next == ',' || next == ' ' || next == '\t') {
          position++;
        } else {
          tags.add(tag());
        }
      }
      if (tags.isEmpty()) {
        throw malformed();
      }
      return List.copyOf(tags);
    }

    private EntityTag tag() {
      boolean isWeak = text.startsWith("W/", position);
      int open = isWeak ? position + 2 : position;
      int close = text.indexOf('"', open + 1);
      if (open >= text.length() || text.charAt(open) != '"' || close < 0) {
        throw malformed();
      }
      position = close + 1;
      boolean isLast = position == text.length() || ", \t".indexOf(text.charAt(position)) >= 0;
      if (!isLast) {
        throw malformed();
      }
      return new EntityTag(text.substring(open + 1, close), isWeak);
    }

    private RuntimeException malformed() {
      return Problem.invalid(name, text, "* or tags in quotes, separated by commas").asException();
    }
  }
}
