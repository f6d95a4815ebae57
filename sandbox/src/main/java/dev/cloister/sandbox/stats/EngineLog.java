package dev.cloister.sandbox.stats;

import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.CodePersisted;
import dev.cloister.engine.stats.EngineListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes to the server's log what an operator may have to know of the engine.
public final class EngineLog implements EngineListener {
  private static final Logger LOG = LoggerFactory.getLogger(EngineLog.class);

  /// Creates the log.
  public EngineLog() {}

  @Override
  public void codePersisted(CodePersisted event) {
    LOG.debug(
        "event=code-persisted module={} units={} bytes={} archiveBytes={} micros={}",
        event.module(),
        event.units(),
        event.bytes(),
        event.archiveBytes(),
        event.wallMicros());
  }

  @Override
  public void codeNotPersisted(CodeNotPersisted event) {
    LOG.warn(
        "event={} module={} reason=\"{}\"",
        event.isWriting() ? "code-not-persisted" : "persisted-code-ignored",
        event.module(),
        event.reason());
  }
}
