package dev.cloister.sandbox.config;

import dev.cloister.sandbox.problem.NearestName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.Node;

/// One reading of a configuration: the file and the environment it comes from, the faults and the
/// settings that were found.
///
/// A variable of the environment overrides the key it is named after: `CLOISTER_`, then the key in
/// capitals with `_` for each dot and before each capital, `CLOISTER_HTTP_IDLE_TIMEOUT` for
/// `http.idleTimeout`. Variables that begin with a section's name and name no key are faults;
/// others are somebody else's.
final class ConfigReading {
  private static final String PREFIX = "CLOISTER_";
  private static final Pattern CAPITAL = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");
  private static final Pattern PASSWORD = Pattern.compile("(?i)(password=)[^&;]*");

  private final String file;
  private final Map<String, String> environment;
  private final List<ConfigFault> faults = new ArrayList<>();
  private final List<Setting> settings = new ArrayList<>();
  private final Set<String> sections = new HashSet<>();
  private final TreeSet<String> variables = new TreeSet<>();

  /// Begins a reading.
  ///
  /// @param file the file as it was named by the user
  /// @param environment the variables of the process
  ConfigReading(String file, Map<String, String> environment) {
    this.file = file;
    this.environment = environment;
  }

  /// Returns the name of the variable that overrides a key.
  static String variable(String key) {
    return PREFIX + CAPITAL.matcher(key).replaceAll("_").replace('.', '_').toUpperCase(Locale.ROOT);
  }

  /// Returns the value of the variable that overrides a key, or null.
  @Nullable String override(String key) {
    String name = variable(key);
    variables.add(name);
    return environment.get(name);
  }

  /// Notes that there is a section of this name at the top.
  void addSection(String name) {
    sections.add(variable(name) + "_");
  }

  /// Notes a value and where in the file it stands.
  void addSetting(String key, String value, Node node) {
    add(key, value, file + ":" + (node.getStartMark().getLine() + 1));
  }

  /// Notes a value that nobody said.
  void addDefault(String key, String value) {
    add(key, value, "default");
  }

  /// Notes a value of the environment.
  void addOverride(String key, String value) {
    add(key, value, variable(key));
  }

  /// Notes a fault of the file.
  void fault(Node node, String text) {
    Mark mark = node.getStartMark();
    faults.add(new ConfigFault(file, mark.getLine() + 1, mark.getColumn() + 1, text));
  }

  /// Notes a fault of the variable that overrides a key.
  void overrideFault(String key, String text) {
    faults.add(ConfigFault.ofVariable(variable(key), text));
  }

  /// Notes a fault for every variable that is named after a section and no key of it.
  void end() {
    for (String name : new TreeMap<>(environment).keySet()) {
      if (!variables.contains(name) && sections.stream().anyMatch(name::startsWith)) {
        @Nullable String nearest = NearestName.of(name, variables);
        faults.add(
            ConfigFault.ofVariable(
                name,
                "there is no key of this name"
                    + (nearest == null ? "" : "; did you mean " + nearest + "?")));
      }
    }
  }

  List<ConfigFault> faults() {
    return faults;
  }

  List<Setting> settings() {
    return settings;
  }

  /// Passwords are in files, but an address can have one, too.
  private void add(String key, String value, String source) {
    settings.add(new Setting(key, PASSWORD.matcher(value).replaceAll("$1***"), source));
  }
}
