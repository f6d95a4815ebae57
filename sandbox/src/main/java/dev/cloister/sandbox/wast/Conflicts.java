package dev.cloister.sandbox.wast;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The commands of old proposal scripts that the current specification contradicts. A file
/// `conflicts.json` in a folder above a script lists them by path, line and type.
final class Conflicts {
  private static final String FILENAME = "conflicts.json";

  private final Map<Path, Map<Place, String>> byFolder = new HashMap<>();

  /// Why a command is not to be judged.
  ///
  /// @return null if it is
  @Nullable String reason(Path script, int line, String type) {
    Path absolute = script.toAbsolutePath().normalize();
    for (Path folder = absolute.getParent(); folder != null; folder = folder.getParent()) {
      Map<Place, String> places = byFolder.computeIfAbsent(folder, Conflicts::read);
      if (!places.isEmpty()) {
        String relative = folder.relativize(absolute).toString().replace('\\', '/');
        return places.get(new Place(relative, line, type));
      }
    }
    return null;
  }

  private static Map<Place, String> read(Path folder) {
    Path file = folder.resolve(FILENAME);
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(file.toFile());
    } catch (IOException fault) {
      throw new ScriptException(file + ": " + fault.getMessage(), fault);
    }
    Map<Place, String> places = new HashMap<>();
    for (JsonNode entry : root) {
      places.put(
          new Place(
              entry.path("json").asText(), entry.path("line").asInt(), entry.path("type").asText()),
          entry.path("reason").asText());
    }
    return places;
  }

  private record Place(String script, int line, String type) {}
}
