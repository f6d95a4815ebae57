package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.FailureDamper;
import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.storage.StorageException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What becomes of wrong keys: they are counted, recorded in the audit log, and answered with 429
/// instead of 401 where there were too many. Any thread may call; never blocks.
final class WrongKeys {
  private static final Logger LOG = LoggerFactory.getLogger(WrongKeys.class);

  private final FailureDamper damper;
  private final AuditLog audit;
  private final ControlEndpoints threads;

  WrongKeys(FailureDamper damper, AuditLog audit, ControlEndpoints threads) {
    this.damper = damper;
    this.audit = audit;
    this.threads = threads;
  }

  /// Counts a request with a wrong key.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there were too many
  void count(Identity.Refused refused, @Nullable String remote) {
    count("key.refused", refused, remote);
  }

  /// Counts an attempt to sign in with a wrong key.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there were too many
  void countSignIn(Identity.Refused refused, @Nullable String remote) {
    count("session.refused", refused, remote);
  }

  /// Returns how many wrong keys there were since the server started.
  long failures() {
    return damper.failures();
  }

  /// Returns how many of them were answered with 429.
  long damped() {
    return damper.damped();
  }

  private void count(String action, Identity.Refused refused, @Nullable String remote) {
    FailureDamper.Verdict verdict = damper.count(remote, refused.keyId());
    if (verdict.delay().isPositive()) {
      throw Problem.of(ProblemType.RATE_LIMITED, "too many wrong keys")
          .with("limit", "failures")
          .with(Problem.RETRY_AFTER, verdict.delay().toSeconds() + 1)
          .asException();
    }
    if (verdict.isRecorded()) {
      threads.execute(() -> record(action, refused.keyId(), remote));
    }
  }

  private void record(String action, @Nullable String keyId, @Nullable String remote) {
    try {
      audit.appendRefusal(action, keyId, remote);
    } catch (StorageException e) {
      LOG.warn("event=refusal-not-recorded action={}", action, e);
    }
  }
}
