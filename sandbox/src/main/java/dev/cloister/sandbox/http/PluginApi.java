package dev.cloister.sandbox.http;

import dev.cloister.isolate.abi.extism.ExtismManifest;
import dev.cloister.isolate.plugin.DocumentUpload;
import dev.cloister.sandbox.http.field.DigestAlgorithm;
import dev.cloister.sandbox.http.field.DigestField;
import dev.cloister.sandbox.http.field.EntityTag;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.ContentItem;
import dev.cloister.sandbox.registry.HostFolders;
import dev.cloister.sandbox.registry.InterfaceItem;
import dev.cloister.sandbox.registry.ModuleInterface;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.PluginRegistry;
import dev.cloister.sandbox.registry.PluginSettings;
import dev.cloister.sandbox.registry.Signatures;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.VersionRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A tenant's plugins: list, show, delete, versions and settings.
final class PluginApi {
  /// The state of a version that can be called.
  static final String ACTIVE = "active";

  /// The state of a version that waits for the operator's approval.
  static final String PENDING = "pending-approval";

  private static final String WASM_TYPE = "application/wasm";

  private final TenantRegistry tenants;
  private final PluginRegistry plugins;
  private final HostFolders hostFolders;
  private final Signatures signatures;

  PluginApi(
      TenantRegistry tenants,
      PluginRegistry plugins,
      Signatures signatures,
      HostFolders hostFolders) {
    this.hostFolders = hostFolders;
    this.signatures = signatures;
    this.tenants = tenants;
    this.plugins = plugins;
  }

  /// A plugin in a list.
  record View(
      String plugin,
      @Nullable String abi,
      @Nullable String live,
      @Nullable String script,
      @Nullable Long sizeBytes,
      int versions,
      String updatedAt,
      long calls,
      long failedCalls) {

    static View of(Tenant tenant, Plugin plugin) {
      @Nullable VersionRecord live = plugin.live();
      return new View(
          plugin.name().text(),
          live == null ? null : live.abi(),
          live == null ? null : live.digest().toString(),
          live == null ? null : live.script(),
          live == null ? null : live.sizeBytes(),
          plugin.versions().size(),
          plugin.updatedAt().toString(),
          tenant.calls(plugin.name()).total(),
          tenant.calls(plugin.name()).failed());
    }
  }

  /// A version in a list.
  record VersionView(
      String version,
      String script,
      String abi,
      long sizeBytes,
      String createdAt,
      boolean live,
      String state) {

    static VersionView of(Tenant tenant, Plugin plugin, VersionRecord version) {
      boolean isPending = tenant.services().isPending(plugin.name(), version.digest());
      return new VersionView(
          version.digest().toString(),
          version.script(),
          version.abi(),
          version.sizeBytes(),
          version.createdAt().toString(),
          version.equals(plugin.live()),
          isPending ? PENDING : ACTIVE);
    }
  }

  /// A version with its imports, its exports and its files.
  record VersionDetails(
      String version,
      String script,
      String abi,
      long sizeBytes,
      String createdAt,
      boolean live,
      List<InterfaceItem> imports,
      List<InterfaceItem> exports,
      List<ContentItem> content,
      List<String> signedBy,
      String state,
      CapabilityView capabilities,
      SnapshotView snapshot) {}

  Answer list(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    @Nullable String text = request.query("q");
    List<Plugin> found =
        tenant.plugins().stream()
            .filter(plugin -> text == null || plugin.name().text().contains(text))
            .toList();
    return Answer.json(
        200,
        Page.byName(
            request, found, plugin -> plugin.name().text(), plugin -> View.of(tenant, plugin)));
  }

  Answer get(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    Plugin plugin = tenant.requirePlugin(request.plugin());
    return Answer.json(200, details(tenant, plugin)).taggedBy(state(plugin));
  }

  Answer delete(ApiRequest request) {
    plugins.delete(tenants.require(request.tenant()), request.plugin(), request.author());
    return Answer.empty(204);
  }

  Answer versions(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    Plugin plugin = tenant.requirePlugin(request.plugin());
    List<VersionRecord> newestFirst = new ArrayList<>(plugin.versions().values()).reversed();
    int limit = request.queryNumber("limit", Page.DEFAULT_LIMIT, 1, Page.MAX_LIMIT);
    @Nullable BlobDigest after = Page.cursorOf(request, BlobDigest::new);
    if (after != null) {
      newestFirst = following(newestFirst, after);
    }
    List<VersionRecord> items = newestFirst.subList(0, Math.min(limit, newestFirst.size()));
    @Nullable String next =
        newestFirst.size() > limit ? Page.encode(items.getLast().digest().hex()) : null;
    return Answer.json(
        200,
        new Page(
            items.stream().map(version -> VersionView.of(tenant, plugin, version)).toList(),
            next,
            plugin.versions().size()));
  }

