package dev.cloister.engine;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.persist.Persistence;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.stats.EngineListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The settings of an engine. Immutable.
public final class EngineConfig {
  private static final int MAX_COMPILE_JOBS = 1_024;
  private static final long MAX_IDLE_MEMORY_BYTES = 128L << 20;

  /// As much as V8 commits for code at most by default, but for a megabyte.
  private static final long MAX_CODE_BYTES = 4L << 30;

  /// What part of the heap idle memories may take.
  private static final int IDLE_MEMORY_SHARE = 16;

  private final WasmFeatures features;
  private final WasmLimits limits;
  private final int compileThreads;
  private final CodeKind codeKind;
  private final int methodBytes;
  private final VectorUse vectorUse;
  private final StopPolicy stops;
  private final long idleMemoryBytes;
  private final int maxPausedGuests;
  private final List<EngineListener> listeners;
  private final @Nullable Persistence persistence;
  private final Map<ModuleHash, ExecutionProfile> profiles;
  private final DebugFileLoader debugFiles;
  private final Duration samplePeriod;
  private final TierPolicy tiers;
  private final long codeBytes;
  private final int maxCodeCachePercent;
  private final boolean stressCodeGc;
  private final int maxCompileJobs;
  private final boolean testStreaming;

  private EngineConfig(Builder builder) {
    this.features = builder.features;
    this.limits = builder.limits;
    this.compileThreads = builder.compileThreads;
    this.codeKind = builder.codeKind;
    this.methodBytes = builder.methodBytes;
    this.vectorUse = builder.vectorUse;
    this.stops = builder.stops;
    this.idleMemoryBytes = builder.idleMemoryBytes;
    this.maxPausedGuests = builder.maxPausedGuests;
    this.stressCodeGc = builder.stressCodeGc;
    this.maxCodeCachePercent = builder.maxCodeCachePercent;
    this.codeBytes = builder.codeBytes;
    this.tiers = builder.tiers;
    this.listeners = List.copyOf(builder.listeners);
    this.persistence = builder.persistence;
    this.profiles = Map.copyOf(builder.profiles);
    this.debugFiles = builder.debugFiles;
    this.samplePeriod = builder.samplePeriod;
    this.maxCompileJobs = builder.maxCompileJobs;
    this.testStreaming = builder.testStreaming;
    if (maxCompileJobs < 1) {
      throw new IllegalArgumentException("maxCompileJobs must be at least 1, is " + maxCompileJobs);
    }
    if (compileThreads < 1) {
      throw new IllegalArgumentException("compileThreads must be at least 1, is " + compileThreads);
    }
    if (maxPausedGuests < 1) {
      throw new IllegalArgumentException(
          "maxPausedGuests must be at least 1, is " + maxPausedGuests);
    }
    if (codeBytes < 1) {
      throw new IllegalArgumentException("codeBytes must be positive, is " + codeBytes);
    }
    if (maxCodeCachePercent < 1 || maxCodeCachePercent > 100) {
      throw new IllegalArgumentException(
          "maxCodeCachePercent must be from 1 to 100, is " + maxCodeCachePercent);
    }
    if (samplePeriod.isNegative()) {
      throw new IllegalArgumentException("samplePeriod must not be negative, is " + samplePeriod);
    }
    if (idleMemoryBytes < 0) {
      throw new IllegalArgumentException(
          "idleMemoryBytes must not be negative, is " + idleMemoryBytes);
    }
  }

  /// {@return all that the engine can do, one compile thread for each processor}
  public static EngineConfig defaults() {
    return new Builder().build();
  }

  /// {@return a builder that starts from these settings}
  public Builder toBuilder() {
    return new Builder(this);
  }

  /// {@return what modules may use; others are refused with a clear error}
  public WasmFeatures features() {
    return features;
  }

  /// {@return the implementation limits that modules are held to}
  public WasmLimits limits() {
    return limits;
  }

  /// {@return the threads that generate code, at least 1}
  public int compileThreads() {
    return compileThreads;
  }

  /// {@return the kind of code that instances run until they are switched to another one}
  public CodeKind codeKind() {
    return codeKind;
  }

  /// {@return the bytecode that a function is estimated at, in bytes, from which it becomes several
  /// JVM methods; small values are for tests}
  public int methodBytes() {
    return methodBytes;
  }

  /// {@return where optimized code keeps vectors in registers}
  public VectorUse vectorUse() {
    return vectorUse;
  }

  /// {@return how running guests are stopped}
  public StopPolicy stops() {
    return stops;
  }

  /// {@return the most bytes of linear memories that are kept, cleared, for instances to come; the
  /// JVM takes them back when its heap gets short}
  public long idleMemoryBytes() {
    return idleMemoryBytes;
  }

