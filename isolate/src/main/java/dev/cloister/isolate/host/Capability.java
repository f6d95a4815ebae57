package dev.cloister.isolate.host;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Something that a guest can do only if its tenant was granted it.
///
/// @param name the name in policies, settings and errors
public record Capability(String name) implements Comparable<Capability> {
  /// To send HTTP requests to the hosts that the policy allows.
  public static final Capability HTTP = new Capability("http");

  /// To use the tenant's key-value store.
  public static final Capability KV = new Capability("kv");

  /// To read the tenant's configuration.
  public static final Capability CONFIG = new Capability("config");

  /// To read the tenant's secrets.
  public static final Capability SECRETS = new Capability("secrets");

  /// To read clocks and to wait.
  public static final Capability CLOCK = new Capability("clock");

  /// To get random bytes.
  public static final Capability RANDOM = new Capability("random");

  /// To have files in memory, which are gone when the instance is.
  public static final Capability FILESYSTEM = new Capability("filesystem");

  /// What stands before the name of a folder of the host.
  private static final String HOST_FOLDER = "hostFolder:";

  private static final List<Capability> PLAIN =
      List.of(HTTP, KV, CONFIG, SECRETS, CLOCK, RANDOM, FILESYSTEM);
  private static final Pattern FOLDER_NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  /// @throws IllegalArgumentException if there is no capability `name`
  public Capability {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "no capability is called \"" + name + "\"; known are " + names());
    }
  }

  /// To use the folder of the host that the operator called `folder`.
  public static Capability hostFolder(String folder) {
    return new Capability(HOST_FOLDER + folder);
  }

  /// Whether a capability can have this name.
  public static boolean isName(String name) {
    return switch (name) {
      case "http", "kv", "config", "secrets", "clock", "random", "filesystem" -> true;
      default ->
          name.startsWith(HOST_FOLDER)
              && FOLDER_NAME.matcher(name.substring(HOST_FOLDER.length())).matches();
    };
  }

  /// All names, that of host folders as a pattern; for errors.
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    PLAIN.forEach(capability -> names.add(capability.name()));
    names.add(HOST_FOLDER + "NAME");
    return names;
  }

  @Override
  public int compareTo(Capability other) {
    return name.compareTo(other.name);
  }

  @Override
  public String toString() {
    return name;
  }
}
