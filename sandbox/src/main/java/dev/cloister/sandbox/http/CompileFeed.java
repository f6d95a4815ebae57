package dev.cloister.sandbox.http;

import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import dev.cloister.engine.stats.ModuleCompiled;
import dev.cloister.engine.stats.ModuleInstantiated;
import dev.cloister.sandbox.registry.Broadcast;
import dev.cloister.sandbox.stats.CompilationEvent;
import dev.cloister.sandbox.stats.CompileCounters;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// What the engine tells of its compilations and its code, counted and handed on. Any thread.
public final class CompileFeed implements EngineListener {
  private final CompileCounters compilations = new CompileCounters();
  private final LongAdder instances = new LongAdder();
  private final LongAdder failedInstances = new LongAdder();
  private final Broadcast<CompileJobInfo> jobs = new Broadcast<>();
  private final Broadcast<CodeChange> code = new Broadcast<>();

  /// Creates a feed that nobody reads yet.
  public CompileFeed() {}

  @Override
  public void moduleCompiled(ModuleCompiled event) {
    compilations.count(event);
    CompilationEvent.commit(event);
  }

  @Override
  public void moduleInstantiated(ModuleInstantiated event) {
    (event.isSuccess() ? instances : failedInstances).increment();
  }

  @Override
  public void compileJobChanged(CompileJobInfo job) {
    jobs.publish(job);
  }

  @Override
  public void generationPublished(GenerationPublished event) {
    if (!code.isSilent()) {
      code.publish(CodeChange.of(event));
    }
  }

  @Override
  public void generationRetired(GenerationRetired event) {
    if (!code.isSilent()) {
      code.publish(CodeChange.of(event));
    }
  }

  @Override
  public void codeCollected(CodeCollected event) {
    if (!code.isSilent()) {
      code.publish(CodeChange.of(event));
    }
  }

  /// Returns the counts of compilations.
  CompileCounters compilations() {
    return compilations;
  }

  /// Returns how many instances were made, or could not be.
  long instances(boolean isSuccess) {
    return (isSuccess ? instances : failedInstances).sum();
  }

  /// Lets `listener` have every change of a job from now on, on the thread that changes it: it must
  /// be quick.
  Broadcast.Subscription subscribe(Consumer<CompileJobInfo> listener) {
    return jobs.subscribe(listener);
  }

  /// Lets `listener` have what becomes of code from now on, in order, on a thread of the engine: it
  /// must be quick.
  Broadcast.Subscription subscribeToCode(Consumer<CodeChange> listener) {
    return code.subscribe(listener);
  }
}
