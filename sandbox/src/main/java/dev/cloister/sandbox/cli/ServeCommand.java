package dev.cloister.sandbox.cli;

import dev.cloister.sandbox.Sandbox;
import dev.cloister.sandbox.auth.OperatorKey;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.HttpConfig;
import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.storage.StorageException;
import java.io.IOException;
import java.nio.file.Path;
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
    terminal.out().println("READY " + sandbox.url());
    terminal.out().flush();
    stopped.await();
    return ExitCode.OK;
  }

  private Sandbox start() {
    try {
      return Sandbox.start(config(), terminal.environment().get(OperatorKey.VARIABLE));
    } catch (IOException | StorageException | IllegalArgumentException e) {
      throw CommandFailure.failed(String.valueOf(e.getMessage()));
    }
  }

  private SandboxConfig config() {
    SandboxConfig config = configFile == null ? SandboxConfig.defaults() : load(configFile);
    HttpConfig http = config.http();
    if (host != null) {
      http = http.withHost(host);
    }
    if (port != null) {
      if (port < 0 || port > MAX_PORT) {
        throw CommandFailure.usage("--port must be between 0 and " + MAX_PORT + ", is " + port);
      }
      http = http.withPort(port);
    }
    config = config.withHttp(http);
    if (gdbPort != null) {
      if (gdbPort < 1 || gdbPort > MAX_PORT) {
        throw CommandFailure.usage("--gdb must be between 1 and " + MAX_PORT + ", is " + gdbPort);
      }
      config = config.withEngine(config.engine().withGdbPort(gdbPort));
    }
    return dataFolder == null ? config : config.withDataFolder(dataFolder);
  }

  private SandboxConfig load(Path file) {
    try {
      return ConfigLoader.load(file);
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + file + ": " + e.getMessage());
    } catch (InvalidConfigException e) {
      e.faults().forEach(fault -> terminal.err().println(fault));
      throw CommandFailure.usage(file + " has " + e.faults().size() + " faults");
    }
  }
}
