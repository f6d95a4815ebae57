package dev.cloister.isolate.plugin;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.StreamingCompilation;
import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.function.Consumer;

/// A module that arrives in pieces and is compiled as it does.
///
/// Every byte is charged to the tenant before it is taken: as a buffer while the module arrives, as
/// its share of compiled code afterwards.
public final class ModuleUpload implements Upload {
  private final StreamingCompilation compilation;
  private final LoadedModules modules;
  private final HeapLedger ledger;
  private final CodeBudget code;
  private final long maxBytes;
  private long receivedBytes;
  private boolean isEnded;

  /// Begins an upload of at most `maxBytes` bytes into `compilation`.
  ///
  /// @param code what its share of compiled code is charged to once it is there
  public ModuleUpload(
      StreamingCompilation compilation,
      LoadedModules modules,
      HeapLedger ledger,
      CodeBudget code,
      long maxBytes) {
    this.compilation = compilation;
    this.modules = modules;
    this.ledger = ledger;
    this.code = code;
    this.maxBytes = maxBytes;
  }

  @Override
  public long jobId() {
    return compilation.jobId();
  }

  @Override
  public void onCancel(Consumer<CompilationCancelledException> action) {
    compilation.onCancel(action);
  }

  /// The bytes taken so far.
  public long receivedBytes() {
    return receivedBytes;
  }

  @Override
  public void push(byte[] chunk, int from, int length) {
    requireOpen();
    boolean isTaken = false;
    try {
      charge(length);
      compilation.push(chunk, from, length);
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
    boolean isDone = false;
    try {
      ModuleHandle module = compilation.finish();
      PluginHandle held = modules.find(module.hash());
      if (held != null) {
        // It is paid for already.
        module.close();
        abort();
        return held;
      }
      PluginHandle handle = take(module);
      isDone = true;
      return modules.add(handle);
    } finally {
      if (!isDone) {
        abort();
      }
    }
  }

  @Override
  public void abort() {
    if (!isEnded) {
      isEnded = true;
      compilation.abort();
      ledger.release(HeapCategory.BUFFER, receivedBytes);
    }
  }

  private void charge(long bytes) {
    if (receivedBytes + bytes > maxBytes) {
      throw new LimitExceededException("uploadBytes", receivedBytes + bytes, maxBytes);
    }
    if (!ledger.charge(HeapCategory.BUFFER, bytes)) {
      throw new LimitExceededException(
          "memoryBytes", ledger.chargedBytes() + bytes, ledger.capBytes());
    }
    receivedBytes += bytes;
  }

  /// The module's bytes are charged twice for a moment, so that they always are.
  private PluginHandle take(ModuleHandle module) {
    PluginHandle handle;
    boolean isPaid = false;
    try {
      handle = PluginHandle.open(module, code, receivedBytes);
      isPaid = true;
    } finally {
      if (!isPaid) {
        module.close();
      }
    }
    ledger.release(HeapCategory.BUFFER, receivedBytes);
    isEnded = true;
    return handle;
  }

  private void requireOpen() {
    if (isEnded) {
      throw new IllegalStateException("the upload has ended");
    }
  }
}
