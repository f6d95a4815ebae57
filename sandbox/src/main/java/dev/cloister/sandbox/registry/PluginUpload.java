package dev.cloister.sandbox.registry;

import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.plugin.Upload;
import dev.cloister.sandbox.signature.SignatureCheck;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobWriter;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.Signer;
import dev.cloister.sandbox.storage.StorageFullException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A plugin on its way in: each piece is written to a temporary file, decoded and validated at
/// once.
///
/// One thread at a time uses it, never an event loop: pieces cost processor time and disk writes.
/// Until [#finish] returns, nothing of it is visible; closing it without leaves nothing behind.
public final class PluginUpload implements AutoCloseable {
  private final PluginRegistry registry;
  private final Tenant tenant;
  private final PluginName plugin;
  private final BlobWriter blob;
  private final Upload module;
  private final SignatureCheck signature;
  private Set<Signer> signers = Set.of();
  private long sizeBytes;
  private boolean isModuleDone;
  private @Nullable PluginHandle handle;
  private @Nullable BlobDigest pinned;

  PluginUpload(
      PluginRegistry registry,
      Tenant tenant,
      PluginName plugin,
      BlobWriter blob,
      Upload module,
      SignatureCheck signature) {
    this.registry = registry;
    this.tenant = tenant;
    this.plugin = plugin;
    this.blob = blob;
    this.module = module;
    this.signature = signature;
  }

  /// Lets `action` run when somebody cancels the upload, on that thread; at once if it was
  /// cancelled already.
  public void onCancel(Consumer<CompilationCancelledException> action) {
    module.onCancel(action);
  }

  /// Takes the next piece.
  ///
  /// @throws dev.cloister.engine.error.WasmException as soon as it is certain that the module is
  ///   malformed, invalid or too large
  /// @throws CompilationCancelledException if somebody cancelled it
  /// @throws StorageFullException if there is no space
  public void push(byte[] bytes, int from, int length) {
    module.push(bytes, from, length);
    signature.push(bytes, from, length);
    try {
      blob.write(bytes, from, length);
    } catch (IOException e) {
      throw storageFailure(e);
    }
    sizeBytes += length;
  }

  /// Compiles what is left, makes the version durable, then visible, and returns what was made.
  ///
  /// @param activate whether the version becomes the live one
  /// @throws dev.cloister.engine.error.WasmException if the module is malformed or invalid
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant may not have it or is gone
  /// @throws StorageFullException if there is no space
  public UploadedVersion finish(boolean activate, Author author) {
    BlobDigest digest = prepare();
    try {
      return registry.commit(this, digest, handle(), activate, author);
    } finally {
      unpin();
      // Also what a refused version left compiled.
      tenant.releaseUnneededVersions();
    }
  }

  /// Compiles what is left and returns the module's digest; the tenant keeps it compiled until this
  /// is closed.
  ///
  /// @throws dev.cloister.engine.error.WasmException if the module is malformed or invalid
  /// @throws dev.cloister.sandbox.problem.ApiException if a signature is missing or wrong
  BlobDigest prepare() {
    signers =
        signature.finish().stream()
            .map(key -> new Signer(key.id(), key.publicKey()))
            .collect(Collectors.toSet());
    PluginHandle finished = finishModule();
    isModuleDone = true;
    handle = finished;
    BlobDigest digest = new BlobDigest(finished.hash().hex());
    tenant.loaded().pin(digest);
    pinned = digest;
    return digest;
  }

  private PluginHandle finishModule() {
    try {
      return module.finish();
    } catch (IllegalStateException e) {
      registry.requirePresent(tenant);
      throw e;
    }
  }

  /// Returns the compiled module, after [#prepare].
  PluginHandle handle() {
    return Objects.requireNonNull(handle, "not compiled yet");
  }

  private void unpin() {
    if (pinned != null) {
      tenant.loaded().unpin(pinned);
      pinned = null;
    }
  }

  @Override
  public void close() {
    if (!isModuleDone) {
      isModuleDone = true;
      module.abort();
    }
    unpin();
    blob.close();
  }

  /// Returns the number of the compilation.
  public long jobId() {
    return module.jobId();
  }

  Tenant tenant() {
    return tenant;
  }

  PluginName plugin() {
    return plugin;
  }

  /// Returns whose signatures the module has; known once it is whole.
  Set<Signer> signers() {
    return signers;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  BlobDigest commitBlob() {
    try {
      return blob.commit();
    } catch (IOException e) {
      throw storageFailure(e);
    }
  }

  static RuntimeException storageFailure(IOException failure) {
    String message = "cannot store the plugin: " + failure.getMessage();
    return StorageFullException.isCauseOf(failure)
        ? new StorageFullException(message, failure)
        : new UncheckedIOException(message, failure);
  }
}