  /// {@return how many guests of an isolate may pause for a debugger at once}
  public int maxPausedGuests() {
    return maxPausedGuests;
  }

  /// {@return the most compilations at once; more are refused with a clear error}
  public int maxCompileJobs() {
    return maxCompileJobs;
  }

  /// {@return whether modules that come whole are compiled as streams, cut at random places: a
  /// self-test}
  public boolean testStreaming() {
    return testStreaming;
  }

  /// {@return who is told what happens}
  public List<EngineListener> listeners() {
    return listeners;
  }

  /// {@return what earlier runs of modules have executed, by the digest of their bytes}
  public Map<ModuleHash, ExecutionProfile> profiles() {
    return profiles;
  }

  /// {@return where compiled code is kept beyond the life of the process, or null if nowhere}
  public @Nullable Persistence persistence() {
    return persistence;
  }

  /// {@return when functions get better code by themselves}
  public TierPolicy tiers() {
    return tiers;
  }

  /// {@return the most bytes of class files that there may be of code that somebody runs or calls
  /// may enter}
  public long codeBytes() {
    return codeBytes;
  }

  /// {@return from which use of the JVM's code cache on no further code images are made}
  public int maxCodeCachePercent() {
    return maxCodeCachePercent;
  }

  /// {@return whether all code that is given up is collected immediately, for tests}
  public boolean stressCodeGc() {
    return stressCodeGc;
  }

  /// {@return the time between samples of the sizes of code; zero if none are taken}
  public Duration samplePeriod() {
    return samplePeriod;
  }

  /// {@return where debug information comes from that is not in the modules}
  public DebugFileLoader debugFiles() {
    return debugFiles;
  }

  /// {@return these settings with other features}
  public EngineConfig withFeatures(WasmFeatures changed) {
    return toBuilder().features(changed).build();
  }

  /// {@return these settings with other limits}
  public EngineConfig withLimits(WasmLimits changed) {
    return toBuilder().limits(changed).build();
  }

  /// {@return these settings with code of another kind}
  public EngineConfig withCodeKind(CodeKind changed) {
    return toBuilder().codeKind(changed).build();
  }

  /// {@return these settings with functions divided from another size on}
  public EngineConfig withMethodBytes(int changed) {
    return toBuilder().methodBytes(changed).build();
  }

  /// {@return these settings with another use of vector registers}
  public EngineConfig withVectorUse(VectorUse changed) {
    return toBuilder().vectorUse(changed).build();
  }

  /// {@return these settings with guests stopped in another way}
  public EngineConfig withStops(StopPolicy changed) {
    return toBuilder().stops(changed).build();
  }

  /// {@return these settings with another bound on idle memories}
  public EngineConfig withIdleMemoryBytes(long changed) {
    return toBuilder().idleMemoryBytes(changed).build();
  }

  /// Makes settings. Not safe to use by several threads.
  public static final class Builder {
    private WasmFeatures features = WasmFeatures.ALL;
    private WasmLimits limits = WasmLimits.defaults();
    private int compileThreads = Runtime.getRuntime().availableProcessors();
    private CodeKind codeKind = CodeKind.BASELINE;
    private int methodBytes = ModulePlan.METHOD_BYTES;
    private VectorUse vectorUse = VectorUse.WORTHWHILE;
    private StopPolicy stops = StopPolicy.defaults();
    private long idleMemoryBytes =
        Math.min(MAX_IDLE_MEMORY_BYTES, Runtime.getRuntime().maxMemory() / IDLE_MEMORY_SHARE);
    private final List<EngineListener> listeners = new ArrayList<>();
    private @Nullable Persistence persistence;
    private final Map<ModuleHash, ExecutionProfile> profiles = new HashMap<>();
    private DebugFileLoader debugFiles = DebugFileLoader.NONE;
    private Duration samplePeriod = Duration.ofSeconds(10);
    private int maxPausedGuests = 16;
    private TierPolicy tiers = TierPolicy.onRequest();
    private long codeBytes = MAX_CODE_BYTES;
    private int maxCodeCachePercent = 80;
    private boolean stressCodeGc = false;
    private int maxCompileJobs = MAX_COMPILE_JOBS;
    private boolean testStreaming;

    private Builder() {}

