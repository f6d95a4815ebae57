package dev.cloister.sandbox.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;

/// Reads the configuration file strictly: an unknown key, a wrong value or a key that stands twice
/// is a fault with file, line and the nearest known key.
public final class ConfigLoader {
  private ConfigLoader() {}

  /// Reads `file`, and nothing of the environment.
  ///
  /// @throws InvalidConfigException if the file has mistakes
  /// @throws IOException if the file cannot be read
  public static SandboxConfig load(Path file) throws IOException {
    return load(file, Map.of()).config();
  }

  /// Reads a file and the variables of the environment that override it.
  ///
  /// @param file the file, null for none
  /// @param environment the variables of the process
  /// @throws InvalidConfigException if one of them has mistakes
  /// @throws IOException if the file cannot be read
  public static LoadedConfig load(@Nullable Path file, Map<String, String> environment)
      throws IOException {
    return file == null
        ? parse("defaults", "", environment)
        : parse(file.toString(), Files.readString(file), environment);
  }

  /// Reads the text of a configuration file that is called `file` in messages.
  ///
  /// @throws InvalidConfigException if the text has mistakes
  public static SandboxConfig parse(String file, String yaml) {
    return parse(file, yaml, Map.of()).config();
  }

  /// Reads the text of a configuration file, and the variables that override it.
  ///
  /// @throws InvalidConfigException if one of them has mistakes
  public static LoadedConfig parse(String file, String yaml, Map<String, String> environment) {
    ConfigReading reading = new ConfigReading(file, environment);
    SandboxConfig config = SandboxConfig.from(ConfigSection.root(reading, compose(file, yaml)));
    reading.end();
    List<ConfigFault> faults = new ArrayList<>(reading.faults());
    if (!faults.isEmpty()) {
      faults.sort(Comparator.comparingInt(ConfigFault::line).thenComparingInt(ConfigFault::column));
      throw new InvalidConfigException(faults);
    }
    return new LoadedConfig(config, reading.settings());
  }

  private static @Nullable Node compose(String file, String yaml) {
    try {
      return new Yaml(new LoaderOptions()).compose(new StringReader(yaml));
    } catch (MarkedYAMLException e) {
      @Nullable Mark mark = e.getProblemMark();
      int line = mark == null ? 1 : mark.getLine() + 1;
      int column = mark == null ? 1 : mark.getColumn() + 1;
      throw new InvalidConfigException(
          List.of(new ConfigFault(file, line, column, "not YAML: " + e.getProblem())));
    } catch (YAMLException e) {
      throw new InvalidConfigException(
          List.of(new ConfigFault(file, 1, 1, "not YAML: " + e.getMessage())));
    }
  }
}
