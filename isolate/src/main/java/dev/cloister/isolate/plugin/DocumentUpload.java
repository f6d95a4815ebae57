package dev.cloister.isolate.plugin;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.StreamingCompilation;
import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.abi.ProgramModules;
import dev.cloister.isolate.abi.extism.ExtismManifest;
import dev.cloister.isolate.abi.extism.ManifestException;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.heap.HeapLedger;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A manifest or a bundle that arrives in pieces, with modules in it, which are compiled when all
/// is there.
///
/// The plugin's digest is that of the document. Until the document is complete there is no
/// compilation that could be cancelled.
public final class DocumentUpload implements Upload {
  /// The media type of bundles.
  public static final String BUNDLE_TYPE = PluginBundle.MEDIA_TYPE;

  /// How many times its length a document takes while it is read: itself, its text, the modules.
  private static final long PARSED_FACTOR = 2;

  private final Supplier<StreamingCompilation> compilations;
  private final LoadedModules modules;
  private final HeapLedger ledger;
  private final CodeBudget code;
  private final long maxBytes;
  private final HeapCharge charge;
  private final ByteArrayOutputStream document = new ByteArrayOutputStream();

  /// That of the module that is being compiled.
  private volatile long jobId;

  private boolean isEnded;

  /// Whether stored bytes are a document: a module begins with another byte.
  public static boolean isDocument(byte[] bytes) {
    return ExtismManifest.isManifest(bytes) || PluginBundle.isBundle(bytes);
  }

  /// The media type of a document.
  public static String mediaType(byte[] bytes) {
    return PluginBundle.isBundle(bytes) ? BUNDLE_TYPE : ExtismManifest.MEDIA_TYPE;
  }

  /// Begins an upload of at most `maxBytes` bytes.
  ///
  /// @param compilations begins the compilation of each module
  /// @param code what their share of compiled code is charged to once it is there
  public DocumentUpload(
      Supplier<StreamingCompilation> compilations,
      LoadedModules modules,
      HeapLedger ledger,
      CodeBudget code,
      long maxBytes) {
    this.compilations = compilations;
    this.modules = modules;
    this.ledger = ledger;
    this.code = code;
    this.maxBytes = maxBytes;
    this.charge = new HeapCharge(ledger, HeapCategory.BUFFER);
  }

  @Override
  public long jobId() {
    return jobId;
  }

  @Override
  public void onCancel(Consumer<CompilationCancelledException> action) {
    // Whoever cancels a compilation of this upload stops finish(), which says so itself.
  }

  @Override
  public void push(byte[] chunk, int from, int length) {
    requireOpen();
    long size = (long) document.size() + length;
    boolean isTaken = false;
    try {
      if (size > maxBytes) {
        throw new LimitExceededException("uploadBytes", size, maxBytes);
      }
      charge.add(2L * length); // it is copied when it grows
      document.write(chunk, from, length);
      isTaken = true;
    } finally {
      if (!isTaken) {
        abort();
      }
    }
  }

  @Override
  public PluginHandle finish() {
    requireOpen();
    try {
      byte[] bytes = document.toByteArray();
      ModuleHash hash = new ModuleHash(sha256(bytes));
      PluginHandle held = modules.find(hash);
      if (held != null) {
        return held;
      }
      return modules.add(open(hash, bytes));
    } finally {
      abort();
    }
  }

  @Override
  public void abort() {
    if (!isEnded) {
      isEnded = true;
      document.reset();
      charge.close();
    }
  }

  private PluginHandle open(ModuleHash hash, byte[] bytes) {
    HeapCharge contents = new HeapCharge(ledger, HeapCategory.FILE);
    boolean isDone = false;
    try {
      if (!PluginBundle.isBundle(bytes)) {
        charge.add(PARSED_FACTOR * bytes.length);
      }
      PluginHandle handle = compile(hash, PluginBundle.read(bytes, charge, contents), contents);
      isDone = true;
      return handle;
    } finally {
      if (!isDone) {
        contents.close();
      }
    }
  }

  private PluginHandle compile(ModuleHash hash, PluginBundle bundle, HeapCharge contents) {
    List<ModuleHandle> opened = new ArrayList<>();
    boolean isDone = false;
    try {
      Map<String, ModuleHandle> others = new LinkedHashMap<>();
      @Nullable ModuleHandle main = null;
      long wireBytes = 0;
      for (ExtismManifest.Part part : bundle.parts()) {
        ModuleHandle module = compile(part, bundle.settings() != null);
        opened.add(module);
        wireBytes += part.wireBytes().length;
        if (part.isMain()) {
          main = module;
        } else {
          others.put(part.name(), module);
        }
      }
      if (main == null) {
        throw new IllegalStateException("a plugin without a main module");
      }
      PluginHandle handle =
          PluginHandle.open(
              hash,
              new ProgramModules(main, others),
              bundle.settings(),
              code,
              wireBytes,
              new PluginContent(bundle.content(), contents));
      isDone = true;
      return handle;
    } finally {
      if (!isDone) {
        opened.forEach(ModuleHandle::close);
      }
    }
  }

  private ModuleHandle compile(ExtismManifest.Part part, boolean isOfManifest) {
    StreamingCompilation compilation = compilations.get();
    jobId = compilation.jobId();
    boolean isDone = false;
    try {
      compilation.push(part.wireBytes(), 0, part.wireBytes().length);
      ModuleHandle module = compilation.finish();
      isDone = true;
      return module;
    } catch (ModuleException e) {
      if (!isOfManifest) {
        throw e;
      }
      throw new ManifestException(part.field() + ".data", String.valueOf(e.getMessage()), e);
    } finally {
      if (!isDone) {
        compilation.abort();
      }
    }
  }

  private void requireOpen() {
    if (isEnded) {
      throw new IllegalStateException("the upload has ended");
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
