package dev.cloister.sandbox.config;

import dev.cloister.sandbox.problem.NearestName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/// A mapping of the configuration file while it is read into a record.
///
/// Reading a key makes it known and returns its value, or the default if it is absent or wrong;
/// what is wrong is noted as a fault, so that one reading finds all mistakes. [#end] notes the keys
/// that nobody read.
final class ConfigSection {
  private final ConfigReading reading;
  private final String path;
  private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
  private final TreeSet<String> knownKeys = new TreeSet<>();

  private final @Nullable Node node;

  private ConfigSection(ConfigReading reading, String path, @Nullable Node node) {
    this.reading = reading;
    this.node = node;
    this.path = path;
    switch (node) {
      case null -> {}
      case MappingNode mapping -> mapping.getValue().forEach(this::addEntry);
      default -> {
        if (!isEmptyScalar(node)) {
          fault(node, "expected a mapping of keys to values");
        }
      }
    }
  }

  /// The whole file; `node` is null if it is empty.
  static ConfigSection root(ConfigReading reading, @Nullable Node node) {
    return new ConfigSection(reading, "", node);
  }

  /// Reads a nested section; it is empty if the key is absent.
  ConfigSection section(String key) {
    knownKeys.add(key);
    if (path.isEmpty()) {
      reading.addSection(key);
    }
    @Nullable NodeTuple entry = entries.get(key);
    return new ConfigSection(
        reading, path + key + ".", entry == null ? null : entry.getValueNode());
  }

  /// Reads a text that is not empty.
  String text(String key, String defaultValue) {
    return value(
        key,
        defaultValue,
        text -> {
          if (text.isBlank()) {
            throw new IllegalArgumentException("expected a text, got nothing");
          }
          return text;
        },
        text -> text);
  }

  /// Reads a text that may be absent or empty, which are the same.
  String optionalText(String key) {
    return value(key, "", text -> text, text -> text);
  }

  /// Reads a text of which `check` throws an [IllegalArgumentException] if it is not allowed.
  String checkedText(String key, String defaultValue, Consumer<String> check) {
    return value(
        key,
        defaultValue,
        text -> {
          check.accept(text);
          return text;
        },
        text -> text);
  }

  /// Reads one of a few words, which are the constants of an enumeration in lower case.
  <E extends Enum<E>> E choice(String key, E defaultValue, List<E> choices) {
    return value(
        key,
        defaultValue,
        text -> {
          for (E choice : choices) {
            if (word(choice).equals(text)) {
              return choice;
            }
          }
          throw new IllegalArgumentException(
              "expected "
                  + choices.stream().map(ConfigSection::word).collect(Collectors.joining(", "))
                  + ", got "
                  + quote(text));
        },
        ConfigSection::word);
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Reads `true` or `false`.
  boolean flag(String key, boolean defaultValue) {
    return value(
        key,
        defaultValue,
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default ->
                  throw new IllegalArgumentException("expected true or false, got " + quote(text));
            },
        String::valueOf);
  }

  /// Reads a whole number in `[minimum, maximum]`.
  long number(String key, long defaultValue, long minimum, long maximum) {
    return value(
        key,
        defaultValue,
        text -> inRange(parseNumber(text), minimum, maximum, String::valueOf),
        String::valueOf);
  }

  /// Reads a number of bytes in `[minimum, maximum]`.
  long sizeBytes(String key, long defaultValue, long minimum, long maximum) {
    return value(
        key,
        defaultValue,
        text -> inRange(DataSize.parse(text).bytes(), minimum, maximum, n -> n + " bytes"),
        bytes -> new DataSize(bytes).toString());
  }

  /// Reads a length of time in `[minimum, maximum]`.
  Duration duration(String key, Duration defaultValue, Duration minimum, Duration maximum) {
    return value(
        key,
        defaultValue,
        text -> inRange(TimeSpan.parse(text), minimum, maximum, TimeSpan::format),
        TimeSpan::format);
  }

  /// Reads a list of texts that `parser` understands; it may be absent or empty. A variable has its
  /// items behind one another, with commas between them.
  <T> List<T> list(String key, Function<String, T> parser) {
    return list(key, List.of(), parser);
  }

  /// Reads a list of texts that `parser` understands; it may be absent, which means `defaults`, or
  /// empty. A variable has its items behind one another, with commas between them.
  <T> List<T> list(String key, List<T> defaults, Function<String, T> parser) {
    knownKeys.add(key);
    String whole = path + key;
    @Nullable String override = reading.override(whole);
    @Nullable NodeTuple entry = entries.get(key);
    List<T> values = new ArrayList<>();
    if (override != null) {
      reading.addOverride(whole, override);
      for (String item : override.split(",", -1)) {
        if (!item.isBlank()) {
          add(values, item.strip(), parser, text -> reading.overrideFault(whole, text));
        }
      }
    } else if (entry == null || isEmptyScalar(entry.getValueNode())) {
      reading.addDefault(whole, defaults.toString());
      values.addAll(defaults);
    } else if (entry.getValueNode() instanceof SequenceNode sequence) {
      readItems(whole, sequence, values, parser);
    } else {
      fault(entry.getValueNode(), whole + ": expected a list");
    }
    return values;
  }

