package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.registry.Author;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads anew what can change while the server runs: the configuration, and then the files of the
/// certificate. Any thread that may block.
final class ServerReload {
  private static final Logger LOG = LoggerFactory.getLogger(ServerReload.class);
  private static final String ACTION = "config.reload";

  private final LiveConfig config;
  private final AuditLog audit;
  private final List<Runnable> certificates = new CopyOnWriteArrayList<>();

  ServerReload(LiveConfig config, AuditLog audit) {
    this.config = config;
    this.audit = audit;
  }

  /// Has `look` called whenever the certificate's files are to be looked at; it must not block.
  void onReload(Runnable look) {
    certificates.add(look);
  }

  /// Reloads because a request said so.
  ///
  /// @throws InvalidConfigException if the configuration has mistakes; nothing changes
  /// @throws IOException if it cannot be read; nothing changes
  LiveConfig.Change by(Author author) throws IOException {
    LiveConfig.Change change = config.reload();
    audit.append(author, ACTION, detail(change));
    certificates.forEach(Runnable::run);
    log(change);
    return change;
  }

  /// Reloads because a signal said so, to which nobody can answer: the log has what became of it.
  void bySignal(String signal) {
    try {
      LiveConfig.Change change = config.reload();
      audit.appendSignal(signal, ACTION, detail(change));
      log(change);
    } catch (InvalidConfigException e) {
      e.faults().forEach(fault -> LOG.error("event=config-not-reloaded reason=\"{}\"", fault));
    } catch (IOException e) {
      LOG.error("event=config-not-reloaded reason=\"{}\"", e.getMessage());
    }
    certificates.forEach(Runnable::run);
  }

  private static String detail(LiveConfig.Change change) {
    return "applied " + change.applied() + ", after a restart " + change.restart();
  }

  private static void log(LiveConfig.Change change) {
    LOG.info(
        "event=config-reloaded applied=\"{}\" restart=\"{}\"",
        String.join(",", change.applied()),
        String.join(",", change.restart()));
  }
}
