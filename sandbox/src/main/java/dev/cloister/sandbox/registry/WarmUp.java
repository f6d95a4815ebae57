package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.BlobDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compiles what calls will need, in the background, after a start.
///
/// Calls do not wait for it: a version that is called earlier is compiled then.
public final class WarmUp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

  private final AtomicInteger pending = new AtomicInteger();
  private volatile boolean isStopped;
  private volatile @Nullable Thread thread;

  /// A version to compile.
  private record Task(Tenant tenant, BlobDigest version) {}

  /// Creates a warm-up that has nothing to do yet.
  public WarmUp() {}

  /// Starts compiling every version that an alias of these tenants names.
  public void start(Iterable<Tenant> tenants) {
    List<Task> tasks = new ArrayList<>();
    for (Tenant tenant : tenants) {
      for (Plugin plugin : tenant.plugins()) {
        plugin.aliasedVersions().forEach(version -> tasks.add(new Task(tenant, version)));
      }
    }
    pending.set(tasks.size());
    thread = Thread.ofVirtual().name("cloister-warm-up").start(() -> compile(tasks));
  }

  /// Returns how many versions are still to be compiled.
  public int pending() {
    return pending.get();
  }

  @Override
  public void close() {
    isStopped = true;
    @Nullable Thread running = thread;
    if (running != null) {
      try {
        running.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void compile(List<Task> tasks) {
    for (Task task : tasks) {
      if (isStopped) {
        return;
      }
      try {
        Futures.await(task.tenant.load(task.version));
      } catch (RuntimeException e) {
        LOG.warn("event=warm-up-failed isolate={} module={}", task.tenant.name(), task.version, e);
      }
      pending.decrementAndGet();
    }
    LOG.info("event=warm-up-done versions={}", tasks.size());
  }
}
