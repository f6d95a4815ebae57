package dev.cloister.engine.decode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/// What the scripts of the specification's test suite say about binary modules.
///
/// @param script path of the script in the test suite
/// @param kind what the script expects
/// @param text how the expected fault starts
record SpecScript(
    String script, int line, Kind kind, String text, Path file, WasmFeatures features) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /// What a script expects of a module.
  enum Kind {
    VALID,
    MALFORMED,
    INVALID
  }

  /// Reads all scripts below `suite` but those of proposals that are not implemented.
  static List<SpecScript> readAll(Path suite) throws IOException {
    Set<String> conflicts = new HashSet<>();
    for (JsonNode conflict : JSON.readTree(suite.resolve("conflicts.json").toFile())) {
      conflicts.add(conflict.get("json").asText() + ":" + conflict.get("line").asInt());
    }
    List<SpecScript> modules = new ArrayList<>();
    try (Stream<Path> files = Files.walk(suite)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        String name = suite.relativize(file).toString().replace('\\', '/');
        boolean isScript = name.contains("/") && !name.startsWith("reference/");
        if (isScript && !name.contains("custom-descriptors") && !name.contains("stack-switching")) {
          JsonNode commands = JSON.readTree(file.toFile()).get("commands");
          addModules(name, commands, file, modules);
        }
      }
    }
    modules.removeIf(module -> conflicts.contains(module.place()));
    return modules;
  }

  private static void addModules(
      String name, JsonNode commands, Path file, List<SpecScript> modules) {
    for (JsonNode command : commands) {
      if (command.get("type").asText().equals("thread")) {
        addModules(name, command.get("commands"), file, modules);
      }
      JsonNode type = command.get("module_type");
      if (type == null || !type.asText().equals("binary")) {
        continue;
      }
      Kind kind =
          switch (command.get("type").asText()) {
            case "assert_malformed" -> Kind.MALFORMED;
            case "assert_invalid" -> Kind.INVALID;
            default -> Kind.VALID; // Faults of custom sections and of linking are none of ours.
          };
      modules.add(
          new SpecScript(
              name,
              command.get("line").asInt(),
              kind,
              kind == Kind.VALID ? "" : command.get("text").asText(),
              file.resolveSibling(command.get("filename").asText()),
              features(name)));
    }
  }

  private static WasmFeatures features(String name) {
    WasmFeatures features =
        WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS);
    if (!name.startsWith("proposals/")) {
      return features;
    }
    String proposal = name.split("/", -1)[1];
    return features.with(Objects.requireNonNull(WasmFeature.ofId(proposal), proposal));
  }

  /// Returns the script and the line, which name a command everywhere.
  String place() {
    return script + ":" + line;
  }

  byte[] bytes() throws IOException {
    return Files.readAllBytes(file);
  }
}
