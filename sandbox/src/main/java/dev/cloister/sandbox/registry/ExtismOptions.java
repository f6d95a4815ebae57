package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.sandbox.problem.Problem;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a tenant chose for a plugin that is called with bytes.
///
/// @param contentType the type of what its functions answer
/// @param logLevel `trace`, `debug`, `info`, `warn` or `error`: lines that matter less are dropped
public record ExtismOptions(String contentType, String logLevel) {
  static final ExtismOptions DEFAULTS =
      new ExtismOptions("application/octet-stream", LogLevel.INFO.label());

  /// A media type with parameters (RFC 9110, section 8.3.1), without quoted strings.
  private static final Pattern MEDIA_TYPE =
      Pattern.compile(
          "[\\w!#$%&'*+.^`|~-]+/[\\w!#$%&'*+.^`|~-]+( *; *[\\w-]+=[\\w!#$%&'*+.^`|~-]+)*");

  private static final int MAX_TYPE_LENGTH = 256;

  @JsonCreator
  static ExtismOptions of(
      @JsonProperty("contentType") @Nullable String contentType,
      @JsonProperty("logLevel") @Nullable String logLevel) {
    return new ExtismOptions(
        contentType == null ? DEFAULTS.contentType : contentType,
        logLevel == null ? DEFAULTS.logLevel : logLevel);
  }

  /// Returns the least level of lines that are kept.
  @JsonIgnore
  public LogLevel level() {
    return Arrays.stream(LogLevel.values())
        .filter(level -> level.label().equals(logLevel))
        .findFirst()
        .orElseThrow(() -> invalidLevel(logLevel).asException());
  }

  /// @throws dev.cloister.sandbox.problem.ApiException if a value is wrong
  void check() {
    if (contentType.length() > MAX_TYPE_LENGTH || !MEDIA_TYPE.matcher(contentType).matches()) {
      throw Problem.invalid(
              "extism.contentType",
              contentType,
              "a media type of at most " + MAX_TYPE_LENGTH + " characters")
          .asException();
    }
    if (Arrays.stream(LogLevel.values()).noneMatch(level -> level.label().equals(logLevel))) {
      throw invalidLevel(logLevel).asException();
    }
  }

  private static Problem invalidLevel(String actual) {
    return Problem.invalid(
        "extism.logLevel",
        actual,
        "one of " + Arrays.stream(LogLevel.values()).map(LogLevel::label).toList());
  }
}
