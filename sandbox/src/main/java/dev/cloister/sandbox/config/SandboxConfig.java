package dev.cloister.sandbox.config;

import java.nio.file.Path;
import java.util.Map;

/// The whole configuration of a server.
///
/// @param http the HTTP listener
/// @param storage what is kept and where
/// @param cluster what several servers share
/// @param auth keys and sessions
/// @param engine compiling and running plugins
/// @param logs what plugins write
/// @param limits the defaults and maximums of a tenant's limits
/// @param policy what a tenant's plugins may do unless something is set
/// @param egress requests that plugins send
public record SandboxConfig(
    HttpConfig http,
    StorageConfig storage,
    ClusterConfig cluster,
    AuthConfig auth,
    EngineSection engine,
    LogConfig logs,
    LimitsConfig limits,
    PolicyConfig policy,
    EgressConfig egress) {

  /// Returns the configuration of a server that was told nothing.
  public static SandboxConfig defaults() {
    return from(ConfigSection.root(new ConfigReading("defaults", Map.of()), null));
  }

  static SandboxConfig from(ConfigSection root) {
    SandboxConfig config =
        new SandboxConfig(
            HttpConfig.from(root.section("http")),
            StorageConfig.from(root.section("storage")),
            ClusterConfig.from(root.section("cluster")),
            AuthConfig.from(root.section("auth")),
            EngineSection.from(root.section("engine")),
            LogConfig.from(root.section("logs")),
            LimitsConfig.from(root.section("limits")),
            PolicyConfig.from(root.section("policy")),
            EgressConfig.from(root.section("egress")));
    root.end();
    return config;
  }

  /// Returns this configuration with another listener.
  public SandboxConfig withHttp(HttpConfig newHttp) {
    return new SandboxConfig(newHttp, storage, cluster, auth, engine, logs, limits, policy, egress);
  }

  /// Returns this configuration with another data folder.
  public SandboxConfig withDataFolder(Path folder) {
    return new SandboxConfig(
        http,
        storage.withFolder(folder.toString()),
        cluster,
        auth,
        engine,
        logs,
        limits,
        policy,
        egress);
  }

  /// Returns this configuration with other keys and sessions.
  public SandboxConfig withAuth(AuthConfig newAuth) {
    return new SandboxConfig(http, storage, cluster, newAuth, engine, logs, limits, policy, egress);
  }

  /// Returns this configuration with another section for compiling and running.
  public SandboxConfig withEngine(EngineSection newEngine) {
    return new SandboxConfig(http, storage, cluster, auth, newEngine, logs, limits, policy, egress);
  }

  /// Returns this configuration with another section for logs.
  public SandboxConfig withLogs(LogConfig newLogs) {
    return new SandboxConfig(http, storage, cluster, auth, engine, newLogs, limits, policy, egress);
  }

  /// Returns this configuration with other limits.
  public SandboxConfig withLimits(LimitsConfig newLimits) {
    return new SandboxConfig(http, storage, cluster, auth, engine, logs, newLimits, policy, egress);
  }

  /// Returns this configuration with another section of what several servers share.
  public SandboxConfig withCluster(ClusterConfig newCluster) {
    return new SandboxConfig(http, storage, newCluster, auth, engine, logs, limits, policy, egress);
  }

  /// Returns this configuration with another default of policies.
  public SandboxConfig withPolicy(PolicyConfig newPolicy) {
    return new SandboxConfig(http, storage, cluster, auth, engine, logs, limits, newPolicy, egress);
  }

  /// Returns this configuration with another section for requests of plugins.
  public SandboxConfig withEgress(EgressConfig newEgress) {
    return new SandboxConfig(http, storage, cluster, auth, engine, logs, limits, policy, newEgress);
  }
}
