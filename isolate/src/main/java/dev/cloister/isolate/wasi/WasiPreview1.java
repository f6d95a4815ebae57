package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Store;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The WASI of one guest: its descriptors and the functions over them.
///
/// Made for one store, used by its thread, closed when the guest is done.
public final class WasiPreview1 implements AutoCloseable {
  /// What the C library looks at before `main`.
  private static final Set<String> TIMELESS =
      Set.of("fd_fdstat_get", "fd_prestat_dir_name", "fd_prestat_get", "sched_yield");

  private final WasiConfig config;
  private final Store store;
  private final FdTable descriptors;

  /// The instances of the groups, by class, of each version that the guest imports from.
  private final Map<WasiSnapshot, Map<Class<?>, Object>> groups = new EnumMap<>(WasiSnapshot.class);

  private final List<FileTransfers> transfers = new ArrayList<>();

  /// Makes the WASI of a guest that runs in `store` and is handed `config`.
  public WasiPreview1(WasiConfig config, Store store) {
    this.config = config;
    this.store = store;
    descriptors = new FdTable(config.quota());
    handOut(config.preopens());
  }

  /// Whether modules import WASI functions from a module called `moduleName`.
  public static boolean isModuleName(String moduleName) {
    return WasiSnapshot.named(moduleName) != null;
  }

  /// Whether there is a function `name` in `moduleName`.
  public static boolean provides(String moduleName, String name) {
    return isModuleName(moduleName) && WasiFunction.named(name) != null;
  }

  /// Whether a guest can import `name` from `moduleName`, and what that answers is the same for all
  /// guests that are handed the same descriptors, and has no effect on any.
  public static boolean isTimeless(String moduleName, String name) {
    return isModuleName(moduleName) && TIMELESS.contains(name);
  }

  /// The function that a guest imports as `name` from `moduleName`, or null.
  public @Nullable Extern resolve(String moduleName, String name) {
    WasiSnapshot snapshot = WasiSnapshot.named(moduleName);
    WasiFunction function = WasiFunction.named(name);
    if (snapshot == null || function == null) {
      return null;
    }
    Object group = groups.computeIfAbsent(snapshot, this::groups).get(function.group());
    if (group == null) {
      throw new IllegalStateException("no instance of " + function.group());
    }
    return function.boundTo(group);
  }

  /// Whether the descriptors are as they were handed out: no state of the guest is lost with them.
  public boolean isUntouched() {
    return descriptors.isAsHandedOut();
  }

  /// Hands the guest its streams and `preopens`, as descriptors from 0 on. Also after [#takeBack],
  /// to begin again.
  public void handOut(List<Preopen> preopens) {
    descriptors.handOut(new StandardInput(config.stdin(), config.blocking()));
    descriptors.handOut(new StandardOutput(config.stdout()));
    descriptors.handOut(new StandardOutput(config.stderr()));
    preopens.forEach(preopen -> descriptors.handOut(open(preopen)));
  }

  /// Closes every descriptor.
  public void takeBack() {
    descriptors.closeAll();
  }

  /// Closes every descriptor and gives back what is kept for the guest.
  @Override
  public void close() {
    takeBack();
    transfers.forEach(FileTransfers::close);
    transfers.clear();
  }

  private Map<Class<?>, Object> groups(WasiSnapshot snapshot) {
    WasiClock clock = config.clock();
    Clocks clocks = new Clocks(clock);
    FileTransfers transfer = new FileTransfers(descriptors, snapshot, config.quota());
    transfers.add(transfer);
    return Map.ofEntries(
        Map.entry(ArgsEnv.class, new ArgsEnv(config)),
        Map.entry(Clocks.class, clocks),
        Map.entry(DirectoryListing.class, new DirectoryListing(descriptors)),
        Map.entry(FileAttributes.class, new FileAttributes(descriptors, clock, snapshot)),
        Map.entry(FileDescriptors.class, new FileDescriptors(descriptors)),
        Map.entry(FileTransfers.class, transfer),
        Map.entry(Paths.class, new Paths(descriptors, clock, snapshot)),
        Map.entry(Polling.class, new Polling(descriptors, clocks, config, store, snapshot)),
        Map.entry(ProcessControl.class, new ProcessControl()),
        Map.entry(Randomness.class, new Randomness(config.random(), store)),
        Map.entry(Sockets.class, new Sockets(descriptors)));
  }

  private static OpenDirectory open(Preopen preopen) {
    long rights =
        preopen.isReadOnly() ? Rights.OF_DIRECTORIES & ~Rights.CHANGING : Rights.OF_DIRECTORIES;
    long inherited = Rights.OF_DIRECTORIES | Rights.OF_FILES;
    if (preopen.isReadOnly()) {
      inherited &= ~Rights.CHANGING;
    }
    preopen.root().retain();
    return new OpenDirectory(preopen.root(), preopen.guestPath(), rights, inherited, 0);
  }
}