  Answer version(ApiRequest request) throws IOException {
    Tenant tenant = tenants.require(request.tenant());
    Plugin plugin = tenant.requirePlugin(request.plugin());
    @Nullable VersionRecord version = plugin.versions().get(request.version());
    if (version == null) {
      throw Problem.notFound("version", request.path("version")).asException();
    }
    if (request.accepts(WASM_TYPE, /* isDefault= */ false)
        || request.accepts(ExtismManifest.MEDIA_TYPE, /* isDefault= */ false)
        || request.accepts(DocumentUpload.BUNDLE_TYPE, /* isDefault= */ false)) {
      return bytes(version);
    }
    if (!request.accepts(Answer.JSON_TYPE, /* isDefault= */ true)) {
      throw Problem.of(ProblemType.NOT_ACCEPTABLE, "a version is JSON or " + WASM_TYPE)
          .with("actual", request.header("Accept"))
          .with("allowed", List.of(Answer.JSON_TYPE, WASM_TYPE))
          .asException();
    }
    ModuleInterface moduleInterface =
        plugins.interfaceOf(tenant.name(), plugin.name(), version.digest());
    VersionView view = VersionView.of(tenant, plugin, version);
    return Answer.json(
            200,
            new VersionDetails(
                view.version,
                view.script,
                view.abi,
                view.sizeBytes,
                view.createdAt,
                view.live,
                moduleInterface.imports(),
                moduleInterface.exports(),
                moduleInterface.content(),
                signatures.signers(tenant.name(), plugin.name(), version.digest()),
                view.state,
                CapabilityView.of(tenant.check(plugin.settings(), moduleInterface)),
                SnapshotView.of(tenant, plugin, version.digest())))
        .with("Vary", "Accept");
  }

  /// The bytes never change, so whoever has them need not ask again.
  private Answer bytes(VersionRecord version) throws IOException {
    byte[] sha256 = HexFormat.of().parseHex(version.digest().hex());
    byte[] bytes = plugins.bytesOf(version);
    String type = DocumentUpload.isDocument(bytes) ? DocumentUpload.mediaType(bytes) : WASM_TYPE;
    return Answer.bytes(200, type, bytes)
        .tagged(new EntityTag("sha256-" + version.digest().hex(), false))
        .with("Cache-Control", "private, max-age=31536000, immutable")
        .with("Repr-Digest", DigestField.text(DigestAlgorithm.SHA_256, sha256))
        .with("Vary", "Accept");
  }

  /// Lets a version be called that needs more than its tenant was granted, and grants that.
  Answer approve(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    Plugin plugin =
        plugins.approve(
            tenant,
            request.plugin(),
            request.version(),
            request.queryFlag("activate", true),
            request.author());
    @Nullable VersionRecord version = plugin.versions().get(request.version());
    if (version == null) {
      throw new IllegalStateException("the approved version is not there");
    }
    return Answer.json(200, VersionView.of(tenant, plugin, version));
  }

  Answer diff(ApiRequest request) {
    return Answer.json(
        200,
        plugins.diff(
            tenants.require(request.tenant()),
            request.plugin(),
            request.version(),
            ApiRequest.digest("other", request.path("other"))));
  }

  Answer deleteVersion(ApiRequest request) {
    plugins.deleteVersion(
        tenants.require(request.tenant()), request.plugin(), request.version(), request.author());
    return Answer.empty(204);
  }

  Answer getSettings(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    return Answer.json(200, tenant.requirePlugin(request.plugin()).settings());
  }

  Answer putSettings(ApiRequest request) {
    PluginSettings settings = PluginSettings.read(request.body());
    Tenant tenant = tenants.require(request.tenant());
    hostFolders.check(tenant.name(), settings.mounts());
    Plugin plugin = plugins.setSettings(tenant, request.plugin(), settings, request.author());
    return Answer.json(200, plugin.settings());
  }

  /// What can be set of a plugin, without how often it was called.
  private static Object state(Plugin plugin) {
    Map<String, AliasApi.Alias> aliases = new TreeMap<>();
    plugin
        .aliases()
        .forEach((alias, targets) -> aliases.put(alias.text(), AliasApi.Alias.of(targets)));
    return List.of(
        plugin.name().text(),
        plugin.updatedAt().toString(),
        plugin.settings(),
        plugin.versions().keySet().stream().map(BlobDigest::toString).toList(),
        aliases);
  }

  private Map<String, @Nullable Object> details(Tenant tenant, Plugin plugin) {
    View view = View.of(tenant, plugin);
    Map<String, @Nullable Object> details = new LinkedHashMap<>();
    details.put("plugin", view.plugin);
    details.put("abi", view.abi);
    details.put("live", view.live);
    details.put("script", view.script);
    details.put("sizeBytes", view.sizeBytes);
    details.put("versions", view.versions);
    details.put("updatedAt", view.updatedAt);
    details.put("calls", view.calls);
    details.put("failedCalls", view.failedCalls);
    Map<String, AliasApi.Alias> aliases = new LinkedHashMap<>();
    plugin
        .aliases()
        .forEach((alias, targets) -> aliases.put(alias.text(), AliasApi.Alias.of(targets)));
    details.put("aliases", aliases);
    @Nullable VersionRecord live = plugin.live();
    ModuleInterface moduleInterface =
        live == null
            ? ModuleInterface.NONE
            : plugins.interfaceOf(tenant.name(), plugin.name(), live.digest());
    details.put("imports", moduleInterface.imports());
    details.put("exports", moduleInterface.exports());
    return details;
  }

  private static List<VersionRecord> following(List<VersionRecord> versions, BlobDigest after) {
    for (int i = 0; i < versions.size(); i++) {
      if (versions.get(i).digest().equals(after)) {
        return versions.subList(i + 1, versions.size());
      }
    }
    return List.of();
  }
}
