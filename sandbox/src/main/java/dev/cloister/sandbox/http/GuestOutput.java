package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// What a command wrote to standard output before it ended with an exit code other than 0, as a
/// member of the problem: `stdout` if it is UTF-8, else `stdoutBase64`.
final class GuestOutput {
  private GuestOutput() {}

  /// Returns `problem` with all of `bytes`.
  static Problem addTo(Problem problem, byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return problem.with("stdout", text);
    } catch (CharacterCodingException _) {
      return problem.with("stdoutBase64", Base64.getEncoder().encodeToString(bytes));
    }
  }
}
