package dev.cloister.engine.logging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.code.CodeImage;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.WasmCode;
import dev.cloister.engine.code.WrapperCode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.ImageEpoch;
import dev.cloister.engine.script.Script;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// What an isolate has to be told of the code that it uses (V8 `IsolateInfo::code_to_log`).
///
/// Code is queued where it is defined, on guest threads and under the locks of classes; it is told
/// of later, by a task of the log and when a guest of the isolate is next called from outside,
/// whatever comes first. What is queued keeps its code, and so its module. Safe to use by any
/// thread.
public final class IsolateCodeLog {
  /// The most chunks of functions that wait to be told of.
  static final int MAX_QUEUED = 4_096;

  /// What is to be told of.
  private sealed interface Item {}

  /// Functions that were defined together.
  private record Defined(Script script, NativeModule module, CodeImage image, int chunk)
      implements Item {}

  /// A wrapper.
  private record Wrapper(WrapperCode code) implements Item {}

  private final Object owner;
  private final String isolate;
  private final Executor tasks;
  private final Runnable task = this::drain;
  private final AtomicBoolean draining = new AtomicBoolean();
  private final Object queueLock = new Object();

  @GuardedBy("queueLock")
  private ArrayDeque<Item> queue = new ArrayDeque<>();

  /// Functions that did not fit into the queue and were not told of as lost.
  @GuardedBy("queueLock")
  private long lostFunctions;

  @GuardedBy("queueLock")
  private boolean isClosed;

  /// The modules that the isolate uses. Guarded by the lock of the logger.
  final Map<NativeModule, Script> scripts = new HashMap<>();

  /// Whom to tell; null while the log is off. Changed with the queue's lock held.
  private volatile @Nullable CodeLogListener listener;

  /// @param owner the isolate, compared by identity
  /// @param isolate its name
  /// @param tasks runs the log's tasks, soon and not on the thread that calls
  IsolateCodeLog(Object owner, String isolate, Executor tasks) {
    this.owner = owner;
    this.isolate = isolate;
    this.tasks = tasks;
  }

  /// {@return whether it is the log of an isolate}
  @SuppressWarnings("ReferenceEquality") // Two isolates are never the same.
  boolean isOf(@Nullable Object candidate) {
    return owner == candidate;
  }

  /// {@return whether the log is on}
  public boolean isOn() {
    return listener != null;
  }

  /// Notes that the isolate is gone: the log cannot be switched on again.
  void close() {
    synchronized (queueLock) {
      isClosed = true;
    }
    turnOff();
  }

  /// {@return whether the log is on, which it cannot be when the isolate is gone}
  boolean turnOn(CodeLogListener told) {
    synchronized (queueLock) {
      if (!isClosed) {
        listener = told;
      }
      return !isClosed;
    }
  }

  /// Ends the log; what is queued is dropped.
  void turnOff() {
    ArrayDeque<Item> dropped;
    synchronized (queueLock) {
      listener = null;
      dropped = queue;
      queue = new ArrayDeque<>();
      lostFunctions = 0;
    }
    dropped.forEach(IsolateCodeLog::release);
  }

  private static void release(Item item) {
    if (item instanceof Defined defined) {
      defined.image().release();
    }
  }

  /// {@return the number of chunks of functions that wait to be told of}
  public int queuedChunks() {
    synchronized (queueLock) {
      return queue.size();
    }
  }

  /// Queues functions that were defined. On whatever thread needs them, under the lock of a class.
  void offer(Script script, NativeModule module, CodeImage image, int chunk) {
    image.retain();
    if (!offer(new Defined(script, module, image, chunk), image.functionCount(chunk))) {
      image.release();
    }
  }

  /// Queues a wrapper that was defined, likewise.
  void offer(WrapperCode wrapper) {
    offer(new Wrapper(wrapper), 1);
  }

  /// @param functions how much is lost if it is not taken
  private boolean offer(Item item, int functions) {
    boolean isFirst = false;
    boolean isTaken = false;
    synchronized (queueLock) {
      if (listener != null && queue.size() < MAX_QUEUED) {
        isFirst = queue.isEmpty();
        isTaken = queue.add(item);
      } else if (listener != null) {
        lostFunctions += functions;
      }
    }
    if (isFirst) {
      ImageEpoch.advance();
      try {
        tasks.execute(task);
      } catch (RejectedExecutionException _) {
        // The engine is closed: what is queued goes with the isolate.
      }
    }
    return isTaken;
  }

  /// Tells of what is queued, unless another thread is at it.
  void drain() {
    // Whoever queues the first again starts another task, so nothing is left when this one ends.
    while (hasWork() && draining.compareAndSet(false, true)) {
      try {
        drainOnce();
      } finally {
        draining.set(false);
      }
    }
  }

  private boolean hasWork() {
    synchronized (queueLock) {
      return !queue.isEmpty() || lostFunctions > 0;
    }
  }

  private void drainOnce() {
    ArrayDeque<Item> taken;
    long lost;
    CodeLogListener told;
    synchronized (queueLock) {
      taken = queue;
      lost = lostFunctions;
      told = listener;
      queue = new ArrayDeque<>();
      lostFunctions = 0;
    }
    if (told == null) {
      return;
    }
    try {
      taken.forEach(item -> tell(told, item));
      if (lost > 0) {
        CodeLogger.guarded(() -> told.codeLost(lost));
      }
    } finally {
      taken.forEach(IsolateCodeLog::release);
    }
  }

  private void tell(CodeLogListener told, Item item) {
    switch (item) {
      case Defined defined -> {
        for (WasmCode code : defined.image().codes(defined.chunk())) {
          tell(told, event(defined.script(), defined.module(), code));
        }
      }
      case Wrapper(WrapperCode code) -> tell(told, event(code));
    }
  }

  /// Tells of wrappers, at once.
  void tellOf(List<WrapperCode> wrappers) {
    CodeLogListener told = listener;
    if (told != null) {
      wrappers.forEach(wrapper -> tell(told, event(wrapper)));
    }
  }

  /// Tells of all code that a module has, at once.
  void tellOfAll(Script script, NativeModule module) {
    for (CodeImage image : module.images()) {
      for (WasmCode code : image.codes()) {
        CodeLogListener told = listener;
        if (told == null) {
          return;
        }
        tell(told, event(script, module, code));
      }
    }
  }

  private static void tell(CodeLogListener told, CodeCreated event) {
    CodeCreatedEvent.commit(event);
    CodeLogger.guarded(() -> told.codeCreated(event));
  }

  private CodeCreated event(WrapperCode wrapper) {
    return new CodeCreated(
        isolate,
        CodeCreated.NO_SCRIPT,
        /* scriptUrl= */ "",
        /* functionIndex= */ -1,
        wrapper.signature(),
        wrapper.kind().label(),
        wrapper.bytes(),
        /* offset= */ -1,
        /* source= */ null);
  }

  /// {@return where the instructions of a function start, behind its locals}
  private static int firstInstruction(WasmModule module, int function) {
    InstructionReader reader = module.bodyInstructions(function);
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      reader.readLocalCount();
      reader.readLocalType();
    }
    reader.next();
    return reader.offset();
  }

  private CodeCreated event(Script script, NativeModule nativeModule, WasmCode code) {
    WasmModule module = nativeModule.module();
    int function = code.functionIndex();
    int offset = firstInstruction(module, function);
    return new CodeCreated(
        isolate,
        script.id(),
        script.url().text(),
        function,
        module.functionName(function),
        code.tier().label(),
        code.bytes(),
        offset,
        nativeModule.sources().find(offset));
  }
}
