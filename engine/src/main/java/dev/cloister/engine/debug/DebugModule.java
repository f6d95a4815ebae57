package dev.cloister.engine.debug;

import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.codegen.DebugPositions;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.DebugSwitch;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A module as the debugger of one isolate knows it. Safe to use by any thread.
public final class DebugModule {
  private static final AtomicInteger NEXT_ID = new AtomicInteger();

  /// The most that [#possibleBreakpoints] answers.
  public static final int MAX_POSSIBLE = 100_000;

  private final Debugger debugger;
  private final NativeModule nativeModule;
  private final int id = NEXT_ID.incrementAndGet();
  private final DebugSwitch debugSwitch = new DebugSwitch();

  /// The breakpoints by their offsets. Replaced as a whole.
  private volatile Map<Integer, List<Breakpoint>> breakpoints = Map.of();

  /// The offsets of the breakpoints as guests look them up. Guarded by the debugger's lock.
  private Map<Integer, long[]> positions = Map.of();

  /// Whether the isolate has a handle of the module. Guarded by the debugger's lock.
  private boolean linked;

  DebugModule(Debugger debugger, NativeModule nativeModule) {
    this.debugger = debugger;
    this.nativeModule = nativeModule;
  }

  /// {@return a number from 1 on that no other module of any isolate has or had}
  public int id() {
    return id;
  }

  /// {@return the digest of the module}
  public ModuleHash hash() {
    return nativeModule.hash();
  }

  /// {@return how stack traces, logs and debuggers call the module}
  public String scriptUrl() {
    return nativeModule.scriptUrl().text();
  }

  /// {@return the module}
  public WasmModule module() {
    return nativeModule.module();
  }

  /// {@return where in its source text the instruction at a module offset came from, or null if
  /// that is not known} Reads debug information when it is first asked; not for threads that may
  /// not wait.
  public @Nullable SourcePosition sourceAt(int offset) {
    return nativeModule.sources().find(offset);
  }

  /// {@return whether the module says anything about its source text}
  public boolean hasSources() {
    return nativeModule.sources().symbols().isPresent();
  }

  /// {@return module offset of the first position at or behind `offset` where guests can pause, in
  /// the same function; -1 if there is none}
  public int breakableAt(long offset) {
    return DebugPositions.atOrBehind(module(), offset);
  }

  /// {@return module offsets where guests can pause, from `start` to before `end`, in order; at
  /// most [#MAX_POSSIBLE] of them}
  public int[] possibleBreakpoints(long start, long end) {
    return DebugPositions.between(module(), start, end, MAX_POSSIBLE);
  }

  /// Sets a breakpoint at the first position at or behind an offset.
  ///
  /// @param offset module offset, in a function or between two
  /// @throws IllegalArgumentException if there is no position
  /// @throws IllegalStateException if the isolate is not being debugged
  /// @throws dev.cloister.engine.error.LimitExceededException if the isolate has too many
  public Breakpoint setBreakpoint(long offset, BreakCondition condition) {
    int position = breakableAt(offset);
    if (position < 0) {
      throw new IllegalArgumentException("no instruction at or behind @+" + offset);
    }
    return debugger.setBreakpoint(hash(), position, condition);
  }

  /// Sets a breakpoint at the first position at or behind an offset of a function.
  ///
  /// @param functionIndex an own function
  /// @param offset relative to the beginning of its body, 0 being the first instruction's
  /// @throws IllegalArgumentException if there is no position in the function
  public Breakpoint setBreakpoint(int functionIndex, long offset, BreakCondition condition) {
    WasmModule module = module();
    if (functionIndex < module.importedFunctionCount() || functionIndex >= module.functionCount()) {
      throw new IllegalArgumentException("no own function " + functionIndex);
    }
    long at = module.bodyOffset(functionIndex) + offset;
    if (offset < 0 || at >= module.bodyEnd(functionIndex)) {
      throw new IllegalArgumentException(
          "no instruction at offset " + offset + " of function " + functionIndex);
    }
    return setBreakpoint(at, condition);
  }

  @Override
  public String toString() {
    return scriptUrl();
  }

  /// Called with the debugger's lock held.
  void link(boolean isLinked) {
    linked = isLinked;
  }

  /// Called with the debugger's lock held.
  boolean isLinked() {
    return linked;
  }

  /// {@return what the isolate's instances of the module look at}
  DebugSwitch debugSwitch() {
    return debugSwitch;
  }

  /// Called with the debugger's lock held.
  void useBreakpoints(Map<Integer, List<Breakpoint>> changed) {
    if (!changed.equals(breakpoints)) {
      breakpoints = changed;
      positions = DebugPositions.byFunction(module(), changed.keySet());
    }
  }

  /// Lets guests ask the debugger, at breakpoints and perhaps everywhere. Called with the
  /// debugger's lock held.
  ///
  /// @param isWatched whether they ask at each position
  void arm(boolean isWatched) {
    debugSwitch.set(frame -> debugger.positionReached(this, frame), isWatched, positions);
  }

  /// {@return the breakpoints at an offset}
  List<Breakpoint> breakpointsAt(int offset) {
    Map<Integer, List<Breakpoint>> now = breakpoints;
    return now.isEmpty() ? List.of() : now.getOrDefault(offset, List.of());
  }
}
