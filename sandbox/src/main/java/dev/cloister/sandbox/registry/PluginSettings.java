package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.host.Grants;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.storage.VersionRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a tenant chose for a plugin.
///
/// @param instance how instances are kept
/// @param abi the calling convention, see [Abi]; `auto`: what the module's imports and exports show
/// @param capabilities what of its tenant's capabilities the plugin has
/// @param tier `auto`: the engine decides how code is compiled
/// @param environment the environment variables of a WASI command
/// @param mounts the directories of a plugin that imports WASI
/// @param extism how a plugin that is called with bytes answers and logs
/// @param retention which versions are kept
public record PluginSettings(
    InstanceChoice instance,
    String abi,
    PluginCapabilities capabilities,
    String tier,
    Map<String, String> environment,
    List<MountChoice> mounts,
    ExtismOptions extism,
    Retention retention) {
  private static final int MAX_KEPT_VERSIONS = 100_000;
  private static final int MAX_VARIABLES = 128;
  private static final int MAX_ENVIRONMENT_BYTES = 32 << 10;
  private static final String AUTO = "auto";

  /// Which versions are kept when there are new ones. Those that an alias names always are.
  ///
  /// @param versions how many, the newest; null for all
  public record Retention(@Nullable Integer versions) {
    static final Retention ALL = new Retention(null);
  }

  /// Fills in defaults and checks what is there.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a value is wrong or not available
  @JsonCreator
  static PluginSettings of(
      @JsonProperty("instance") @Nullable InstanceChoice instance,
      @JsonProperty("abi") @Nullable String abi,
      @JsonProperty("capabilities") @Nullable PluginCapabilities capabilities,
      @JsonProperty("tier") @Nullable String tier,
      @JsonProperty("environment") @Nullable Map<String, String> environment,
      @JsonProperty("mounts") @Nullable List<@Nullable MountChoice> mounts,
      @JsonProperty("extism") @Nullable ExtismOptions extism,
      @JsonProperty("retention") @Nullable Retention retention) {
    return new PluginSettings(
        instance == null ? InstanceChoice.FRESH : instance,
        abi == null ? AUTO : abi,
        capabilities == null ? PluginCapabilities.ALL : capabilities,
        tier == null ? AUTO : tier,
        environment == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(environment)),
        mounts == null ? List.of() : mounts.stream().map(MountChoice::orEmpty).toList(),
        extism == null ? ExtismOptions.DEFAULTS : extism,
        retention == null ? Retention.ALL : retention);
  }

  /// Returns the settings of a plugin for which nothing was chosen.
  public static PluginSettings defaults() {
    return of(null, null, null, null, null, null, null, null);
  }

  /// Reads the JSON of a request.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it does not fit or asks for what does not
  ///   exist
  public static PluginSettings read(byte[] json) {
    PluginSettings settings = Json.read(json, PluginSettings.class);
    settings.check();
    return settings;
  }

  /// Returns what of its tenant's capabilities the plugin has, null for all.
  @Nullable Grants grants() {
    return capabilities.grants();
  }

  static PluginSettings parse(String stored) {
    return Json.read(stored.getBytes(StandardCharsets.UTF_8), PluginSettings.class);
  }

  String json() {
    return Json.text(this);
  }

  private void check() {
    instance.check();
    checkAbi();
    extism.check();
    MountChoice.check(mounts);
    requireAuto("tier", tier);
    checkEnvironment();
    @Nullable Integer kept = retention.versions();
    if (kept != null && (kept < 1 || kept > MAX_KEPT_VERSIONS)) {
      throw Problem.invalid("retention.versions", kept, "between 1 and " + MAX_KEPT_VERSIONS)
          .asException();
    }
  }

  /// Returns the convention by which calls of `version` are made.
  public Abi abi(VersionRecord version) {
    @Nullable Abi chosen = Abi.labelled(abi.equals(AUTO) ? version.abi() : abi);
    if (chosen == null) {
      throw new IllegalStateException("a version or settings with the convention " + abi);
    }
    return chosen;
  }

  private void checkAbi() {
    if (!abi.equals(AUTO) && Abi.labelled(abi) == null) {
      List<String> allowed = new ArrayList<>(List.of(AUTO));
      Arrays.stream(Abi.values()).map(Abi::label).forEach(allowed::add);
      throw Problem.invalid("abi", abi, "one of " + allowed).asException();
    }
  }

  private static void requireAuto(String what, String value) {
    if (!value.equals(AUTO)) {
      throw Problem.notAvailable("the " + what + " \"" + value + "\"")
          .with("allowed", AUTO)
          .asException();
    }
  }

  private void checkEnvironment() {
    int bytes = 0;
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      @Nullable String value = variable.getValue();
      if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
        throw Problem.invalid("a variable's name", name, "not empty, without = and NUL")
            .asException();
      }
      if (value == null || value.indexOf('\0') >= 0) {
        throw Problem.invalid("the variable " + name, value, "a text without NUL").asException();
      }
      bytes += name.length() + value.length();
    }
    if (environment.size() > MAX_VARIABLES || bytes > MAX_ENVIRONMENT_BYTES) {
      throw Problem.invalid(
              "the environment",
              environment.size() + " variables, " + bytes + " characters",
              "at most " + MAX_VARIABLES + " variables, " + MAX_ENVIRONMENT_BYTES + " characters")
          .asException();
    }
  }
}
