package dev.cloister.engine.stats;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What code and metadata there are at a moment, in bytes; each byte is in one place only.
///
/// @param modules the modules that isolates use
/// @param isolates the names of all isolates, also of those that use none
/// @param sharedCodeBytes the class files of wrappers and structures, which modules share
/// @param engineBytes an estimate of what the engine keeps besides: isolates, compilations, tables,
///   types
public record CodeSizes(
    List<Module> modules, List<String> isolates, long sharedCodeBytes, long engineBytes) {
  /// Makes the lists immutable.
  public CodeSizes {
    modules = List.copyOf(modules);
    isolates = List.copyOf(isolates);
  }

  /// A module.
  ///
  /// @param codeBytes its class files, without those that it shares with other modules
  /// @param metadataBytes an estimate of what is kept of it, without its types
  /// @param definedBytes the class files of its code images that are not unloaded
  /// @param freedBytes those of them that nobody runs
  /// @param users the isolates that use it
  public record Module(
      long codeBytes, long metadataBytes, long definedBytes, long freedBytes, List<String> users) {
    /// Makes the list immutable.
    public Module {
      users = List.copyOf(users);
    }
  }

  /// What an isolate has of it: its modules, each divided by the number of isolates that use it, so
  /// that the shares of all isolates are the whole.
  ///
  /// @param modules the modules that it uses
  /// @param codeBytes its share of their code
  /// @param metadataBytes its share of their metadata
  /// @param aloneCodeBytes the code that only it uses, which would go with it
  public record Share(int modules, long codeBytes, long metadataBytes, long aloneCodeBytes) {
    static final Share NONE = new Share(0, 0, 0, 0);

    private Share plus(long code, long metadata, boolean isAlone) {
      return new Share(
          modules + 1,
          codeBytes + code,
          metadataBytes + metadata,
          aloneCodeBytes + (isAlone ? code : 0));
    }
  }

  /// {@return the class files of all modules}
  public long moduleCodeBytes() {
    return modules.stream().mapToLong(Module::codeBytes).sum();
  }

  /// {@return what is kept of all modules}
  public long moduleMetadataBytes() {
    return modules.stream().mapToLong(Module::metadataBytes).sum();
  }

  /// {@return all bytes}
  public long total() {
    return moduleCodeBytes() + moduleMetadataBytes() + sharedCodeBytes + engineBytes;
  }

  /// {@return the share of each isolate, by name}
  public Map<String, Share> shares() {
    Map<String, Share> shares = new LinkedHashMap<>();
    isolates.forEach(isolate -> shares.put(isolate, Share.NONE));
    for (Module module : modules) {
      int users = module.users().size();
      for (int i = 0; i < users; i++) {
        long code = part(module.codeBytes(), i, users);
        long metadata = part(module.metadataBytes(), i, users);
        Share share = shares.getOrDefault(module.users().get(i), Share.NONE);
        shares.put(module.users().get(i), share.plus(code, metadata, users == 1));
      }
    }
    return shares;
  }

  /// {@return one of `count` parts that are as equal as they can be and together are `bytes`}
  private static long part(long bytes, int index, int count) {
    return bytes * (index + 1) / count - bytes * index / count;
  }
}
