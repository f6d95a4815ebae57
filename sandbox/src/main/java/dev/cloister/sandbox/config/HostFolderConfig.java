package dev.cloister.sandbox.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// One entry of the section `hostFolders`: a folder of this machine that plugins may be given.
///
/// @param name what settings of plugins call it
/// @param path where it is
/// @param isWritable whether plugins may change what is in it
/// @param tenants the tenants whose plugins may be given it
public record HostFolderConfig(String name, Path path, boolean isWritable, List<String> tenants) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  /// Copies `tenants`.
  public HostFolderConfig {
    tenants = List.copyOf(tenants);
  }

  /// Reads the whole section.
  static List<HostFolderConfig> from(ConfigSection section) {
    List<HostFolderConfig> folders = new ArrayList<>();
    for (String name : section.names(NAME)) {
      ConfigSection entry = section.section(name);
      Path path = path(entry.text("path", "/"));
      boolean isWritable = entry.flag("writable", /* defaultValue= */ false);
      HostFolderConfig folder =
          new HostFolderConfig(
              name, path, isWritable, entry.list("tenants", HostFolderConfig::tenant));
      if (!entry.has("path") || !path.isAbsolute()) {
        entry.fault("path must be the absolute path of a folder");
      }
      entry.end();
      folders.add(folder);
    }
    for (HostFolderConfig folder : folders) {
      folder.checkNesting(folders, section.section(folder.name));
    }
    return List.copyOf(folders);
  }

  /// A folder within one that plugins may change could be replaced by a link to anywhere.
  private void checkNesting(List<HostFolderConfig> all, ConfigSection section) {
    for (HostFolderConfig other : all) {
      boolean isBelow = path.startsWith(other.path) && !path.equals(other.path);
      if (isBelow && other.isWritable) {
        section.fault("it lies within " + other.name + ", which is writable");
      }
    }
  }

  private static String tenant(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException("expected the name of a tenant, got \"" + text + "\"");
    }
    return text;
  }

  private static Path path(String text) {
    try {
      return Path.of(text).normalize();
    } catch (InvalidPathException _) {
      return Path.of(""); // not absolute, which is noted
    }
  }
}
