package dev.cloister.engine.decode;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ValidatedBodies;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.util.Checkpoint;
import dev.cloister.engine.util.IntVector;
import dev.cloister.engine.validate.FunctionValidator;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// Validates the bodies of a code section, on several threads if it is large.
///
/// Bodies are put into batches; helpers validate some of them, and [#complete] does those that no
/// helper has begun, so it does not matter whether a helper ever runs. Nothing else of the module
/// changes between the first body and that. Faults come out in the order of the bodies, whoever
/// finds them. Confined to one thread, but for the helpers.
final class BodyValidation {
  /// The bytes of bodies from which a batch is complete: about half a millisecond of work.
  private static final int BATCH_BYTES = 32 * 1024;

  /// A batch: where its bodies are, and what validates them and returns the facts about each.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Batch(int[] ranges, FutureTask<byte[]> task) {}

  private final WasmModuleBuilder module;
  private final WasmFeatures features;
  private final WasmLimits limits;
  private final Executor helpers;
  private final DecodeMonitor monitor;
  private final FunctionValidator validator;

  /// What is known of the bodies, which then are not validated.
  private @Nullable ValidatedBodies known;

  private boolean isLarge;
  private int sectionEnd;
  private int functionCount;

  /// The batches since the last [#complete].
  private final List<Batch> batches = new ArrayList<>();

  /// Those of them that nobody has begun.
  private final Queue<FutureTask<byte[]>> waiting = new ConcurrentLinkedQueue<>();

  /// Where each body of the next batch begins and ends.
  private final IntVector ranges = new IntVector();

  private int batchBytes;

  /// @param helpers runs tasks on other threads when it can, or not at all
  /// @param monitor can end the work, on whichever thread
  BodyValidation(
      WasmModuleBuilder module,
      WasmFeatures features,
      WasmLimits limits,
      Executor helpers,
      DecodeMonitor monitor) {
    this.module = module;
    this.features = features;
    this.limits = limits;
    this.helpers = helpers;
    this.monitor = monitor;
    validator = new FunctionValidator(module, features, limits);
  }

  /// Takes over what the validation of the same bytes has found before.
  void trust(ValidatedBodies validated) {
    known = validated;
    module.useValidated(validated);
  }

  /// Begins the section that is in `[start, end)`.
  void begin(int start, int end) {
    isLarge = end - start > 2 * BATCH_BYTES;
    sectionEnd = end;
  }

  /// Begins work on another thread, or again on the same one.
  void resume() {
    validator.use(monitor.checkpoint());
  }

  /// {@return the number of bodies that were added}
  int count() {
    return functionCount;
  }

  /// Adds the body of the next function, which is in `bytes[from, to)` until [#complete] returns.
  ///
  /// @throws dev.cloister.engine.error.WasmException if it is known already that it has a fault
  void add(byte[] bytes, int from, int to) {
    ValidatedBodies validated = known;
    if (validated != null) {
      module.addBody(from, to, validated.facts(functionCount++));
      return;
    }
    int index = module.importedFunctionCount() + functionCount++;
    if (!isLarge) {
      module.addBody(from, to, validate(validator, index, bytes, from, to));
      monitor.functionsValidated(1);
      return;
    }
    ranges.add(from);
    ranges.add(to);
    batchBytes += to - from;
    if (batchBytes >= BATCH_BYTES) {
      endBatch(bytes);
      helpers.execute(this::runNext);
    }
  }

  private void endBatch(byte[] bytes) {
    int[] ofBatch = ranges.toArray();
    int first = module.importedFunctionCount() + functionCount - ofBatch.length / 2;
    FutureTask<byte[]> task = new FutureTask<>(() -> validate(first, bytes, ofBatch));
    batches.add(new Batch(ofBatch, task));
    waiting.add(task);
    ranges.clear();
    batchBytes = 0;
  }

  private byte[] validate(int first, byte[] bytes, int[] ofBatch) {
    Checkpoint checkpoint = monitor.checkpoint();
    // Nothing is left to do for work that has been ended.
    checkpoint.pass();
    FunctionValidator another = new FunctionValidator(module, features, limits);
    another.use(checkpoint);
    byte[] facts = new byte[ofBatch.length / 2];
    for (int i = 0; i < facts.length; i++) {
      facts[i] = (byte) validate(another, first + i, bytes, ofBatch[2 * i], ofBatch[2 * i + 1]);
    }
    monitor.functionsValidated(facts.length);
    checkpoint.pass();
    return facts;
  }

  private int validate(FunctionValidator by, int index, byte[] bytes, int from, int to) {
    return by.validate(
        index,
        bytes,
        from,
        to,
        to == sectionEnd ? "unexpected end of section or function" : "END opcode expected");
  }

  /// Validates a batch that nobody has begun.
  ///
  /// @return whether there was one
  private boolean runNext() {
    FutureTask<byte[]> task = waiting.poll();
    if (task == null) {
      return false;
    }
    task.run();
    return true;
  }

  /// Adds all bodies so far to the module, once they are validated.
  ///
  /// @throws dev.cloister.engine.error.WasmException the first fault in the order of the bodies
  void complete(byte[] bytes) {
    if (ranges.size() > 0) {
      endBatch(bytes);
    }
    while (runNext()) {}
    try {
      for (Batch batch : batches) {
        byte[] facts = result(batch.task);
        for (int i = 0; i < facts.length; i++) {
          module.addBody(batch.ranges[2 * i], batch.ranges[2 * i + 1], facts[i]);
        }
      }
    } finally {
      batches.clear();
    }
  }

  private static byte[] result(FutureTask<byte[]> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException _) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw switch (e.getCause()) {
            case RuntimeException fault -> fault;
            case Error error -> throw error;
            case null, default -> new IllegalStateException("validation failed", e);
          };
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
