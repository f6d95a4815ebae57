package dev.cloister.sandbox.registry;

import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.linux.HostFolder;
import dev.cloister.sandbox.config.HostFolderConfig;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The folders of this machine that the operator lets plugins use, and whose. Any thread.
public final class HostFolders {
  private final Map<String, Grant> grants;

  private HostFolders(Map<String, Grant> grants) {
    this.grants = grants;
  }

  /// A folder and who may use it.
  private record Grant(HostFolder folder, Set<String> tenants) {}

  /// Opens what the configuration names.
  ///
  /// @throws IOException if one is no folder, lies within one that plugins may change, or this
  ///   machine cannot keep guests in folders
  public static HostFolders open(List<HostFolderConfig> folders) throws IOException {
    Map<String, Grant> grants = new LinkedHashMap<>();
    Map<Path, HostFolderConfig> writable = new LinkedHashMap<>();
    for (HostFolderConfig config : folders) {
      try {
        HostFolder folder = HostFolder.of(config.path(), !config.isWritable());
        grants.put(config.name(), new Grant(folder, Set.copyOf(config.tenants())));
        if (config.isWritable()) {
          writable.put(config.path().toRealPath(), config);
        }
      } catch (IOException e) {
        throw new IOException("hostFolders." + config.name() + ": " + e.getMessage(), e);
      }
    }
    for (HostFolderConfig config : folders) {
      requireApart(config, writable);
    }
    return new HostFolders(grants);
  }

  /// The directories that `choices` of a plugin stand for.
  ///
  /// @param version what is called
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant is not granted one of them
  public List<Mount> mounts(
      Tenant tenant, PluginName plugin, List<MountChoice> choices, PluginHandle version) {
    if (choices.isEmpty()) {
      return List.of();
    }
    List<Mount> mounts = new ArrayList<>(choices.size());
    for (MountChoice choice : choices) {
      mounts.add(mount(tenant, plugin, choice, version));
    }
    return mounts;
  }

  /// Checks that the tenant is granted what `choices` ask for.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it is not
  public void check(TenantName tenant, List<MountChoice> choices) {
    for (MountChoice choice : choices) {
      @Nullable String folder = choice.folder();
      if (folder != null) {
        HostFolder _ = require(tenant, folder);
      }
    }
  }

  private Mount mount(Tenant tenant, PluginName plugin, MountChoice choice, PluginHandle version) {
    @Nullable String folder = choice.folder();
    if (folder != null) {
      return new Mount.Folder(
          choice.path(),
          require(tenant.name(), folder),
          choice.isReadOnly(),
          tenant.isolate().hostDescriptors());
    }
    return switch (choice.type()) {
      case MountChoice.PLUGIN -> new Mount.Shared(choice.path(), tenant.files(plugin));
      case MountChoice.CONTENT -> new Mount.Content(choice.path(), version.content());
      default -> new Mount.Scratch(choice.path());
    };
  }

  private HostFolder require(TenantName tenant, String name) {
    @Nullable Grant grant = grants.get(name);
    // A folder of others is as good as none: its name is theirs to know.
    if (grant == null || !grant.tenants.contains(tenant.text())) {
      throw Problem.of(
              ProblemType.CAPABILITY_DENIED,
              "the tenant is not granted the folder \"" + name + "\"")
          .with("what", "folder")
          .with("actual", name)
          .with("allowed", granted(tenant))
          .asException();
    }
    return grant.folder;
  }

  private List<String> granted(TenantName tenant) {
    return grants.entrySet().stream()
        .filter(entry -> entry.getValue().tenants.contains(tenant.text()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /// What plugins may change could be made a link that leads elsewhere the next time the server
  /// starts.
  private static void requireApart(HostFolderConfig config, Map<Path, HostFolderConfig> writable)
      throws IOException {
    Path path = config.path().toRealPath();
    for (Map.Entry<Path, HostFolderConfig> other : writable.entrySet()) {
      if (path.startsWith(other.getKey()) && !path.equals(other.getKey())) {
        throw new IOException(
            "hostFolders."
                + config.name()
                + " lies within hostFolders."
                + other.getValue().name()
                + ", which is writable");
      }
    }
  }
}
