package dev.cloister.isolate.instance;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.snapshot.SnapshotException;
import dev.cloister.engine.snapshot.Snapshots;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The instances of one tenant that outlive a call: pooled ones that wait for any call, and
/// stateful ones in their slots. Any thread.
///
/// Instances are closed, and holds on plugins given back, without the lock.
public final class KeptInstances implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(KeptInstances.class);

  /// Has the turn in a slot while the instance is put to sleep.
  private static final Turn HIBERNATION = _ -> {};

  private static final int KEY_BYTES = 32;

  private final LongSupplier nanoTime;
  private final StartImages starts;
  private final Object lock = new Object();

  /// Of each version the pooled instances that wait, the last used first.
  @GuardedBy("lock")
  private final Map<VersionKey, ArrayDeque<Idle>> pools = new HashMap<>(0);

  @GuardedBy("lock")
  private final Map<StateKey, InstanceSlot> slots = new HashMap<>(0);

  /// Holds to be given back by whoever comes next and holds no lock.
  @GuardedBy("lock")
  private final List<PluginHandle> released = new ArrayList<>(0);

  /// Null before the first instance hibernates.
  @GuardedBy("lock")
  private @Nullable Snapshots snapshots;

  @GuardedBy("lock")
  private boolean closed;

  /// Makes an empty one.
  ///
  /// @param ledger what images of initialized instances are charged to
  /// @param nanoTime the tenant's clock
  public KeptInstances(HeapLedger ledger, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.starts = new StartImages(ledger);
  }

  /// What makes images under a key that nobody else has: they do not leave the process.
  private Snapshots snapshots() {
    synchronized (lock) {
      if (snapshots == null) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        snapshots = new Snapshots(key);
      }
      return snapshots;
    }
  }

  /// A pooled instance that waits for a call, with a hold on its plugin.
  private record Idle(
      GuestInstance instance, PluginHandle plugin, long sinceNanos, long allowedNanos) {
    long endNanos() {
      return sinceNanos + allowedNanos;
    }
  }

  /// Where calls of `plugin` get instances of their own.
  public InstanceSource fresh(PluginHandle plugin, InstanceRequest request) {
    StartPlace start = start(plugin, request);
    return start == null ? FreshInstances.WITHOUT_IMAGE : new FreshInstances(start);
  }

  private @Nullable StartPlace start(PluginHandle plugin, InstanceRequest request) {
    return request.settings().isSnapshot()
        ? starts.place(new VersionKey(request.plugin(), plugin.hash()))
        : null;
  }

  /// What became of the image that instances of `version` are to begin with.
  public StartInfo startInfo(VersionKey version) {
    return starts.info(version);
  }

  /// Drops the images that instances begin with, of all plugins: what they may use is another.
  public void dropStartImages() {
    starts.drop(_ -> true);
  }

  /// Where calls of `plugin` get instances that serve any of them.
  public InstanceSource pool(PluginHandle plugin, InstanceRequest request, long fuel) {
    return new Pool(plugin, request, fuel);
  }

  /// Gets in the queue for a stateful instance, which is made if need be.
  ///
  /// @param maxInstances how many stateful instances the tenant may have
  public SlotEntry enter(
      PluginHandle plugin, InstanceRequest request, Turn turn, long maxInstances, long fuel) {
    VersionKey version = new VersionKey(request.plugin(), plugin.hash());
    StateKey key = new StateKey(version, request.key());
    StartPlace start = start(plugin, request);
    synchronized (lock) {
      InstanceSlot slot = slots.get(key);
      if (slot == null) {
        if (slots.size() >= maxInstances) {
          return new SlotEntry.Refused("keptInstances", slots.size() + 1L, maxInstances);
        }
        long allowed = request.settings().maxInstances();
        long used = 1;
        for (StateKey other : slots.keySet()) {
          used += other.version().plugin().equals(request.plugin()) ? 1 : 0;
        }
        if (used > allowed) {
          return new SlotEntry.Refused("maxInstances", used, allowed);
        }
        slot = new InstanceSlot(key);
        slots.put(key, slot);
      }
      slot.obstacle = null;
      turn.serveFrom(new Slot(slot, plugin, start, fuel));
      slot.turns.add(turn);
      slot.calls++;
      slot.idleNanos = TimeUnit.MILLISECONDS.toNanos(request.settings().idleMillis());
      return new SlotEntry.Entered(slot.turns.size() == 1);
    }
  }

  /// Takes `turn` out of the queue of its slot.
  ///
  /// @return false if it is not waiting there
  public boolean withdraw(InstanceSource source, Turn turn) {
    if (!(source instanceof Slot slot)) {
      return false;
    }
    synchronized (lock) {
      return !turn.equals(slot.slot.turns.peek()) && slot.slot.turns.remove(turn);
    }
  }

  /// Notes that `turn` has had its turn.
  ///
  /// @return whose turn it is now; null if it is nobody's, or was not that of `turn`
  public @Nullable Turn end(InstanceSource source, Turn turn) {
    return source instanceof Slot slot ? end(slot.slot, turn) : null;
  }

  private @Nullable Turn end(InstanceSlot slot, Turn turn) {
    synchronized (lock) {
      if (!turn.equals(slot.turns.peek())) {
        return null;
      }
      slot.turns.poll();
      slot.idleSinceNanos = nanoTime.getAsLong();
      dropIfUnused(slot);
      return slot.turns.peek();
    }
  }

  /// Closes the pooled instance that has waited longest, so that what it is charged can be used
  /// otherwise. The calling thread may be a guest's in the middle of an allocation.
  ///
  /// @return false if there is none
  public boolean reclaim() {
    Idle oldest = null;
    synchronized (lock) {
      for (ArrayDeque<Idle> pool : pools.values()) {
        Idle last = pool.peekLast();
        if (last != null && (oldest == null || last.sinceNanos() - oldest.sinceNanos() < 0)) {
          oldest = last;
        }
      }
      if (oldest == null) {
        return false;
      }
      remove(oldest);
      released.add(oldest.plugin());
    }
    oldest.instance().close();
    return true;
  }

  /// Closes the pooled instances that have waited for too long.
  public void dropExpired() {
    long nowNanos = nanoTime.getAsLong();
    drop(_ -> true, idle -> idle.endNanos() - nowNanos <= 0);
  }

  /// Has the stateful instances hibernate that no call had for so long as their plugin says. Takes
  /// long; on a guest thread.
  ///
  /// @return whose turn it is now where calls came meanwhile
  public List<Turn> hibernateIdle() {
    List<Turn> next = new ArrayList<>();
    for (InstanceSlot slot : beginHibernation()) {
      hibernate(slot);
      Turn waiting = end(slot, HIBERNATION);
      if (waiting != null) {
        next.add(waiting);
      }
    }
    return next;
  }

  /// Takes the turn in the slots that are to hibernate.
  private List<InstanceSlot> beginHibernation() {
    long nowNanos = nanoTime.getAsLong();
    synchronized (lock) {
      List<InstanceSlot> idle =
          slots.values().stream()
              .filter(slot -> isToHibernate(slot) && hibernationNanos(slot, nowNanos) == 0)
              .toList();
      idle.forEach(slot -> slot.turns.add(HIBERNATION));
      return idle;
    }
  }

  private void hibernate(InstanceSlot slot) {
    GuestInstance instance;
    PluginHandle plugin;
    synchronized (lock) {
      instance = slot.instance;
      plugin = slot.plugin;
      slot.instance = null;
      slot.plugin = null;
    }
    if (instance == null || plugin == null) {
      return; // it was dropped meanwhile
    }
    String obstacle = null;
    try {
      instance.hibernate(plugin.hash(), snapshots());
    } catch (SnapshotException refusal) {
      obstacle = String.valueOf(refusal.getMessage());
    }
    boolean isKept = false;
    synchronized (lock) {
      if (!closed && !slot.isDropped) {
        slot.instance = instance;
        slot.plugin = obstacle == null ? null : plugin;
        slot.obstacle = obstacle;
        isKept = true;
      }
      slot.isDropped = false;
    }
    if (!isKept) {
      instance.close();
    }
    if (!isKept || obstacle == null) {
      plugin.release();
    }
  }

  /// Called with the lock held.
  private static boolean isToHibernate(InstanceSlot slot) {
    return slot.turns.isEmpty()
        && slot.instance != null
        && !slot.instance.isAsleep()
        && slot.obstacle == null;
  }

  /// Called with the lock held.
  private static long hibernationNanos(InstanceSlot slot, long nowNanos) {
    return Math.max(0, slot.idleSinceNanos + slot.idleNanos - nowNanos);
  }

  /// In how many nanoseconds something of what is kept has waited for so long that it is dropped or
  /// hibernates; -1 if nothing is.
  public long nextExpiryNanos() {
    long nowNanos = nanoTime.getAsLong();
    synchronized (lock) {
      long next = Long.MAX_VALUE;
      for (ArrayDeque<Idle> pool : pools.values()) {
        for (Idle idle : pool) {
          next = Math.min(next, Math.max(0, idle.endNanos() - nowNanos));
        }
      }
      for (InstanceSlot slot : slots.values()) {
        if (isToHibernate(slot)) {
          next = Math.min(next, hibernationNanos(slot, nowNanos));
        }
      }
      return next == Long.MAX_VALUE ? -1 : next;
    }
  }

  /// Drops the pooled instances of a module, in whatever plugin: it was unloaded. Stateful ones
  /// stay and keep it.
  public void unloaded(ModuleHash module) {
    starts.drop(version -> version.module().equals(module));
    drop(version -> version.module().equals(module), _ -> true);
  }

  /// Drops everything that is kept of a plugin; what is in a call is dropped after it.
  public void drop(String plugin) {
    dropStartImages(plugin);
    drop(version -> version.plugin().equals(plugin), _ -> true);
    dropSlots(key -> key.version().plugin().equals(plugin));
  }

  private void dropStartImages(String plugin) {
    starts.drop(version -> version.plugin().equals(plugin));
  }

  /// Drops the pooled instances of a plugin and the images that its instances begin with: it is to
  /// have others.
  public void dropPooled(String plugin) {
    dropStartImages(plugin);
    drop(version -> version.plugin().equals(plugin), _ -> true);
  }

  /// Drops everything that is kept of a version of a plugin.
  public void drop(VersionKey version) {
    starts.drop(version::equals);
    drop(version::equals, _ -> true);
    dropSlots(key -> key.version().equals(version));
  }

  /// Drops the state of one instance, in all versions of its plugin; if a call has it, after the
  /// call.
  ///
  /// @return whether there is such an instance
  public boolean drop(String plugin, String key) {
    return dropSlots(state -> state.version().plugin().equals(plugin) && state.key().equals(key))
        > 0;
  }

  /// The stateful instances of a plugin, by version and key.
  public List<InstanceInfo> stateful(String plugin) {
    long nowNanos = nanoTime.getAsLong();
    synchronized (lock) {
      return slots.values().stream()
          .filter(slot -> slot.key.version().plugin().equals(plugin))
          .map(slot -> info(slot, nowNanos))
          .sorted(
              Comparator.comparing((InstanceInfo info) -> info.key().key())
                  .thenComparing(info -> info.key().version().module().hex()))
          .toList();
    }
  }

  /// How many pooled instances wait for a call.
  public int pooledCount() {
    synchronized (lock) {
      return pools.values().stream().mapToInt(ArrayDeque::size).sum();
    }
  }

  /// How many stateful instances there are.
  public int statefulCount() {
    synchronized (lock) {
      return slots.size();
    }
  }

  /// Gives back holds on plugins that could not be given back where they ended. Called where no
  /// lock is held.
  public void releaseHolds() {
    List<PluginHandle> handles;
    synchronized (lock) {
      if (released.isEmpty()) {
        return;
      }
      handles = List.copyOf(released);
      released.clear();
    }
    handles.forEach(PluginHandle::release);
  }

  /// Drops everything and keeps nothing any more. When no call is running.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
    }
    drop(_ -> true, _ -> true);
    dropSlots(_ -> true);
    starts.close();
    releaseHolds();
  }

  /// Called with the lock held.
  private static InstanceInfo info(InstanceSlot slot, long nowNanos) {
    boolean isBusy = !slot.turns.isEmpty();
    return new InstanceInfo(
        slot.key,
        isBusy,
        slot.instance != null && slot.instance.isAsleep(),
        slot.obstacle,
        Math.max(0, slot.turns.size() - 1),
        slot.calls,
        isBusy ? 0 : nowNanos - slot.idleSinceNanos);
  }

  @GuardedBy("lock")
  private void remove(Idle idle) {
    VersionKey found = null;
    for (Map.Entry<VersionKey, ArrayDeque<Idle>> pool : pools.entrySet()) {
      if (pool.getValue().remove(idle) && pool.getValue().isEmpty()) {
        found = pool.getKey();
      }
    }
    if (found != null) {
      pools.remove(found);
    }
  }

  private void drop(Predicate<VersionKey> versions, Predicate<Idle> which) {
    List<Idle> dropped = new ArrayList<>();
    synchronized (lock) {
      Iterator<Map.Entry<VersionKey, ArrayDeque<Idle>>> each = pools.entrySet().iterator();
      while (each.hasNext()) {
        Map.Entry<VersionKey, ArrayDeque<Idle>> pool = each.next();
        if (versions.test(pool.getKey())) {
          pool.getValue().removeIf(idle -> which.test(idle) && dropped.add(idle));
          if (pool.getValue().isEmpty()) {
            each.remove();
          }
        }
      }
    }
    for (Idle idle : dropped) {
      idle.instance().close();
      idle.plugin().release();
    }
  }

  private int dropSlots(Predicate<StateKey> which) {
    List<GuestInstance> instances = new ArrayList<>();
    List<PluginHandle> plugins = new ArrayList<>();
    int count = 0;
    synchronized (lock) {
      for (InstanceSlot slot : List.copyOf(slots.values())) {
        if (which.test(slot.key)) {
          count++;
          if (slot.instance != null) {
            instances.add(slot.instance);
            slot.instance = null;
          }
          if (slot.plugin != null) {
            plugins.add(slot.plugin);
            slot.plugin = null;
          }
          slot.isDropped = !slot.turns.isEmpty();
          dropIfUnused(slot);
        }
      }
    }
    instances.forEach(GuestInstance::close);
    plugins.forEach(PluginHandle::release);
    return count;
  }

  @GuardedBy("lock")
  private void dropIfUnused(InstanceSlot slot) {
    if (slot.turns.isEmpty() && slot.instance == null) {
      slots.remove(slot.key, slot);
    }
  }

  /// The pooled instances of a version.
  private final class Pool implements InstanceSource {
    private final PluginHandle plugin;
    private final @Nullable StartPlace start;
    private final VersionKey version;
    private final InstanceSettings settings;
    private final long fuel;

    Pool(PluginHandle plugin, InstanceRequest request, long fuel) {
      this.plugin = plugin;
      this.version = new VersionKey(request.plugin(), plugin.hash());
      this.settings = request.settings();
      this.start = KeptInstances.this.start(plugin, request);
      this.fuel = fuel;
    }

    @Override
    public @Nullable StartPlace start() {
      return start;
    }

    @Override
    public InstancePolicy policy() {
      return InstancePolicy.POOLED;
    }

    @Override
    public @Nullable GuestInstance take() {
      while (true) {
        Idle idle;
        synchronized (lock) {
          ArrayDeque<Idle> pool = pools.get(version);
          idle = pool == null ? null : pool.poll();
          if (pool != null && pool.isEmpty()) {
            pools.remove(version);
          }
        }
        if (idle == null) {
          return null;
        }
        idle.plugin().release(); // the call has a hold of its own
        if (idle.instance().suits(fuel)) {
          return idle.instance();
        }
        idle.instance().close();
      }
    }

    @Override
    public void leave(GuestInstance instance, boolean isIntact) {
      if (!isIntact || instance.uses() >= settings.maxUses() || !keep(instance)) {
        instance.close();
      }
    }

    private boolean keep(GuestInstance instance) {
      instance.forgetCall();
      if (!plugin.hold()) {
        return false;
      }
      long allowedNanos = TimeUnit.MILLISECONDS.toNanos(settings.idleMillis());
      Idle idle = new Idle(instance, plugin, nanoTime.getAsLong(), allowedNanos);
      boolean isKept = false;
      synchronized (lock) {
        ArrayDeque<Idle> pool = pools.get(version);
        if (!closed && (pool == null || pool.size() < settings.maxIdle())) {
          pools.computeIfAbsent(version, _ -> new ArrayDeque<>(1)).push(idle);
          isKept = true;
        }
      }
      if (!isKept) {
        plugin.release();
      }
      return isKept;
    }
  }

  /// The instance of a slot, for whoever has the turn.
  private final class Slot implements InstanceSource {
    private final InstanceSlot slot;
    private final PluginHandle plugin;
    private final @Nullable StartPlace start;
    private final long fuel;

    Slot(InstanceSlot slot, PluginHandle plugin, @Nullable StartPlace start, long fuel) {
      this.slot = slot;
      this.plugin = plugin;
      this.start = start;
      this.fuel = fuel;
    }

    @Override
    public @Nullable StartPlace start() {
      return start;
    }

    @Override
    public InstancePolicy policy() {
      return InstancePolicy.STATEFUL;
    }

    @Override
    public @Nullable GuestInstance take() {
      GuestInstance taken;
      PluginHandle held;
      synchronized (lock) {
        taken = slot.instance;
        held = slot.plugin;
        slot.instance = null;
        slot.plugin = null;
        slot.isDropped = false;
      }
      if (held != null) {
        held.release(); // the call has a hold of its own
      }
      if (taken != null && !taken.suits(fuel)) {
        return linkedAnew(taken);
      }
      return taken;
    }

    /// The instance with other code: asleep, or null if that is not possible and it is dropped.
    private @Nullable GuestInstance linkedAnew(GuestInstance instance) {
      try {
        instance.hibernate(plugin.hash(), snapshots());
        return instance;
      } catch (SnapshotException refusal) {
        LOGGER.warn(
            "event=state-dropped plugin={} instance={} reason=\"fuelPerCall was set, {}\"",
            slot.key.version().plugin(),
            slot.key.key(),
            refusal.getMessage());
        instance.close();
        return null;
      }
    }

    @Override
    public void leave(GuestInstance instance, boolean isIntact) {
      instance.settle();
      if (!isIntact || !keep(instance)) {
        instance.close();
      }
    }

    private boolean keep(GuestInstance instance) {
      boolean isAsleep = instance.isAsleep();
      if (!isAsleep) {
        plugin.retain();
      }
      boolean isKept = false;
      synchronized (lock) {
        if (!closed && !slot.isDropped) {
          slot.instance = instance;
          slot.plugin = isAsleep ? null : plugin;
          isKept = true;
        }
      }
      if (!isKept && !isAsleep) {
        plugin.release();
      }
      return isKept;
    }
  }
}
