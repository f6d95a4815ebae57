package dev.cloister.sandbox.registry;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.StorageException;
import dev.cloister.sandbox.storage.UsageRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What tenants used, by hours, for whoever bills them.
///
/// Counted in memory and stored every five seconds, when somebody asks, and at the end: after a
/// crash at most the last five seconds are missing, and nothing is counted twice. Rejected: a write
/// for each call, which would make every call wait for the disk. Memory is sampled four times a
/// second. Hours are kept for 400 days.
public final class UsageLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UsageLog.class);
  private static final long SAMPLE_MILLIS = 250;
  private static final long SAMPLES_PER_SECOND = 4;
  private static final int SAMPLES_PER_WRITE = 20;
  private static final Duration KEPT = Duration.ofDays(400);
  private static final long CLOSE_TIMEOUT_SECONDS = 10;

  private final MetadataStore store;
  private final Supplier<Collection<Tenant>> tenants;
  private final Clock clock;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("cloister-usage").factory());

  /// On the executor's thread only.
  private int samples;

  private Instant prunedAt = Instant.EPOCH;

  UsageLog(MetadataStore store, Supplier<Collection<Tenant>> tenants, Clock clock) {
    this.store = store;
    this.tenants = tenants;
    this.clock = clock;
  }

  /// Starts sampling and storing.
  public void start() {
    ScheduledFuture<?> _ =
        executor.scheduleAtFixedRate(
            this::tick, SAMPLE_MILLIS, SAMPLE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /// Returns what a tenant used in the hours that begin in `[from, to)`, those without any use left
  /// out; it is stored before it is told.
  ///
  /// @throws StorageException if the store cannot be read or written
  public List<UsageRecord> list(Tenant tenant, Instant from, Instant to) {
    write(List.of(tenant));
    return store.usage(tenant.name(), from, to);
  }

  @Override
  public void close() {
    executor.execute(this::writeAll);
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("event=usage-not-written");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while writing what is left", e);
    }
  }

  private void tick() {
    Instant now = clock.instant();
    for (Tenant tenant : tenants.get()) {
      tenant.usage().addMemory(now, guestBytes(tenant) / SAMPLES_PER_SECOND);
    }
    samples++;
    if (samples % SAMPLES_PER_WRITE == 0) {
      writeAll();
    }
  }

  /// Returns the memory of guests and of calls: code and logs stay where nothing runs.
  private static long guestBytes(Tenant tenant) {
    HeapSnapshot heap = tenant.isolate().heap();
    return heap.chargedBytes()
        - heap.bytes().getOrDefault(HeapCategory.CODE_SHARE, 0L)
        - heap.bytes().getOrDefault(HeapCategory.LOG, 0L);
  }

  private void writeAll() {
    try {
      write(tenants.get());
      prune();
    } catch (StorageException e) {
      // What could not be stored is counted again, see below.
      LOG.warn("event=usage-not-written", e);
    }
  }

  private void write(Collection<Tenant> of) {
    Map<Tenant, List<UsageRecord>> taken = new LinkedHashMap<>();
    for (Tenant tenant : of) {
      List<UsageRecord> usage = tenant.usage().take();
      if (!usage.isEmpty()) {
        taken.put(tenant, usage);
      }
    }
    if (taken.isEmpty()) {
      return;
    }
    boolean isStored = false;
    try {
      store.write(
          transaction -> {
            taken.forEach((tenant, usage) ->
                usage.forEach(hour -> transaction.addUsage(tenant.name(), hour)));
            return true;
          },
          _ -> {});
      isStored = true;
    } finally {
      if (!isStored) {
        taken.forEach((tenant, usage) -> usage.forEach(tenant.usage()::add));
      }
    }
  }

  /// Once an hour.
  private void prune() {
    Instant now = clock.instant();
    if (now.isBefore(prunedAt.plus(Duration.ofHours(1)))) {
      return;
    }
    prunedAt = now;
    store.write(
        transaction -> {
          transaction.deleteUsageBefore(now.minus(KEPT));
          return true;
        },
        _ -> {});
  }
}
