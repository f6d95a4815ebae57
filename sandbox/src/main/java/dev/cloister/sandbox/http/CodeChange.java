package dev.cloister.sandbox.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import java.util.Locale;

/// What became of generated code, as an event of the engine's stream.
///
/// @param name that of the event
/// @param view its data, the names of whose components are those of the JSON form
record CodeChange(String name, Object view) {

  /// Calls enter a generation from now on.
  record Published(
      String digest,
      String script,
      int generation,
      String tier,
      int optimizedFunctions,
      String cause,
      long codeBytes) {}

  /// Calls enter a generation no more.
  record Retired(
      String digest,
      String script,
      int generation,
      String tier,
      long codeBytes,
      long metadataBytes) {}

  /// A collection has ended.
  record Collected(
      long number,
      @JsonProperty("requested") boolean isRequested,
      @JsonProperty("followUp") boolean isFollowUp,
      int isolates,
      int candidates,
      int freed,
      long freedBytes,
      long micros) {}

  static CodeChange of(GenerationPublished event) {
    return new CodeChange(
        "generation-published",
        new Published(
            "sha256:" + event.module().hex(),
            event.scriptUrl(),
            event.generation(),
            event.tier(),
            event.optimizedFunctions(),
            event.cause().name().toLowerCase(Locale.ROOT),
            event.codeBytes()));
  }

  static CodeChange of(GenerationRetired event) {
    return new CodeChange(
        "generation-retired",
        new Retired(
            "sha256:" + event.module().hex(),
            event.scriptUrl(),
            event.generation(),
            event.tier(),
            event.codeBytes(),
            event.metadataBytes()));
  }

  static CodeChange of(CodeCollected event) {
    return new CodeChange(
        "code-collected",
        new Collected(
            event.number(),
            event.isRequested(),
            event.isFollowUp(),
            event.isolates(),
            event.candidates(),
            event.freed(),
            event.freedBytes(),
            event.wallMicros()));
  }
}
