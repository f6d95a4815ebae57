package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Store;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The WASI of one guest: its descriptors and the functions over them.
///
/// Made for one store, used by its thread, closed when the guest is done.
public final class WasiPreview1 implements AutoCloseable {
  /// The module name that guests import the functions from.
  public static final String MODULE_NAME = "wasi_snapshot_preview1";

  private final FdTable descriptors = new FdTable();

  /// The number of descriptors that the guest was handed.
  private final int handedCount;

  /// The instances of the groups, by class.
  private final Map<Class<?>, Object> groups;

  /// Makes the WASI of a guest that runs in `store` and is handed `config`.
  public WasiPreview1(WasiConfig config, Store store) {
    descriptors.add(new StandardInput(config.stdin(), config.blocking()));
    descriptors.add(new StandardOutput(config.stdout()));
    descriptors.add(new StandardOutput(config.stderr()));
    for (Preopen preopen : config.preopens()) {
      descriptors.add(open(preopen));
    }
    handedCount = descriptors.size();
    Clocks clocks = new Clocks(config.clock());
    groups =
        Map.ofEntries(
            Map.entry(ArgsEnv.class, new ArgsEnv(config)),
            Map.entry(Clocks.class, clocks),
            Map.entry(DirectoryListing.class, new DirectoryListing(descriptors)),
            Map.entry(FileAttributes.class, new FileAttributes(descriptors, config.clock())),
            Map.entry(FileDescriptors.class, new FileDescriptors(descriptors)),
            Map.entry(FileTransfers.class, new FileTransfers(descriptors)),
            Map.entry(Paths.class, new Paths(descriptors, config.clock())),
            Map.entry(Polling.class, new Polling(descriptors, clocks, config, store)),
            Map.entry(ProcessControl.class, new ProcessControl()),
            Map.entry(Randomness.class, new Randomness(config.random(), store)),
            Map.entry(Sockets.class, new Sockets(descriptors)));
  }

  /// Whether modules import WASI functions from a module called `moduleName`.
  public static boolean isModuleName(String moduleName) {
    return moduleName.equals(MODULE_NAME);
  }

  /// Whether there is a function `name` in `moduleName`.
  public static boolean provides(String moduleName, String name) {
    return isModuleName(moduleName) && WasiFunction.named(name) != null;
  }

  /// The function that a guest imports as `name` from `moduleName`, or null.
  public @Nullable Extern resolve(String moduleName, String name) {
    WasiFunction function = isModuleName(moduleName) ? WasiFunction.named(name) : null;
    if (function == null) {
      return null;
    }
    Object group = groups.get(function.group());
    if (group == null) {
      throw new IllegalStateException("no instance of " + function.group());
    }
    return function.boundTo(group);
  }

  /// Closes the descriptors that the guest has opened, and keeps those that it was handed.
  public void closeOpened() {
    descriptors.closeFrom(handedCount);
  }

  /// Closes every descriptor.
  @Override
  public void close() {
    descriptors.closeAll();
  }

  private static OpenDirectory open(Preopen preopen) {
    long rights =
        preopen.isReadOnly() ? Rights.OF_DIRECTORIES & ~Rights.CHANGING : Rights.OF_DIRECTORIES;
    long inherited = Rights.OF_DIRECTORIES | Rights.OF_FILES;
    if (preopen.isReadOnly()) {
      inherited &= ~Rights.CHANGING;
    }
    return new OpenDirectory(preopen.root(), preopen.guestPath(), rights, inherited, 0);
  }
}
