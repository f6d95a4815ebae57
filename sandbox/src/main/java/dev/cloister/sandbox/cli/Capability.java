package dev.cloister.sandbox.cli;

import dev.cloister.engine.module.Import;
import dev.cloister.isolate.abi.CapabilityNeeds;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.WasiPreview1;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Something beyond computing that a module asks for by its imports.
///
/// @param name what it is
/// @param granted on what condition the module gets it
/// @param imports which imports ask for it
record Capability(String name, String granted, List<String> imports) {
  Capability {
    imports = List.copyOf(imports);
  }

  /// What a list of imports adds up to, in a fixed order; without imports a module only computes.
  static List<Capability> of(List<Import> imports) {
    List<Capability> capabilities = new ArrayList<>();
    for (Group group : Group.values()) {
      List<String> names =
          imports.stream()
              .filter(declared -> group(declared) == group)
              .map(declared -> declared.module() + " " + declared.name())
              .toList();
      if (!names.isEmpty()) {
        capabilities.add(new Capability(group.name, group.granted, names));
      }
    }
    return capabilities;
  }

  /// Whether something on this server provides an import.
  static boolean isProvided(Import declared) {
    return PluginHandle.isProvided(declared);
  }

  private static Group group(Import declared) {
    if (!isProvided(declared)) {
      return Group.UNKNOWN;
    }
    if (!WasiPreview1.isModuleName(declared.module())) {
      return ofHost(CapabilityNeeds.of(declared.module(), declared.name()));
    }
    String name = declared.name();
    String family = name.substring(0, Math.max(0, name.indexOf('_')));
    return switch (family) {
      case "args", "environ" -> Group.ARGUMENTS;
      case "clock" -> Group.CLOCKS;
      case "random" -> Group.RANDOMNESS;
      case "fd" -> Group.STREAMS;
      case "path" -> Group.FILES;
      case "poll", "sched" -> Group.WAITING;
      case "proc" -> Group.EXIT;
      case "sock" -> Group.NETWORK;
      default -> Group.UNKNOWN;
    };
  }

  private static Group ofHost(dev.cloister.isolate.host.@Nullable Capability needed) {
    if (needed == null) {
      return Group.PLUGIN;
    }
    return needed.equals(dev.cloister.isolate.host.Capability.HTTP) ? Group.REQUESTS : Group.VALUES;
  }

  private enum Group {
    ARGUMENTS("arguments and environment", "what the caller passes, nothing of the server's"),
    STREAMS("standard streams and open files", "its own streams; files of granted folders only"),
    FILES("files by path", "inside of granted folders only; none by default"),
    CLOCKS("clocks", "always"),
    RANDOMNESS("random numbers", "always"),
    WAITING("waiting", "always, inside of the deadline"),
    EXIT("ending itself", "always"),
    PLUGIN("input, output, variables and log of a plug-in", "always"),
    VALUES("configuration, secrets and key-value store", "if its tenant is granted them"),
    REQUESTS("HTTP requests", "if its tenant is granted http, to hosts that its policy allows"),
    NETWORK("sockets", "never; every call is refused"),
    UNKNOWN("imports that nothing provides", "never; the module cannot be instantiated");

    private final String name;
    private final String granted;

    Group(String name, String granted) {
      this.name = name;
      this.granted = granted;
    }
  }
}
