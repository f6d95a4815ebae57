package dev.cloister.sandbox.replay;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.sandbox.replay.TraceEvent.Callee;
import dev.cloister.sandbox.replay.TraceEvent.HostWrites;
import dev.cloister.sandbox.replay.TraceEvent.MemoryState;
import dev.cloister.sandbox.replay.TraceEvent.Write;
import dev.cloister.sandbox.wast.ActualValue;
import dev.cloister.sandbox.wast.MemoryDigest;
import dev.cloister.sandbox.wast.ScriptValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Plays the host of a recorded program: calls the module as the trace says, answers its imports
/// from the trace, and compares everything the module does with what it did then.
///
/// The trace fixes every decision of the host, so a difference is a fault of the engine. A wrong
/// value is reported and the play goes on; when the module does another thing altogether the play
/// is over and the rest of the trace is skipped.
///
/// Confined to the thread that plays. The module's stack and the player's are one: an import plays
/// the events up to its own return, calls among them.
public final class TracePlayer {
  private static final @Nullable Object[] NO_RESULTS = new @Nullable Object[0];

  private final List<TraceEvent> events;
  private final Consumer<String> onFailure;
  private @Nullable Instance instance;
  private @Nullable Memory importedMemory;
  private @Nullable RuntimeException endOfNestedCall;
  private int next;
  private int failed;
  private int lastFailed = -1;

  private TracePlayer(List<TraceEvent> events, Consumer<String> onFailure) {
    this.events = events;
    this.onFailure = onFailure;
  }

  /// Plays a whole trace against a fresh instance.
  ///
  /// @param store where the instance is made
  /// @param onFailure told of every difference, in one line
  /// @throws dev.cloister.sandbox.wast.ScriptException if `trace` is no trace
  public static ReplaySummary play(
      Path trace, ModuleHandle module, Store store, Consumer<String> onFailure) {
    return play(TraceReader.read(trace), module, store, onFailure);
  }

  static ReplaySummary play(
      List<TraceEvent> events, ModuleHandle module, Store store, Consumer<String> onFailure) {
    TracePlayer player = new TracePlayer(events, onFailure);
    player.play(module, store);
    int skipped = events.size() - player.next;
    return new ReplaySummary(player.next - player.failed, player.failed, skipped);
  }

  private void play(ModuleHandle module, Store store) {
    try {
      while (next < events.size() && events.get(next) instanceof TraceEvent.GlobalValue) {
        next++;
      }
      instance = module.instantiate(store, this::resolve);
      while (next < events.size()) {
        switch (events.get(next++)) {
          case TraceEvent.Call call -> call(call);
          case TraceEvent.TableGrow grow -> grow(grow);
          case TraceEvent.TableSet set -> set(set);
          case TraceEvent.End end -> throw new EndOfProgram(end.memory());
          case TraceEvent event -> throw new Divergence(event + " outside of a call");
        }
      }
      throw new Divergence("the trace has no end");
    } catch (EndOfProgram end) {
      compare(end.memory);
    } catch (Divergence divergence) {
      report(divergence.getMessage());
    } catch (WasmException fault) {
      report("the module to be instantiated, actual " + fault.getMessage());
    }
    if (next == 0) {
      // Not even the first event was reached; it is the one that failed.
      next = 1;
    }
  }

  private void call(TraceEvent.Call call) {
    apply(call.writes());
    FuncRef function = function(call.callee());
    @Nullable Object[] results;
    try {
      results = function.call(guestValues(call.arguments()));
    } catch (EndOfProgram | Divergence end) {
      throw end;
    } catch (TrapException trap) {
      endOfNestedCall = trap;
      expectEnd(TraceEvent.Trap.class, "trap '" + trap.getMessage() + "'");
      return;
    } catch (WasmException | HostFailure unwinding) {
      endOfNestedCall = unwinding;
      expectEnd(TraceEvent.Unwound.class, String.valueOf(unwinding.getMessage()));
      return;
    }
    endOfNestedCall = null;
    switch (consume()) {
      case TraceEvent.Return expected -> compare("results", expected.results(), results);
      case TraceEvent event ->
          throw new Divergence(
              event + ", actual return of " + ActualValue.describe(Arrays.asList(results)));
    }
  }

  private void expectEnd(Class<? extends TraceEvent> kind, String actual) {
    TraceEvent event = consume();
    if (!kind.isInstance(event)) {
      throw new Divergence(event + ", actual " + actual);
    }
  }

  private FuncRef function(Callee callee) {
    Object function =
        switch (callee) {
          case Callee.ByExport(String export) -> instance().export(export);
          case Callee.ByTable(String table, int index) -> table(table).get(index);
        };
    if (function instanceof FuncRef reference) {
      return reference;
    }
    throw new Divergence(callee + " to be a function, actual " + function);
  }

