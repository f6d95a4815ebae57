package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.StorageException;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stores when keys were used last: each minute and at the end, on a thread of its own. A crash
/// loses the last minute of it, which nobody was promised.
public final class KeyUseWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeyUseWriter.class);
  private static final long PERIOD_SECONDS = 60;
  private static final long CLOSE_TIMEOUT_SECONDS = 10;

  private final MetadataStore store;
  private final KeyRing keys;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("cloister-key-uses").factory());

  private KeyUseWriter(MetadataStore store, KeyRing keys) {
    this.store = store;
    this.keys = keys;
  }

  /// Starts writing.
  public static KeyUseWriter start(MetadataStore store, KeyRing keys) {
    KeyUseWriter writer = new KeyUseWriter(store, keys);
    ScheduledFuture<?> _ =
        writer.executor.scheduleWithFixedDelay(
            writer::write, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
    return writer;
  }

  @Override
  public void close() {
    executor.execute(this::write);
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("event=key-uses-not-written");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while writing what is left", e);
    }
  }

  private void write() {
    Map<String, Instant> uses = keys.takeUses();
    if (uses.isEmpty()) {
      return;
    }
    try {
      store.write(
          transaction -> {
            uses.forEach(transaction::touchKey);
            return true;
          },
          _ -> {});
    } catch (StorageException e) {
      // The next use of a key is written again.
      LOG.warn("event=key-uses-not-written keys={}", uses.size(), e);
    }
  }
}
