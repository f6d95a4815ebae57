package dev.cloister.sandbox.auth;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What a request proved of who makes it.
public sealed interface Identity {

  /// Nobody: the request has no key.
  record Anonymous() implements Identity {}

  /// Somebody known.
  ///
  /// @param principal who it is
  record Known(Principal principal) implements Identity {}

  /// A key that is not accepted.
  ///
  /// @param reason why, in words that help its holder and nobody else
  /// @param keyId the public part of the key, null if it has none
  record Refused(String reason, @Nullable String keyId) implements Identity {}

  /// Somebody who is known when something was fetched.
  ///
  /// @param identity what the request proved then; never pending, never failed
  record Pending(CompletableFuture<Identity> identity) implements Identity {}

  /// Somebody of whom nothing can be known at the moment.
  ///
  /// @param reason why, in words
  record Unavailable(String reason) implements Identity {}

  /// A key that was right once. Only somebody who has it gets to know.
  ///
  /// @param keyId the public part of the key
  /// @param end since when it is not valid any more
  record Expired(String keyId, Instant end) implements Identity {}
}
