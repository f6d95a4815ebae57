package dev.cloister.sandbox.registry;

import dev.cloister.isolate.abi.CapabilityNeeds;
import dev.cloister.isolate.host.Capability;
import dev.cloister.sandbox.storage.VersionRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How one version of a plugin differs from another in what it asks for and what it offers.
///
/// @param from the version that is compared with
/// @param to the other version
/// @param abi the calling conventions, if they differ
/// @param sizeBytes the sizes, if they differ
/// @param imports what is asked for
/// @param exports what is offered
/// @param capabilities what has to be granted for the imports
public record VersionDiff(
    String from,
    String to,
    @Nullable Pair<String> abi,
    @Nullable Pair<Long> sizeBytes,
    Items imports,
    Items exports,
    Capabilities capabilities) {

  /// Two values that differ.
  ///
  /// @param from the value of the one version
  /// @param to that of the other
  public record Pair<T>(T from, T to) {
    static <T> @Nullable Pair<T> of(T from, T to) {
      return from.equals(to) ? null : new Pair<>(from, to);
    }
  }

  /// Imports or exports that differ.
  ///
  /// @param added only in the later version
  /// @param removed only in the earlier one
  /// @param changed in both, with another type
  public record Items(
      List<InterfaceItem> added, List<InterfaceItem> removed, List<Pair<InterfaceItem>> changed) {
    static Items of(List<InterfaceItem> from, List<InterfaceItem> to) {
      Map<List<@Nullable String>, InterfaceItem> before = byName(from);
      Map<List<@Nullable String>, InterfaceItem> after = byName(to);
      List<InterfaceItem> added = new ArrayList<>();
      List<Pair<InterfaceItem>> changed = new ArrayList<>();
      after.forEach((name, item) -> {
        @Nullable InterfaceItem other = before.remove(name);
        if (other == null) {
          added.add(item);
        } else if (!other.equals(item)) {
          changed.add(new Pair<>(other, item));
        }
      });
      return new Items(added, List.copyOf(before.values()), changed);
    }

    /// Imports may have the same name several times; then the last one counts.
    private static Map<List<@Nullable String>, InterfaceItem> byName(List<InterfaceItem> items) {
      Map<List<@Nullable String>, InterfaceItem> byName = new LinkedHashMap<>();
      for (InterfaceItem item : items) {
        List<@Nullable String> name = new ArrayList<>();
        name.add(item.module());
        name.add(item.name());
        byName.put(name, item);
      }
      return byName;
    }
  }

  /// What a version needs its tenant to be granted and the other does not, by the names of
  /// policies.
  ///
  /// @param added only in the later version
  /// @param removed only in the earlier one
  public record Capabilities(List<String> added, List<String> removed) {
    static Capabilities of(List<InterfaceItem> from, List<InterfaceItem> to) {
      TreeSet<String> before = names(from);
      TreeSet<String> after = names(to);
      TreeSet<String> added = new TreeSet<>(after);
      added.removeAll(before);
      before.removeAll(after);
      return new Capabilities(List.copyOf(added), List.copyOf(before));
    }

    private static TreeSet<String> names(List<InterfaceItem> imports) {
      TreeSet<String> names = new TreeSet<>();
      for (InterfaceItem item : imports) {
        String module = item.module();
        Capability needed = module == null ? null : CapabilityNeeds.of(module, item.name());
        if (needed != null) {
          names.add(needed.name());
        }
      }
      return names;
    }
  }

  /// Compares two versions; `interfaceOf` finds their imports and exports.
  static VersionDiff of(
      VersionRecord from, VersionRecord to, Function<VersionRecord, ModuleInterface> interfaceOf) {
    ModuleInterface before = interfaceOf.apply(from);
    ModuleInterface after = interfaceOf.apply(to);
    return new VersionDiff(
        from.digest().toString(),
        to.digest().toString(),
        Pair.of(from.abi(), to.abi()),
        Pair.of(from.sizeBytes(), to.sizeBytes()),
        Items.of(before.imports(), after.imports()),
        Items.of(before.exports(), after.exports()),
        Capabilities.of(before.imports(), after.imports()));
  }
}
