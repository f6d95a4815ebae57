package dev.cloister.engine.persist;

/// Where and how compiled code is kept, see `EngineConfig.Builder.persistence`.
///
/// @param store where archives are
/// @param key by which they are authenticated: whoever has it can make the engine run any class
/// @param settings when code is written
public record Persistence(CodeStore store, ArchiveKey key, PersistenceSettings settings) {
  /// Keeps code with [PersistenceSettings#defaults].
  public Persistence(CodeStore store, ArchiveKey key) {
    this(store, key, PersistenceSettings.defaults());
  }
}
