package dev.cloister.sandbox.config;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The configuration of a running server, part of which can be read anew.
///
/// Any thread may read; whoever holds it asks each time, rather than keep what it says.
public final class LiveConfig {
  /// The keys, or the beginnings of them, that hold at once when they are read anew.
  private static final List<String> RELOADABLE =
      List.of(
          "auth.keysPerTenant",
          "auth.maxFailures",
          "auth.failureWindow",
          "auth.minSignatures",
          "auth.trustedProxies",
          "logs.format",
          "logs.level",
          "limits.");

  private final Reader reader;
  private final List<Consumer<SandboxConfig>> listeners = new ArrayList<>();
  private volatile LoadedConfig current;

  /// Held while the configuration is read anew.
  private final Object reloading = new Object();

  /// Where the configuration comes from.
  @FunctionalInterface
  public interface Reader {
    /// Reads it.
    ///
    /// @throws InvalidConfigException if it has mistakes
    /// @throws IOException if it cannot be read
    LoadedConfig read() throws IOException;
  }

  private LiveConfig(LoadedConfig current, Reader reader) {
    this.current = current;
    this.reader = reader;
  }

  /// Returns a configuration that was read, and can be again.
  public static LiveConfig of(LoadedConfig loaded, Reader reader) {
    return new LiveConfig(loaded, reader);
  }

  /// Returns a configuration that stays as it is.
  public static LiveConfig fixed(SandboxConfig config) {
    LoadedConfig loaded = new LoadedConfig(config, List.of());
    return new LiveConfig(loaded, () -> loaded);
  }

  /// What became of a change of the configuration.
  ///
  /// @param applied the keys that changed and hold now
  /// @param restart the keys that changed and hold after the next start
  public record Change(List<String> applied, List<String> restart) {}

  /// Returns the configuration that holds.
  public SandboxConfig now() {
    return current.config();
  }

  /// Returns all keys with their values, as they hold.
  public List<Setting> settings() {
    return current.settings();
  }

  /// Returns whether a key holds at once when it is read anew.
  public static boolean isReloadable(String key) {
    return RELOADABLE.stream()
        .anyMatch(known -> known.endsWith(".") ? key.startsWith(known) : key.equals(known));
  }

  /// Calls `listener` after each change, on the thread that made it. Called while the server is
  /// built.
  public void onChange(Consumer<SandboxConfig> listener) {
    listeners.add(listener);
  }

  /// Reads the configuration anew. What cannot change while the server runs stays as it is.
  ///
  /// @throws InvalidConfigException if it has mistakes; nothing changes
  /// @throws IOException if it cannot be read; nothing changes
  public Change reload() throws IOException {
    synchronized (reloading) {
      LoadedConfig read = reader.read();
      Map<String, Setting> before =
          current.settings().stream().collect(Collectors.toMap(Setting::key, Function.identity()));
      List<String> applied = new ArrayList<>();
      List<String> restart = new ArrayList<>();
      List<Setting> settings = new ArrayList<>();
      for (Setting setting : read.settings()) {
        @Nullable Setting old = before.get(setting.key());
        boolean isReloadable = isReloadable(setting.key());
        settings.add(isReloadable || old == null ? setting : old);
        if (old != null && !old.value().equals(setting.value())) {
          (isReloadable ? applied : restart).add(setting.key());
        }
      }
      SandboxConfig config = current.config();
      current =
          new LoadedConfig(
              config
                  .withAuth(config.auth().reloaded(read.config().auth()))
                  .withLogs(config.logs().reloaded(read.config().logs()))
                  .withLimits(read.config().limits()),
              settings);
      listeners.forEach(listener -> listener.accept(current.config()));
      return new Change(applied, restart);
    }
  }
}
