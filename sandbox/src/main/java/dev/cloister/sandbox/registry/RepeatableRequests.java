package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.RequestRecord;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Requests that are done once however often they are sent, by the key that their client gave them
/// (draft-ietf-httpapi-idempotency-key-header-07).
///
/// That a request was begun is durable before it is done, and its answer before it is sent. If the
/// server ends in between, nobody knows whether it was done, and whoever asks again is told so.
/// Answers are kept for a day, encrypted with a key that is made of the client's: they may hold a
/// secret that is shown once. All methods block.
public final class RepeatableRequests {
  private static final Duration KEPT = Duration.ofHours(24);
  private static final int MAX_REQUESTS = 10_000;
  private static final long MAX_BYTES = 64L << 20;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final MetadataStore store;
  private final SecureRandom random;
  private final Clock clock;
  private final Set<String> inProgress = ConcurrentHashMap.newKeySet();

  RepeatableRequests(MetadataStore store, SecureRandom random, Clock clock) {
    this.store = store;
    this.random = random;
    this.clock = clock;
  }

  /// A request that was begun.
  ///
  /// @param answer how it was answered before, null if it is to be done now
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public record Begun(Ticket ticket, byte @Nullable [] answer) {}

  /// The place of a request that is being done.
  public static final class Ticket {
    private final RequestRecord request;
    private final SecretKeySpec secret;

    private Ticket(RequestRecord request, SecretKeySpec secret) {
      this.request = request;
      this.secret = secret;
    }
  }

  /// Begins a request, or finds how it was answered.
  ///
  /// @param author who sends it
  /// @param key what the client calls it
  /// @param fingerprint what is asked
  /// @throws dev.cloister.sandbox.problem.ApiException if it is being done, if something else was
  ///   asked by that key, if nobody knows whether it was done, or if too many are kept
  public Begun begin(Author author, String key, byte[] fingerprint) {
    String principal = author.principal().actor();
    String id = HexFormat.of().formatHex(hash("id", principal, key));
    if (!inProgress.add(id)) {
      throw Problem.of(ProblemType.IDEMPOTENCY_CONFLICT, "the first request of this key goes on")
          .with(Problem.RETRY_AFTER, 1)
          .asException();
    }
    boolean isBegun = false;
    try {
      Instant now = clock.instant();
      RequestRecord request =
          new RequestRecord(
              id, principal, HexFormat.of().formatHex(fingerprint), null, now.plus(KEPT));
      Ticket ticket = new Ticket(request, new SecretKeySpec(hash("secret", principal, key), "AES"));
      List<RequestRecord> found = store.request(id);
      if (!found.isEmpty() && found.getFirst().expiresAt().isAfter(now)) {
        return new Begun(ticket, replay(ticket, found.getFirst()));
      }
      insert(request, now);
      isBegun = true;
      return new Begun(ticket, null);
    } finally {
      if (!isBegun) {
        inProgress.remove(id);
      }
    }
  }

  /// Keeps how a request was answered.
  public void end(Ticket ticket, byte[] answer) {
    RequestRecord request = ticket.request;
    try {
      RequestRecord answered =
          new RequestRecord(
              request.id(),
              request.principal(),
              request.fingerprint(),
              Base64.getEncoder().encodeToString(encrypt(ticket.secret, answer)),
              request.expiresAt());
      store.write(
          transaction -> {
            transaction.putRequest(answered);
            return answered;
          },
          _ -> {});
    } finally {
      inProgress.remove(request.id());
    }
  }

  /// Forgets a request that was not done; it may be sent again.
  public void forget(Ticket ticket) {
    try {
      store.write(
          transaction -> {
            transaction.deleteRequest(ticket.request.id());
            return ticket;
          },
          _ -> {});
    } finally {
      inProgress.remove(ticket.request.id());
    }
  }

  private void insert(RequestRecord request, Instant now) {
    store.write(
        transaction -> {
          transaction.deleteExpiredRequests(now);
          RequestRecord.Use use = transaction.requestUse(request.principal());
          checkRoom("idempotencyKeys", use.requests() + 1, MAX_REQUESTS);
          checkRoom("idempotencyBytes", use.bytes(), MAX_BYTES);
          transaction.putRequest(request);
          return request;
        },
        _ -> {});
  }

  private static void checkRoom(String limit, long used, long allowed) {
    if (used > allowed) {
      throw Problem.limit(ProblemType.RATE_LIMITED, limit, used, allowed)
          .with(Problem.RETRY_AFTER, KEPT.toSeconds())
          .asException();
    }
  }

  private static byte[] replay(Ticket ticket, RequestRecord found) {
    if (!found.fingerprint().equals(ticket.request.fingerprint())) {
      throw Problem.of(
              ProblemType.IDEMPOTENCY_KEY_REUSED, "another request was sent with this key before")
          .asException();
    }
    @Nullable String answer = found.answer();
    if (answer == null) {
      throw Problem.of(
              ProblemType.IDEMPOTENCY_CONFLICT,
              "the server stopped before it knew how the first request of this key ended")
          .asException();
    }
    return decrypt(ticket.secret, Base64.getDecoder().decode(answer));
  }

  private static byte[] hash(String purpose, String principal, String key) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : List.of("cloister-request", purpose, principal, key)) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private byte[] encrypt(SecretKeySpec secret, byte[] plain) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] sealed = cipher(Cipher.ENCRYPT_MODE, secret, nonce, plain);
    byte[] all = Arrays.copyOf(nonce, nonce.length + sealed.length);
    System.arraycopy(sealed, 0, all, nonce.length, sealed.length);
    return all;
  }

  private static byte[] decrypt(SecretKeySpec secret, byte[] all) {
    byte[] sealed = Arrays.copyOfRange(all, NONCE_BYTES, all.length);
    return cipher(Cipher.DECRYPT_MODE, secret, Arrays.copyOf(all, NONCE_BYTES), sealed);
  }

  private static byte[] cipher(int mode, SecretKeySpec secret, byte[] nonce, byte[] text) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, secret, new GCMParameterSpec(TAG_BITS, nonce));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a stored answer cannot be read or written", e);
    }
  }
}