  /// The body of every imported function: the module must call this one now, with these arguments.
  private @Nullable Object[] importCalled(
      String module, String name, @Nullable Object[] arguments) {
    TraceEvent event = consume();
    String actual = "call of import " + module + " " + name;
    if (!(event instanceof TraceEvent.Import expected)
        || !expected.module().equals(module)
        || !expected.name().equals(name)) {
      throw new Divergence(event + ", actual " + actual);
    }
    compare("arguments of " + module + " " + name, expected.arguments(), arguments);
    while (true) {
      switch (consume()) {
        case TraceEvent.Call call -> call(call);
        case TraceEvent.TableGrow grow -> grow(grow);
        case TraceEvent.TableSet set -> set(set);
        case TraceEvent.Ret(List<ScriptValue> results, HostWrites writes) -> {
          apply(writes);
          return results.isEmpty() ? NO_RESULTS : guestValues(results);
        }
        case TraceEvent.Throw(HostWrites writes) -> {
          apply(writes);
          RuntimeException inner = endOfNestedCall;
          throw inner != null ? inner : new HostFailure();
        }
        case TraceEvent.End end -> throw new EndOfProgram(end.memory());
        case TraceEvent other -> throw new Divergence(other + " inside of " + actual);
      }
    }
  }

  private TraceEvent consume() {
    if (next == events.size()) {
      throw new Divergence("the end of the trace");
    }
    return events.get(next++);
  }

  private @Nullable Extern resolve(String module, String name, ExternType type) {
    return switch (type) {
      case FuncExternType function when function.type().composite() instanceof FuncType signature ->
          HostFunction.of(signature, (_, arguments) -> importCalled(module, name, arguments));
      case FuncExternType _, TagType _ -> null;
      case GlobalType global -> importedGlobal(module, name, global);
      case MemoryType memory -> {
        importedMemory = Memory.create(memory, HeapLimiter.UNLIMITED);
        yield importedMemory;
      }
      case TableType table -> Table.create(table, null, HeapLimiter.UNLIMITED);
    };
  }

  private @Nullable Extern importedGlobal(String module, String name, GlobalType type) {
    for (TraceEvent event : events) {
      if (event instanceof TraceEvent.GlobalValue global
          && global.module().equals(module)
          && global.name().equals(name)) {
        return Global.create(type, global.value().toGuest());
      }
    }
    return null;
  }

  private void apply(HostWrites host) {
    if (host.growPages() > 0 && memory().grow(host.growPages()) < 0) {
      report("the host to grow the memory by " + host.growPages() + " pages, actual refusal");
    }
    for (Write write : host.writes()) {
      memory().write(write.address(), write.bytes(), 0, write.bytes().length);
    }
  }

  private void grow(TraceEvent.TableGrow event) {
    if (table(event.table()).grow(null, event.delta()) < 0) {
      report(event + ", actual refusal");
    }
  }

  private void set(TraceEvent.TableSet event) {
    table(event.table()).set(event.index(), event.value().toGuest());
  }

  private void compare(@Nullable MemoryState expected) {
    if (expected == null) {
      return;
    }
    MemoryState actual = new MemoryState(memory().sizeBytes(), MemoryDigest.sha256(memory()));
    if (!actual.equals(expected)) {
      report(expected + ", actual " + actual);
    }
  }

  private void compare(String what, List<ScriptValue> expected, @Nullable Object[] actual) {
    boolean isEqual = expected.size() == actual.length;
    for (int i = 0; isEqual && i < actual.length; i++) {
      isEqual = isEqual(expected.get(i), actual[i]);
    }
    if (!isEqual) {
      report(what + " " + expected + ", actual " + ActualValue.describe(Arrays.asList(actual)));
    }
  }

  /// Any NaN equals any NaN.
  private static boolean isEqual(ScriptValue expected, @Nullable Object actual) {
    if (expected.matches(actual)) {
      return true;
    }
    return switch (actual) {
      case Float number when number.isNaN() -> expected.toGuest() instanceof Float f && f.isNaN();
      case Double number when number.isNaN() -> expected.toGuest() instanceof Double d && d.isNaN();
      case null, default -> false;
    };
  }

  private Instance instance() {
    Instance made = instance;
    if (made == null) {
      throw new Divergence("an instance before the module is instantiated");
    }
    return made;
  }

  private Memory memory() {
    Memory imported = importedMemory;
    if (imported != null) {
      return imported;
    }
    Memory memory = instance().memory(0);
    if (memory == null) {
      throw new Divergence("a memory");
    }
    return memory;
  }

  private Table table(String export) {
    if (instance().export(export) instanceof Table table) {
      return table;
    }
    throw new Divergence("an exported table '" + export + "'");
  }

  private static @Nullable Object[] guestValues(List<ScriptValue> values) {
    List<@Nullable Object> objects = new ArrayList<>(values.size());
    for (ScriptValue value : values) {
      objects.add(value.toGuest());
    }
    return objects.toArray();
  }

  private void report(@Nullable String difference) {
    if (lastFailed != next) {
      lastFailed = next;
      failed++;
    }
    onFailure.accept("event " + next + ": expected " + difference);
  }

  /// The trace ends, possibly in the middle of an import: the program exited.
  private static final class EndOfProgram extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable MemoryState memory;

    EndOfProgram(@Nullable MemoryState memory) {
      super("end of program", null, false, false);
      this.memory = memory;
    }
  }

  /// The module does another thing than recorded; nothing that follows can be compared.
  private static final class Divergence extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Divergence(String message) {
      super(message, null, false, false);
    }
  }

  /// The exception of the host that an import threw when the trace was recorded.
  private static final class HostFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    HostFailure() {
      super("exception of the host", null, false, false);
    }
  }
}
