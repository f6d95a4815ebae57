package dev.cloister.isolate.host;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.cloister.engine.runtime.Imports;
import java.util.function.UnaryOperator;

/// What the calls of one plugin may use of their host: services, each of them only if it was
/// granted. Immutable, any thread.
public final class HostServices {
  /// Nothing is granted, nothing is logged.
  public static final HostServices NONE = builder(Grants.NONE).build();

  /// What WASI programs take for granted, and nothing else.
  public static final HostServices BASIC = builder(Grants.BASIC).build();

  private final Grants grants;
  private final KeyValueStore keyValues;
  private final NamedValues configuration;
  private final NamedValues secrets;
  private final OutboundHttp http;
  private final PluginLog log;
  private final Imports functions;

  private HostServices(Builder builder) {
    this.grants = builder.grants;
    this.keyValues = builder.keyValues;
    this.configuration = builder.configuration;
    this.secrets = builder.secrets;
    this.http = builder.http;
    this.log = builder.log;
    this.functions = builder.functions;
  }

  /// Starts with services that have nothing to give.
  ///
  /// @param grants which of them the plugin may use
  public static Builder builder(Grants grants) {
    return new Builder(grants);
  }

  /// What the plugin may do.
  public Grants grants() {
    return grants;
  }

  /// The tenant's key-value store.
  ///
  /// @throws HostServiceException `DENIED` without [Capability#KV]
  public KeyValueStore keyValues() {
    require(Capability.KV);
    return keyValues;
  }

  /// The tenant's configuration.
  ///
  /// @throws HostServiceException `DENIED` without [Capability#CONFIG]
  public NamedValues configuration() {
    require(Capability.CONFIG);
    return configuration;
  }

  /// The tenant's secrets.
  ///
  /// @throws HostServiceException `DENIED` without [Capability#SECRETS]
  public NamedValues secrets() {
    require(Capability.SECRETS);
    return secrets;
  }

  /// Requests to hosts that the policy allows.
  ///
  /// @throws HostServiceException `DENIED` without [Capability#HTTP]
  public OutboundHttp http() {
    require(Capability.HTTP);
    return http;
  }

  /// The plugin's log, which needs no grant: like standard error, it goes to the tenant alone.
  public PluginLog log() {
    return log;
  }

  /// Returns these services with something else that sends requests, under the same grants.
  public HostServices withHttp(UnaryOperator<OutboundHttp> change) {
    return new Builder(grants)
        .keyValues(keyValues)
        .configuration(configuration)
        .secrets(secrets)
        .http(change.apply(http))
        .log(log)
        .functions(functions)
        .build();
  }

  /// What else its modules may import: functions of whoever embeds the isolates.
  public Imports functions() {
    return functions;
  }

  private void require(Capability capability) {
    if (!grants.allows(capability)) {
      throw HostServiceException.denied(capability);
    }
  }

  /// Collects [HostServices].
  public static final class Builder {
    private final Grants grants;
    private KeyValueStore keyValues = KeyValueStore.NONE;
    private NamedValues configuration = NamedValues.NONE;
    private NamedValues secrets = NamedValues.NONE;
    private OutboundHttp http = OutboundHttp.NONE;
    private PluginLog log = PluginLog.DISCARD;
    private Imports functions = Imports.NONE;

    private Builder(Grants grants) {
      this.grants = grants;
    }

    /// Sets the key-value store.
    @CanIgnoreReturnValue
    public Builder keyValues(KeyValueStore store) {
      keyValues = store;
      return this;
    }

    /// Sets the configuration.
    @CanIgnoreReturnValue
    public Builder configuration(NamedValues values) {
      configuration = values;
      return this;
    }

    /// Sets the secrets.
    @CanIgnoreReturnValue
    public Builder secrets(NamedValues values) {
      secrets = values;
      return this;
    }

    /// Sets what sends requests.
    @CanIgnoreReturnValue
    public Builder http(OutboundHttp outbound) {
      http = outbound;
      return this;
    }

    /// Sets the log.
    @CanIgnoreReturnValue
    public Builder log(PluginLog pluginLog) {
      log = pluginLog;
      return this;
    }

    /// Sets what else modules may import, of any module name; any thread uses it.
    @CanIgnoreReturnValue
    public Builder functions(Imports imports) {
      functions = imports;
      return this;
    }

    /// Makes the services.
    public HostServices build() {
      return new HostServices(this);
    }
  }
}
