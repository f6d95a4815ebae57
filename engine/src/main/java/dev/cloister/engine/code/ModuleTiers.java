package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.stats.GenerationCause;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Which functions of a module have which tier, and when that changes. Any thread.
///
/// A change is a new *generation*: an image in which some functions are optimized and the others
/// are baseline code. It is made on the compile threads; its hot functions are there before calls
/// enter it. There is one at a time for a module, for all functions that are hot by then.
final class ModuleTiers {
  /// Functions that are sampled for the first time when there are so many are not counted: their
  /// samples are few.
  private static final int MAX_FUNCTIONS = 10_000;

  /// V8's rule: at the first unit of priority, and at each power of two from here on.
  private static final int FIRST_POWER = 4;

  private static final class Heat {
    int samples;
    int priority;
  }

  private final ModulePlan plan;
  private final ImageSet images;
  private final CompileThreads threads;
  private final Tiering tiering;
  private final LongSupplier clock;

  /// Held while an image is made and put in place.
  private final Object changing = new Object();

  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<Integer, Heat> heats = new HashMap<>();

  /// The hot functions that are to be optimized.
  @GuardedBy("lock")
  private final BitSet wanted = new BitSet();

  /// The functions that were told to be baseline code, by a hint or by request, until they are told
  /// otherwise.
  @GuardedBy("lock")
  private final BitSet kept = new BitSet();

  @GuardedBy("lock")
  private boolean isBusy;

  @GuardedBy("lock")
  private int generations;

  /// When the next generation may be begun.
  @GuardedBy("lock")
  private long notBeforeNanos;

  /// @param onceOnly functions that are not worth optimizing, according to the module
  ModuleTiers(
      ModulePlan plan,
      ImageSet images,
      CompileThreads threads,
      Tiering tiering,
      LongSupplier clock,
      BitSet onceOnly) {
    this.plan = plan;
    this.images = images;
    this.threads = threads;
    this.tiering = tiering;
    this.clock = clock;
    this.notBeforeNanos = clock.getAsLong();
    this.kept.or(onceOnly);
  }

  /// Counts a sample of a function.
  ///
  /// @param tier that of the code that was running
  void sampled(int function, CodeKind tier) {
    TierPolicy policy = tiering.policy();
    synchronized (lock) {
      Heat heat = heats.get(function);
      if (heat == null) {
        if (heats.size() == MAX_FUNCTIONS) {
          return;
        }
        heat = new Heat();
        heats.put(function, heat);
      }
      heat.samples++;
      if (tier != CodeKind.BASELINE || !policy.isAutomatic()) {
        return;
      }
      int budget = budget(function);
      if (heat.samples % budget == 0) {
        heat.priority++;
        if (isAsked(heat.priority) && !kept.get(function)) {
          wanted.set(function);
        }
      }
      if (wanted.isEmpty()
          || isBusy
          || generations >= policy.maxGenerations()
          || clock.getAsLong() - notBeforeNanos < 0) {
        return;
      }
      isBusy = true;
    }
    try {
      threads.runSoon(this::nextGeneration);
    } catch (RejectedExecutionException _) {
      // The engine is closed.
      ended(/* isMade= */ false);
    }
  }

  /// {@return whether better code is asked for at a priority}
  static boolean isAsked(int priority) {
    return priority == 1 || (priority >= FIRST_POWER && Integer.bitCount(priority) == 1);
  }

  private int budget(int function) {
    TierPolicy policy = tiering.policy();
    return plan.module().has(function, FunctionFacts.VECTORS)
        ? policy.vectorSamples()
        : policy.otherSamples();
  }

  private void nextGeneration() {
    boolean isMade = false;
    try {
      BitSet hot = takeWanted();
      isMade = change(current -> optimize(current, hot), GenerationCause.HEAT);
      if (!isMade) {
        tiering.countNeedless();
      }
    } catch (LimitExceededException _) {
      tiering.countPostponed();
    } finally {
      ended(isMade);
    }
  }

  private void ended(boolean isMade) {
    synchronized (lock) {
      isBusy = false;
      generations += isMade ? 1 : 0;
      long wait = tiering.policy().intervalNanos() << Math.min(generations, 20);
      notBeforeNanos = clock.getAsLong() + wait;
    }
    if (isMade) {
      tiering.countGeneration();
    }
  }

  /// {@return the functions that are to be optimized now: those that asked, and those that are on
  /// the way there, so that they need not follow one by one}
  private BitSet takeWanted() {
    synchronized (lock) {
      BitSet hot = (BitSet) wanted.clone();
      wanted.clear();
      heats.forEach((function, heat) -> {
        if (heat.samples * 4 >= budget(function) && !kept.get(function)) {
          hot.set(function);
        }
      });
      return hot;
    }
  }

  /// A change of tiers.
  private interface Change {
    FunctionTiers of(FunctionTiers current);
  }

  private static FunctionTiers optimize(FunctionTiers current, BitSet functions) {
    if (current.kind() != CodeKind.BASELINE) {
      return current;
    }
    BitSet optimized = current.optimized();
    optimized.or(functions);
    return FunctionTiers.optimizing(optimized);
  }

