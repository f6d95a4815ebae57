package dev.cloister.sandbox.cli;

import dev.cloister.sandbox.Sandbox;
import dev.cloister.sandbox.auth.OperatorKey;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.LoadedConfig;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.config.Setting;
import dev.cloister.sandbox.logging.ServerLog;
import dev.cloister.sandbox.storage.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `serve`: runs the server until the process is told to stop.
@Command(
    name = "serve",
    description = "Runs the server. Prints READY and its address when it accepts requests.")
final class ServeCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;

  private final Terminal terminal;

  @Option(names = "--config", paramLabel = "FILE", description = "The configuration file.")
  private @Nullable Path configFile;

  @Option(names = "--data", paramLabel = "DIR", description = "The data folder (default: data).")
  private @Nullable Path dataFolder;

  @Option(
      names = "--host",
      paramLabel = "H",
      description = "The address to listen on (default: 127.0.0.1).")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port to listen on; 0 takes a free one (default: 8080).")
  private @Nullable Integer port;

  @Option(
      names = "--gdb",
      paramLabel = "PORT",
      description = {
        "Lets a debugger such as LLDB connect to this port, from this machine, without a key. It"
            + " sees",
        "all tenants for which debugging is on (default: no port)."
      })
  private @Nullable Integer gdbPort;

  ServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    Sandbox sandbox = start();
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("cloister-stop")
                .unstarted(() -> {
                  sandbox.close();
                  stopped.countDown();
                  // A process that ends by SIGTERM would exit with 143; this one was asked to
                  // stop and did.
                  Runtime.getRuntime().halt(ExitCode.OK);
                }));
    HangUp.handle(sandbox::reload);
    terminal.out().println("READY " + sandbox.url());
    terminal.out().flush();
    stopped.await();
    return ExitCode.OK;
  }

  private Sandbox start() {
    LoadedConfig loaded = overridden(load());
    LiveConfig live =
        LiveConfig.of(
            loaded, () -> overridden(ConfigLoader.load(configFile, terminal.environment())));
    applyLogs(loaded.config());
    live.onChange(ServeCommand::applyLogs);
    try {
      return Sandbox.start(live, terminal.environment().get(OperatorKey.VARIABLE));
    } catch (IOException | StorageException | IllegalArgumentException e) {
      throw CommandFailure.failed(String.valueOf(e.getMessage()));
    }
  }

  private static void applyLogs(SandboxConfig config) {
    ServerLog.apply(config.logs().format(), config.logs().level());
  }

  /// Applies the options, which come before the environment and the file.
  private LoadedConfig overridden(LoadedConfig loaded) {
    SandboxConfig config = loaded.config();
    Map<String, Setting> options = new HashMap<>();
    if (host != null) {
      config = config.withHttp(config.http().withHost(host));
      options.put("http.host", new Setting("http.host", host, "--host"));
    }
    if (port != null) {
      checkPort("--port", port, 0);
      config = config.withHttp(config.http().withPort(port));
      options.put("http.port", new Setting("http.port", port.toString(), "--port"));
    }
    if (gdbPort != null) {
      checkPort("--gdb", gdbPort, 1);
      config = config.withEngine(config.engine().withGdbPort(gdbPort));
      options.put("engine.gdbPort", new Setting("engine.gdbPort", gdbPort.toString(), "--gdb"));
    }
    if (dataFolder != null) {
      config = config.withDataFolder(dataFolder);
      options.put("storage.folder", new Setting("storage.folder", dataFolder + "", "--data"));
    }
    return new LoadedConfig(
        config,
        loaded.settings().stream()
            .map(setting -> options.getOrDefault(setting.key(), setting))
            .toList());
  }

  private static void checkPort(String option, int port, int minimum) {
    if (port < minimum || port > MAX_PORT) {
      throw CommandFailure.usage(
          option + " must be between " + minimum + " and " + MAX_PORT + ", is " + port);
    }
  }

  private LoadedConfig load() {
    try {
      return ConfigLoader.load(configFile, terminal.environment());
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + configFile + ": " + e.getMessage());
    } catch (InvalidConfigException e) {
      e.faults().forEach(fault -> terminal.err().println(fault));
      String what = configFile == null ? "the environment" : configFile.toString();
      throw CommandFailure.usage(what + " has " + e.faults().size() + " faults");
    }
  }
}
