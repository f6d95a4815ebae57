package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.cloister.sandbox.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The body of a call of an export.
///
/// @param args the arguments, lists and objects empty
record CallArguments(
    @JsonDeserialize(using = ArgumentsReader.class) @Nullable List<@Nullable Object> args) {

  /// Returns the arguments in `body`; a call without a body has none.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the body is not JSON or does not fit
  static List<@Nullable Object> read(byte[] body) {
    if (body.length == 0) {
      return List.of();
    }
    @Nullable List<@Nullable Object> plain = PlainArguments.read(body);
    if (plain != null) {
      return plain;
    }
    @Nullable List<@Nullable Object> arguments = Json.read(body, CallArguments.class).args();
    if (arguments == null) {
      return List.of();
    }
    return arguments;
  }
}
