package dev.cloister.sandbox.wast;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The host module `spectest` that the scripts of the specification import. Its table and memory
/// belong to one run of one script.
final class Spectest implements AutoCloseable {
  /// The name under which scripts import it.
  static final String NAME = "spectest";

  private static final @Nullable Object[] NO_RESULTS = new @Nullable Object[0];

  private final Map<String, Extern> exports = new HashMap<>();
  private final List<Memory> memories = new ArrayList<>();

  Spectest() {
    function("print");
    function("print_i32", I32);
    function("print_i64", I64);
    function("print_f32", F32);
    function("print_f64", F64);
    function("print_i32_f32", I32, F32);
    function("print_f64_f64", F64, F64);
    global("global_i32", I32, 666);
    global("global_i64", I64, 666L);
    global("global_f32", F32, 666.6f);
    global("global_f64", F64, 666.6);
    table("table", /* is64= */ false);
    table("table64", /* is64= */ true);
    memory("memory", /* shared= */ false);
    memory("shared_memory", /* shared= */ true);
  }

  @Nullable Extern export(String name) {
    return exports.get(name);
  }

  private void function(String name, ValueType... params) {
    FuncType type = new FuncType(List.of(params), List.of());
    exports.put(name, HostFunction.of(type, (_, _) -> NO_RESULTS));
  }

  private void global(String name, ValueType type, Object value) {
    exports.put(name, Global.create(new GlobalType(type, /* mutable= */ false), value));
  }

  private void table(String name, boolean is64) {
    Limits limits = new Limits(is64, 10, /* hasMax= */ true, 20);
    exports.put(
        name, Table.create(new TableType(RefType.FUNCREF, limits), null, HeapLimiter.UNLIMITED));
  }

  private void memory(String name, boolean shared) {
    MemoryType type = new MemoryType(Limits.of(1, 2), shared, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    Memory memory = Memory.create(type, HeapLimiter.UNLIMITED);
    memories.add(memory);
    exports.put(name, memory);
  }

  /// Gives up the memories. They live on in the stores of other threads that imported a shared one.
  @Override
  public void close() {
    memories.forEach(Memory::close);
  }
}