  /// Makes an image with other tiers and puts it in place.
  ///
  /// @param cause why; for heat no function gets a lower tier, or code that is the same as before
  /// @return whether there was anything to do
  /// @throws LimitExceededException if there is too much code, or a function cannot be expressed
  private boolean change(Change change, GenerationCause cause) {
    synchronized (changing) {
      FunctionTiers last = images.currentTiers();
      FunctionTiers next = change.of(last);
      if (next.equals(last)) {
        return false;
      }
      BitSet changed = changed(last, next);
      boolean isForced = cause != GenerationCause.HEAT;
      if (!isForced && (!isPublishable(last, next) || isTheSame(last, next, changed))) {
        return false;
      }
      CodeImage made = images.add(next, cause);
      BitSet warm = new BitSet();
      changed.stream().filter(f -> next.of(f) == CodeKind.OPTIMIZED).forEach(warm::set);
      if (next.isUniform()) {
        // Everything changed: what is needed is generated when it is called.
        warm.and(sampledFunctions());
      }
      made.generate(warm);
      images.use(made, cause);
      return true;
    }
  }

  private BitSet sampledFunctions() {
    BitSet sampled = new BitSet();
    synchronized (lock) {
      heats.keySet().forEach(sampled::set);
    }
    return sampled;
  }

  private BitSet changed(FunctionTiers last, FunctionTiers next) {
    BitSet changed = new BitSet();
    for (int f = plan.module().importedFunctionCount(); f < plan.module().functionCount(); f++) {
      changed.set(f, last.of(f) != next.of(f));
    }
    return changed;
  }

  private boolean isPublishable(FunctionTiers last, FunctionTiers next) {
    for (int f = plan.module().importedFunctionCount(); f < plan.module().functionCount(); f++) {
      if (!PublishRule.replaces(last.of(f), next.of(f), /* isDebugging= */ false)) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether some functions have the same code with other tiers}
  private boolean isTheSame(FunctionTiers last, FunctionTiers next, BitSet functions) {
    BitSet chunks = new BitSet();
    functions.stream().forEach(f -> chunks.set(plan.chunkOf(f)));
    return chunks.stream()
        .allMatch(chunk -> {
          Map<String, byte[]> before = ChunkGenerator.chunk(last, plan, chunk);
          Map<String, byte[]> after = ChunkGenerator.chunk(next, plan, chunk);
          return before.keySet().equals(after.keySet())
              && before.keySet().stream()
                  .allMatch(name -> Arrays.equals(before.get(name), after.get(name)));
        });
  }

  /// Optimizes a function, or all; see [NativeModule#tierUp].
  boolean tierUp(@Nullable Integer function) {
    BitSet functions = selected(function);
    synchronized (lock) {
      kept.andNot(functions);
      wanted.andNot(functions);
    }
    return threads.run(() ->
        change(
            current ->
                function == null && current.kind() == CodeKind.BASELINE
                    ? FunctionTiers.of(CodeKind.OPTIMIZED)
                    : optimize(current, functions),
            GenerationCause.REQUEST));
  }

  /// Optimizes some functions.
  boolean tierUp(BitSet functions, GenerationCause cause) {
    return threads.run(() -> change(current -> optimize(current, functions), cause));
  }

  /// Takes optimized code from a function, or all; see [NativeModule#tierDown].
  boolean tierDown(@Nullable Integer function) {
    BitSet functions = selected(function);
    synchronized (lock) {
      kept.or(functions);
      wanted.andNot(functions);
    }
    return threads.run(() -> change(current -> lower(current, functions), GenerationCause.REQUEST));
  }

  private FunctionTiers lower(FunctionTiers current, BitSet functions) {
    BitSet optimized = current.optimized();
    if (current.kind() == CodeKind.OPTIMIZED) {
      optimized = selected(/* function= */ null);
    } else if (current.kind() != CodeKind.BASELINE) {
      return current;
    }
    optimized.andNot(functions);
    return FunctionTiers.optimizing(optimized);
  }

  private BitSet selected(@Nullable Integer function) {
    BitSet selected = new BitSet();
    if (function == null) {
      selected.set(plan.module().importedFunctionCount(), plan.module().functionCount());
    } else {
      selected.set(function);
    }
    return selected;
  }

  /// {@return what was sampled, the hottest function first}
  List<FunctionHeat> heat() {
    FunctionTiers tiers = images.currentTiers();
    synchronized (lock) {
      return heats.entrySet().stream()
          .map(e ->
              new FunctionHeat(
                  e.getKey(), e.getValue().samples, e.getValue().priority, tiers.of(e.getKey())))
          .sorted(
              Comparator.comparingInt(FunctionHeat::samples)
                  .reversed()
                  .thenComparingInt(FunctionHeat::functionIndex))
          .toList();
    }
  }

  /// {@return the generations that were made because functions were hot}
  int generations() {
    synchronized (lock) {
      return generations;
    }
  }
}
