package dev.cloister.sandbox.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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

  /// Reads `file`.
  ///
  /// @throws InvalidConfigException if the file has mistakes
  /// @throws IOException if the file cannot be read
  public static SandboxConfig load(Path file) throws IOException {
    return parse(file.toString(), Files.readString(file));
  }

  /// Reads the text of a configuration file that is called `file` in messages.
  ///
  /// @throws InvalidConfigException if the text has mistakes
  public static SandboxConfig parse(String file, String yaml) {
    List<ConfigFault> faults = new ArrayList<>();
    ConfigSection root = ConfigSection.root(file, compose(file, yaml), faults);
    SandboxConfig config = SandboxConfig.from(root);
    if (!faults.isEmpty()) {
      faults.sort(Comparator.comparingInt(ConfigFault::line).thenComparingInt(ConfigFault::column));
      throw new InvalidConfigException(faults);
    }
    return config;
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
