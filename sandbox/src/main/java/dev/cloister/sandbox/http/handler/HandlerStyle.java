package dev.cloister.sandbox.http.handler;

import dev.cloister.isolate.abi.Abi;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a command is given a request and gives its answer.
public sealed interface HandlerStyle permits CgiStyle, JsonStyle {
  /// The style of plugins of the convention `abi`, or null if they are no handlers.
  static @Nullable HandlerStyle of(Abi abi) {
    return switch (abi) {
      case WASI_COMMAND, WAGI -> new CgiStyle();
      case WWS -> new JsonStyle();
      case PLAIN, WASI_REACTOR, EXTISM -> null;
    };
  }

  /// The arguments after the program's name.
  List<String> arguments(HandlerRequest request);

  /// The program's name, its first argument.
  String programName(HandlerRequest request);

  /// The environment variables that say something of the request.
  ///
  /// @param bodyBytes the length of the request's body
  Map<String, String> environment(HandlerRequest request, int bodyBytes);

  /// What the command reads as standard input.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the body cannot be given in this style
  byte[] standardInput(HandlerRequest request, byte[] body);

  /// What the command answered.
  ///
  /// @param output all of its standard output
  /// @throws MalformedAnswerException if that is no answer
  HandlerAnswer answer(byte[] output) throws MalformedAnswerException;
}