    private Builder(EngineConfig config) {
      this.features = config.features;
      this.limits = config.limits;
      this.compileThreads = config.compileThreads;
      this.codeKind = config.codeKind;
      this.methodBytes = config.methodBytes;
      this.vectorUse = config.vectorUse;
      this.stops = config.stops;
      this.idleMemoryBytes = config.idleMemoryBytes;
      this.maxPausedGuests = config.maxPausedGuests;
      this.stressCodeGc = config.stressCodeGc;
      this.maxCodeCachePercent = config.maxCodeCachePercent;
      this.codeBytes = config.codeBytes;
      this.tiers = config.tiers;
      this.listeners.addAll(config.listeners);
      this.persistence = config.persistence;
      this.profiles.putAll(config.profiles);
      this.debugFiles = config.debugFiles;
      this.samplePeriod = config.samplePeriod;
      this.maxCompileJobs = config.maxCompileJobs;
      this.testStreaming = config.testStreaming;
    }

    /// Sets [EngineConfig#features].
    @CanIgnoreReturnValue
    public Builder features(WasmFeatures value) {
      this.features = value;
      return this;
    }

    /// Sets [EngineConfig#limits].
    @CanIgnoreReturnValue
    public Builder limits(WasmLimits value) {
      this.limits = value;
      return this;
    }

    /// Sets [EngineConfig#compileThreads].
    @CanIgnoreReturnValue
    public Builder compileThreads(int value) {
      this.compileThreads = value;
      return this;
    }

    /// Sets [EngineConfig#codeKind].
    @CanIgnoreReturnValue
    public Builder codeKind(CodeKind value) {
      this.codeKind = value;
      return this;
    }

    /// Sets [EngineConfig#methodBytes].
    @CanIgnoreReturnValue
    public Builder methodBytes(int value) {
      this.methodBytes = value;
      return this;
    }

    /// Sets [EngineConfig#vectorUse].
    @CanIgnoreReturnValue
    public Builder vectorUse(VectorUse value) {
      this.vectorUse = value;
      return this;
    }

    /// Sets [EngineConfig#stops].
    @CanIgnoreReturnValue
    public Builder stops(StopPolicy value) {
      this.stops = value;
      return this;
    }

    /// Sets [EngineConfig#maxPausedGuests].
    @CanIgnoreReturnValue
    public Builder maxPausedGuests(int value) {
      this.maxPausedGuests = value;
      return this;
    }

    /// Sets [EngineConfig#idleMemoryBytes].
    @CanIgnoreReturnValue
    public Builder idleMemoryBytes(long value) {
      this.idleMemoryBytes = value;
      return this;
    }

    /// Sets [EngineConfig#maxCompileJobs].
    @CanIgnoreReturnValue
    public Builder maxCompileJobs(int value) {
      this.maxCompileJobs = value;
      return this;
    }

    /// Sets [EngineConfig#testStreaming].
    @CanIgnoreReturnValue
    public Builder testStreaming(boolean value) {
      this.testStreaming = value;
      return this;
    }

    /// Adds one of [EngineConfig#listeners].
    @CanIgnoreReturnValue
    public Builder listener(EngineListener value) {
      this.listeners.add(value);
      return this;
    }

    /// Adds to [EngineConfig#profiles]: what it tells is had ready when the module is compiled.
    @CanIgnoreReturnValue
    public Builder profile(ExecutionProfile value) {
      this.profiles.put(value.module(), value);
      return this;
    }

    /// Sets [EngineConfig#persistence].
    @CanIgnoreReturnValue
    public Builder persistence(@Nullable Persistence value) {
      this.persistence = value;
      return this;
    }

    /// Sets [EngineConfig#tiers].
    @CanIgnoreReturnValue
    public Builder tiers(TierPolicy value) {
      this.tiers = value;
      return this;
    }

    /// Sets [EngineConfig#codeBytes].
    @CanIgnoreReturnValue
    public Builder codeBytes(long value) {
      this.codeBytes = value;
      return this;
    }

    /// Sets [EngineConfig#maxCodeCachePercent].
    @CanIgnoreReturnValue
    public Builder maxCodeCachePercent(int value) {
      this.maxCodeCachePercent = value;
      return this;
    }

    /// Sets [EngineConfig#stressCodeGc].
    @CanIgnoreReturnValue
    public Builder stressCodeGc(boolean value) {
      this.stressCodeGc = value;
      return this;
    }

    /// Sets [EngineConfig#samplePeriod].
    @CanIgnoreReturnValue
    public Builder samplePeriod(Duration value) {
      this.samplePeriod = value;
      return this;
    }

    /// Sets [EngineConfig#debugFiles].
    @CanIgnoreReturnValue
    public Builder debugFiles(DebugFileLoader value) {
      this.debugFiles = value;
      return this;
    }

    /// {@return the settings}
    ///
    /// @throws IllegalArgumentException if one of them is out of its range
    public EngineConfig build() {
      return new EngineConfig(this);
    }
  }
}