  /// Returns the keys, of whatever name that fits `pattern`, and makes them known.
  List<String> names(Pattern pattern) {
    List<String> names = new ArrayList<>();
    entries.forEach((key, entry) -> {
      knownKeys.add(key);
      if (pattern.matcher(key).matches()) {
        names.add(key);
      } else {
        fault(entry.getKeyNode(), "the name " + quote(key) + " must fit " + pattern);
      }
    });
    return names;
  }

  /// Returns whether the key is there.
  boolean has(String key) {
    return entries.containsKey(key);
  }

  private <T> void readItems(
      String whole, SequenceNode sequence, List<T> values, Function<String, T> parser) {
    List<String> texts = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      if (item instanceof ScalarNode scalar) {
        texts.add(scalar.getValue());
        add(values, scalar.getValue(), parser, text -> fault(scalar, whole + ": " + text));
      } else {
        fault(item, whole + ": expected a single value");
      }
    }
    reading.addSetting(whole, texts.toString(), sequence);
  }

  private static <T> void add(
      List<T> values, String text, Function<String, T> parser, Consumer<String> onFault) {
    try {
      values.add(parser.apply(text));
    } catch (IllegalArgumentException e) {
      onFault.accept(String.valueOf(e.getMessage()));
    }
  }

  /// Notes a fault of a nested section as a whole.
  void fault(String text) {
    if (node != null) {
      fault(node, path.substring(0, path.length() - 1) + ": " + text);
    }
  }

  /// Notes a fault for every key that was not read.
  void end() {
    entries.forEach((key, entry) -> {
      if (!knownKeys.contains(key)) {
        fault(entry.getKeyNode(), "unknown key " + quote(path + key) + hint(key));
      }
    });
  }

  private interface Parser<T> {
    T parse(String text);
  }

  private interface Format<T> {
    String format(T value);
  }

  /// The environment comes before the file, the file before the default.
  private <T> T value(String key, T defaultValue, Parser<T> parser, Format<T> format) {
    knownKeys.add(key);
    String whole = path + key;
    @Nullable String override = reading.override(whole);
    @Nullable NodeTuple entry = entries.get(key);
    if (override != null) {
      reading.addOverride(whole, override);
      return parse(override, defaultValue, parser, text -> reading.overrideFault(whole, text));
    }
    if (entry == null) {
      reading.addDefault(whole, format.format(defaultValue));
      return defaultValue;
    }
    if (!(entry.getValueNode() instanceof ScalarNode scalar)) {
      fault(entry.getValueNode(), whole + ": expected a single value");
      return defaultValue;
    }
    reading.addSetting(whole, scalar.getValue(), scalar);
    return parse(
        scalar.getValue(), defaultValue, parser, text -> fault(scalar, whole + ": " + text));
  }

  private static <T> T parse(
      String text, T defaultValue, Parser<T> parser, Consumer<String> onFault) {
    try {
      return parser.parse(text);
    } catch (IllegalArgumentException e) {
      onFault.accept(String.valueOf(e.getMessage()));
      return defaultValue;
    }
  }

  private static long parseNumber(String text) {
    try {
      return Long.parseLong(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("expected a whole number, got " + quote(text), e);
    }
  }

  private static <T extends Comparable<T>> T inRange(
      T value, T minimum, T maximum, Format<T> format) {
    if (value.compareTo(minimum) < 0 || value.compareTo(maximum) > 0) {
      throw new IllegalArgumentException(
          format.format(value)
              + " is not between "
              + format.format(minimum)
              + " and "
              + format.format(maximum));
    }
    return value;
  }

  private void addEntry(NodeTuple entry) {
    if (!(entry.getKeyNode() instanceof ScalarNode key)) {
      fault(entry.getKeyNode(), "expected a key");
      return;
    }
    if (entries.putIfAbsent(key.getValue(), entry) != null) {
      fault(key, "the key " + quote(path + key.getValue()) + " stands here a second time");
    }
  }

  private String hint(String key) {
    @Nullable String nearest = NearestName.of(key, knownKeys);
    return nearest == null
        ? "; known are " + String.join(", ", knownKeys)
        : "; did you mean " + quote(path + nearest) + "?";
  }

  private static boolean isEmptyScalar(Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }

  private void fault(Node node, String text) {
    reading.fault(node, text);
  }

  private static String quote(String text) {
    return '"' + text + '"';
  }
}
