package dev.cloister.engine.code;

import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Keeps what it is told of generations and collections, in order.
public final class RecordingListener implements EngineListener {
  private final List<Record> told = Collections.synchronizedList(new ArrayList<>());

  @Override
  public void generationPublished(GenerationPublished event) {
    told.add(event);
  }

  @Override
  public void generationRetired(GenerationRetired event) {
    told.add(event);
  }

  @Override
  public void codeCollected(CodeCollected event) {
    told.add(event);
  }

  /// {@return the events of one kind, in order}
  public <T extends Record> List<T> told(Class<T> kind) {
    return told().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /// {@return all events, in order}
  public List<Record> told() {
    synchronized (told) {
      return List.copyOf(told);
    }
  }
}
