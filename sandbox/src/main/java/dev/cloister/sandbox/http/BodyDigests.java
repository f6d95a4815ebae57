package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.field.DigestAlgorithm;
import dev.cloister.sandbox.http.field.DigestField;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.buffer.Buffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compares a body with the digests that its sender announced (RFC 9530). One thread at a time.
final class BodyDigests {
  private static final List<String> FIELDS = List.of("Content-Digest", "Repr-Digest");

  /// Of a body of which nothing was announced.
  private static final BodyDigests NONE = new BodyDigests(List.of(), Map.of());

  private final List<Announced> announced;
  private final Map<DigestAlgorithm, MessageDigest> running;

  private BodyDigests(List<Announced> announced, Map<DigestAlgorithm, MessageDigest> running) {
    this.announced = announced;
    this.running = running;
  }

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Announced(String field, DigestAlgorithm algorithm, byte[] digest) {}

  /// Reads what `request` announces.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a field is not well-formed
  static BodyDigests of(ApiRequest request) {
    List<Announced> announced = new ArrayList<>(0);
    for (String field : FIELDS) {
      @Nullable String text = request.header(field);
      if (text != null) {
        DigestField.parse(field, text)
            .forEach((algorithm, digest) -> announced.add(new Announced(field, algorithm, digest)));
      }
    }
    if (announced.isEmpty()) {
      return NONE;
    }
    Map<DigestAlgorithm, MessageDigest> running = new EnumMap<>(DigestAlgorithm.class);
    announced.forEach(entry -> running.put(entry.algorithm, entry.algorithm.start()));
    return new BodyDigests(announced, running);
  }

  /// Takes the next piece of the body.
  void update(Buffer piece) {
    if (!running.isEmpty()) {
      update(piece.getBytes());
    }
  }

  /// Takes the next piece of the body.
  void update(byte[] piece) {
    running.values().forEach(digest -> digest.update(piece));
  }

  /// Ends the body.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it is not what was announced
  void check() {
    if (announced.isEmpty()) {
      return;
    }
    Map<DigestAlgorithm, byte[]> actual = new EnumMap<>(DigestAlgorithm.class);
    running.forEach((algorithm, digest) -> actual.put(algorithm, digest.digest()));
    for (Announced entry : announced) {
      byte[] digest = actual.getOrDefault(entry.algorithm, new byte[0]);
      if (!MessageDigest.isEqual(digest, entry.digest)) {
        throw Problem.of(
                ProblemType.DIGEST_MISMATCH,
                "the body is not the one that " + entry.field + " is of")
            .with("what", entry.field)
            .with("actual", DigestField.text(entry.algorithm, digest))
            .with("allowed", DigestField.text(entry.algorithm, entry.digest))
            .asException();
      }
    }
  }
}
