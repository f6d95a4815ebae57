package dev.cloister.sandbox.http;

import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.ModuleCompiled;
import dev.cloister.engine.stats.ModuleInstantiated;
import dev.cloister.sandbox.registry.Broadcast;
import dev.cloister.sandbox.stats.CompilationEvent;
import dev.cloister.sandbox.stats.CompileCounters;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// What the engine tells of its compilations, counted and handed on. Any thread.
public final class CompileFeed implements EngineListener {
  private final CompileCounters compilations = new CompileCounters();
  private final LongAdder instances = new LongAdder();
  private final LongAdder failedInstances = new LongAdder();
  private final Broadcast<CompileJobInfo> jobs = new Broadcast<>();

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
}
