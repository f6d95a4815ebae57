package dev.cloister.sandbox.stats;

import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.CodePersisted;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
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
  public void generationPublished(GenerationPublished event) {
    LOG.debug(
        "event=generation-published module={} generation={} tier={} optimized={} cause={}",
        event.module(),
        event.generation(),
        event.tier(),
        event.optimizedFunctions(),
        event.cause());
  }

  @Override
  public void generationRetired(GenerationRetired event) {
    LOG.debug(
        "event=generation-retired module={} generation={} tier={} bytes={}",
        event.module(),
        event.generation(),
        event.tier(),
        event.codeBytes());
  }

  @Override
  public void codeCollected(CodeCollected event) {
    LOG.debug(
        "event=code-collected number={} requested={} candidates={} freed={} bytes={} micros={}",
        event.number(),
        event.isRequested(),
        event.candidates(),
        event.freed(),
        event.freedBytes(),
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
