package dev.cloister.sandbox.http.field;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The place of a request in a distributed trace (W3C Trace Context, level 2).
///
/// A request that brings no valid `traceparent` begins a trace of its own. The server is one step
/// of the trace, whose id stands in what it sends on and answers.
///
/// @param traceId the trace, 32 hexadecimal digits
/// @param spanId this request's step, 16 hexadecimal digits
/// @param flags the trace's flags, 2 hexadecimal digits
/// @param state what the tracing systems on the way added, null if nothing
public record TraceContext(String traceId, String spanId, String flags, @Nullable String state) {
  private static final int MAX_STATE_LENGTH = 512;
  private static final int MAX_STATE_MEMBERS = 32;
  private static final int SAMPLED = 1;
  private static final int RANDOM_ID = 2;
  private static final String BEGUN_FLAGS = hexByte(RANDOM_ID);

  /// Later versions may add fields after the flags.
  private static final Pattern PARENT =
      Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");

  private static final Pattern STATE_MEMBER =
      Pattern.compile("[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\\--<>-~]{0,255}[!-+\\--<>-~]");

  /// Continues the trace of a request, or begins one.
  ///
  /// @param parents all values of the header `traceparent`; more than one is as good as none
  /// @param states all values of the header `tracestate`
  public static TraceContext of(List<String> parents, List<String> states) {
    Matcher parent = PARENT.matcher(parents.size() == 1 ? parents.getFirst() : "");
    if (!isValid(parent)) {
      return begin();
    }
    int flags = HexFormat.fromHexDigits(parent.group(4)) & (SAMPLED | RANDOM_ID);
    return new TraceContext(parent.group(2), randomId(), hexByte(flags), state(states));
  }

  /// Begins a trace.
  public static TraceContext begin() {
    return new TraceContext(randomId() + randomId(), randomId(), BEGUN_FLAGS, null);
  }

  /// Returns the header `traceparent` for one thing that this step asks of others, as a step of its
  /// own.
  public String childParent() {
    return "00-" + traceId + "-" + randomId() + "-" + flags;
  }

  /// Returns the header `traceparent` for what this step asks others, and for its answer.
  public String parent() {
    return "00-" + traceId + "-" + spanId + "-" + flags;
  }

  private static boolean isValid(Matcher parent) {
    return parent.matches()
        && !parent.group(1).equals("ff")
        && (parent.group(5) == null || !parent.group(1).equals("00"))
        && !isZero(parent.group(2))
        && !isZero(parent.group(3));
  }

  /// A state that is wrong in one place is dropped as a whole, but never the trace with it.
  private static @Nullable String state(List<String> states) {
    String joined = String.join(",", states);
    String[] members = joined.split(",", -1);
    if (joined.isBlank() || joined.length() > MAX_STATE_LENGTH) {
      return null;
    }
    if (members.length > MAX_STATE_MEMBERS) {
      return null;
    }
    for (String member : members) {
      if (!member.isBlank() && !STATE_MEMBER.matcher(member.strip()).matches()) {
        return null;
      }
    }
    return joined;
  }

  private static boolean isZero(String hex) {
    return hex.chars().allMatch(digit -> digit == '0');
  }

  private static String randomId() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
  }

  private static String hexByte(int value) {
    return HexFormat.of().toHexDigits((byte) value);
  }
}
