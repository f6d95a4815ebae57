package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.ElementSegment;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An instance of a module that is interpreted (Spec 4.2.5, 4.5.4): what the engine is compared
/// with.
///
/// Slow and simple on purpose. It shares the decoder, the types and subtyping with the engine, and
/// nothing of what executes. Legacy exceptions and threads are left out.
final class Oracle {
  /// What a module imports: a [Guest.Function], [Guest.Table], [LinearMemory], [Guest.Global] or
  /// [Guest.Tag].
  @FunctionalInterface
  interface Imports {
    Object resolve(Import item);
  }

  final WasmModule module;
  final Steps steps;
  final List<Guest.Function> functions = new ArrayList<>();
  final List<Guest.Table> tables = new ArrayList<>();
  final List<LinearMemory> memories = new ArrayList<>();
  final List<Guest.Global> globals = new ArrayList<>();
  final List<Guest.Tag> tags = new ArrayList<>();
  final List<List<@Nullable Object>> elements = new ArrayList<>();
  final List<byte[]> data = new ArrayList<>();
  private final Map<Integer, Body> bodies = new HashMap<>();

  /// Counts steps and calls, to end what does not end by itself. Shared by instances that call each
  /// other.
  static final class Steps {
    long left = Long.MAX_VALUE;

    /// What was executed in units of [dev.cloister.engine.runtime.Fuel].
    long fuel;

    int maxDepth = 300;
    int depth;

    void step() {
      if (--left < 0) {
        throw new Guest.TooLong("steps");
      }
    }

    void enter() {
      if (++depth > maxDepth) {
        throw new Guest.TooLong("depth of calls");
      }
    }

    void exit() {
      depth--;
    }
  }

  private Oracle(WasmModule module, Steps steps) {
    this.module = module;
    this.steps = steps;
  }

  /// Makes an instance and runs its start function.
  ///
  /// @throws Guest.Trap as for the engine
  static Oracle instantiate(WasmModule module, Steps steps, Imports imports) {
    Oracle instance = new Oracle(module, steps);
    instance.link(imports);
    instance.allocate();
    instance.initialise();
    return instance;
  }

  private void link(Imports imports) {
    for (Import item : module.imports()) {
      switch (imports.resolve(item)) {
        case Guest.Function function -> functions.add(function);
        case Guest.Table table -> tables.add(table);
        case LinearMemory memory -> memories.add(memory);
        case Guest.Global global -> globals.add(global);
        case Guest.Tag tag -> tags.add(tag);
        case Object other -> throw new IllegalStateException("no import: " + other);
      }
    }
  }

  private void allocate() {
    for (int i = functions.size(); i < module.functionCount(); i++) {
      functions.add(new Guest.Function(module.functionType(i), this, i));
    }
    for (int i = memories.size(); i < module.memoryCount(); i++) {
      memories.add(new LinearMemory(module.memoryType(i)));
    }
    for (int i = tags.size(); i < module.tagCount(); i++) {
      tags.add(new Guest.Tag(module.tagType(i)));
    }
    for (int i = globals.size(); i < module.globalCount(); i++) {
      globals.add(new Guest.Global(module.globalType(i), evaluate(module.globalInit(i))));
    }
    for (int i = tables.size(); i < module.tableCount(); i++) {
      Guest.Table table = new Guest.Table(module.tableType(i));
      ConstExpr init = module.tableInit(i);
      Object initial = init == null ? null : evaluate(init);
      for (long j = 0; j < table.type.limits().min(); j++) {
        table.elements.add(initial);
      }
      tables.add(table);
    }
  }

  private void initialise() {
    for (ElementSegment segment : module.elements()) {
      List<@Nullable Object> values = new ArrayList<>();
      int[] indices = segment.functionIndices();
      List<ConstExpr> expressions = segment.expressions();
      if (indices != null) {
        for (int index : indices) {
          values.add(functions.get(index));
        }
      } else if (expressions != null) {
        expressions.forEach(expression -> values.add(evaluate(expression)));
      }
      elements.add(values);
    }
    for (DataSegment segment : module.data()) {
      data.add(module.wireBytes().copy(segment.dataOffset(), segment.dataLength()));
    }
    for (int i = 0; i < elements.size(); i++) {
      ElementSegment segment = module.elements().get(i);
      ConstExpr offset = segment.offset();
      if (offset != null) {
        List<@Nullable Object> values = elements.get(i);
        Guest.Table table = tables.get(segment.tableIndex());
        Tables.init(table, address(evaluate(offset)), values, 0, values.size());
      }
      if (segment.mode() != ElementSegment.Mode.PASSIVE) {
        elements.set(i, List.of());
      }
    }
    for (int i = 0; i < data.size(); i++) {
      DataSegment segment = module.data().get(i);
      ConstExpr offset = segment.offset();
      if (offset != null) {
        LinearMemory memory = memories.get(segment.memoryIndex());
        int to = memory.checked(address(evaluate(offset)), 0, segment.dataLength());
        System.arraycopy(data.get(i), 0, memory.bytes, to, segment.dataLength());
        data.set(i, new byte[0]);
      }
    }
    if (module.startFunction() >= 0) {
      Interpreter.call(functions.get(module.startFunction()), List.of());
    }
  }

  /// An address as it is on the operand stack, as an unsigned number.
  static long address(@Nullable Object value) {
    return switch (value) {
      case Integer i -> Integer.toUnsignedLong(i);
      case Long l -> l;
      case null, default -> throw new IllegalStateException("no address: " + value);
    };
  }

  private @Nullable Object evaluate(ConstExpr expression) {
    FuncType type = new FuncType(List.of(), List.of(NumType.I32));
    return new Interpreter(this, Body.ofConstant(module, expression), type, List.of())
        .run()
        .getFirst();
  }

  Body body(int function) {
    return bodies.computeIfAbsent(function, f -> Body.ofFunction(module, f));
  }

  /// Returns what is exported under a name.
  Object export(String name) {
    for (Export export : module.exports()) {
      if (export.name().equals(name)) {
        return switch (export.kind()) {
          case FUNCTION -> functions.get(export.index());
          case TABLE -> tables.get(export.index());
          case MEMORY -> memories.get(export.index());
          case GLOBAL -> globals.get(export.index());
          case TAG -> tags.get(export.index());
        };
      }
    }
    throw new IllegalArgumentException("no such export: " + name);
  }

  /// A range of a table, array or segment, which must lie within.
  ///
  /// @return its start
  static int range(long from, long length, long size, TrapReason reason) {
    if (Long.compareUnsigned(from, size) > 0
        || Long.compareUnsigned(length, size) > 0
        || from + length > size) {
      throw new Guest.Trap(reason);
    }
    return (int) from;
  }
}
