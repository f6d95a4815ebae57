package dev.cloister.sandbox.http;

import dev.cloister.engine.NativeModuleInfo;
import dev.cloister.sandbox.auth.Principal;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Native modules as they are shown: to the operator whole, to a tenant only its own and only
/// itself among the holders.
final class EngineRows {
  private static final int MAX_SHOWN_TENANTS = 20;
  private static final int SHORTENED_DIGEST = 8;

  private EngineRows() {}

  /// A code image of a native module: `normal` ones follow each other as generations, the others
  /// are for single instances.
  record Image(
      String kind,
      int generation,
      String tier,
      int optimizedFunctions,
      long codeBytes,
      @Nullable Integer instances,
      boolean published,
      boolean current) {
    static Image of(NativeModuleInfo.ImageInfo info, boolean isOperator) {
      return new Image(
          kind(info),
          info.ordinal(),
          info.tier(),
          info.optimizedFunctions(),
          info.codeBytes(),
          // Others' instances run the same code.
          isOperator ? info.instances() : null,
          info.isPublished(),
          info.isCurrent());
    }

    private static String kind(NativeModuleInfo.ImageInfo info) {
      return switch (info.kind()) {
        case "baseline", "optimized" -> "normal";
        default -> info.kind();
      };
    }
  }

  /// A native module.
  record Row(
      String digest,
      String script,
      @Nullable String name,
      long wireBytes,
      long metadataBytes,
      long codeBytes,
      int functions,
      int references,
      List<String> tenants,
      int tenantsTotal,
      List<Image> images,
      boolean logging,
      boolean debugging) {}

  /// Returns the row for `info`, or null if `principal` may not know of it.
  static @Nullable Row of(NativeModuleInfo info, Principal principal) {
    List<String> holders =
        info.isolates().stream().filter(holder -> Authorization.sees(principal, holder)).toList();
    boolean isOperator = Authorization.seesAll(principal);
    if (holders.isEmpty() && !isOperator) {
      return null;
    }
    return new Row(
        "sha256:" + info.hash().hex(),
        info.scriptUrl(),
        name(info),
        info.wireBytes(),
        info.metadataBytes(),
        info.codeBytes(),
        info.functions(),
        isOperator ? info.references() : holders.size(),
        holders.subList(0, Math.min(holders.size(), MAX_SHOWN_TENANTS)),
        holders.size(),
        info.images().stream().map(image -> Image.of(image, isOperator)).toList(),
        holders.stream().anyMatch(info.loggingIsolates()::contains),
        holders.stream().anyMatch(info.debuggingIsolates()::contains));
  }

  /// Returns the rows that `principal` may see.
  static Stream<Row> visible(List<NativeModuleInfo> modules, Principal principal) {
    return modules.stream().map(info -> of(info, principal)).filter(Objects::nonNull);
  }

  /// The module's own name, which its script URL has before the hash.
  private static @Nullable String name(NativeModuleInfo info) {
    String last = info.scriptUrl().substring(info.scriptUrl().lastIndexOf('/') + 1);
    int dash = last.lastIndexOf('-');
    return dash < 1 || last.length() - dash - 1 < SHORTENED_DIGEST ? null : last.substring(0, dash);
  }
}
