package dev.cloister.sandbox.wast;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.runtime.Tag;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The host modules `fuzzing-support` and `__fuzz_import` that the modules of the differential fuzz
/// corpus import: logging, tags, and access to the module's exported table.
final class FuzzingSupport {
  /// The name of the module of functions and tags.
  static final String NAME = "fuzzing-support";

  /// The name of the module of globals.
  static final String GLOBALS_NAME = "__fuzz_import";

  private static final @Nullable Object[] NO_RESULTS = new @Nullable Object[0];
  private static final HostReference SOME_HOST_OBJECT = new HostReference(0);

  private final List<@Nullable Object> log = new ArrayList<>();
  private final Tag wasmTag = tag(NumType.I32);
  private final Tag jsTag = tag(RefType.EXTERNREF);

  /// What the module logged since the last [#clearLog].
  List<@Nullable Object> log() {
    return Collections.unmodifiableList(log);
  }

  void clearLog() {
    log.clear();
  }

  @Nullable Extern resolve(String module, String name, ExternType type) {
    return switch (module) {
      case NAME -> resolveSupport(name, type);
      case GLOBALS_NAME ->
          type instanceof GlobalType global ? Global.create(global, someValue(global)) : null;
      default -> null;
    };
  }

  private @Nullable Extern resolveSupport(String name, ExternType type) {
    return switch (name) {
      case "wasmtag" -> wasmTag;
      case "jstag" -> jsTag;
      case "throw" -> function(type, this::throwWasmException);
      case "table-get" -> function(type, FuzzingSupport::tableGet);
      case "table-set" -> function(type, FuzzingSupport::tableSet);
      default -> name.startsWith("log-") ? function(type, this::log) : null;
    };
  }

  private static @Nullable Extern function(ExternType type, HostFunction.Body body) {
    return type instanceof FuncExternType(DefinedType defined)
            && defined.composite() instanceof FuncType signature
        ? HostFunction.of(signature, body)
        : null;
  }

  private @Nullable Object[] log(Instance caller, @Nullable Object[] arguments) {
    Collections.addAll(log, arguments);
    return NO_RESULTS;
  }

  private @Nullable Object[] throwWasmException(Instance caller, @Nullable Object[] arguments) {
    throw ThrownException.create(caller.store(), wasmTag, arguments);
  }

  private static @Nullable Object[] tableGet(Instance caller, @Nullable Object[] arguments) {
    return new @Nullable Object[] {exportedTable(caller).get(index(arguments))};
  }

  private static @Nullable Object[] tableSet(Instance caller, @Nullable Object[] arguments) {
    Table table = exportedTable(caller);
    Object value = arguments[1];
    RefType element = table.type().element();
    boolean fits =
        value == null
            ? element.nullable()
            : value instanceof FuncRef function
                && Subtyping.isSubtype(RefType.of(false, function.type()), element);
    if (!fits) {
      throw new TrapException(TrapReason.CAST_FAILURE);
    }
    table.set(index(arguments), value);
    return NO_RESULTS;
  }

  private static int index(@Nullable Object[] arguments) {
    if (arguments[0] instanceof Integer index) {
      return index;
    }
    throw new IllegalStateException("not an index: " + arguments[0]);
  }

  private static Table exportedTable(Instance caller) {
    if (caller.export("table") instanceof Table table) {
      return table;
    }
    throw new TrapException(TrapReason.TABLE_OUT_OF_BOUNDS);
  }

  private static @Nullable Object someValue(GlobalType type) {
    return switch (type.valueType()) {
      case NumType.I32 -> 0;
      case NumType.I64 -> 0L;
      case NumType.F32 -> 0f;
      case NumType.F64 -> 0d;
      case VecType _ -> new V128(0, 0);
      case RefType reference ->
          reference.heapType() == AbstractHeapType.EXTERN ? SOME_HOST_OBJECT : null;
    };
  }

  private static Tag tag(ValueType payload) {
    return new Tag(new TagType(DefinedType.of(new FuncType(List.of(payload), List.of()))));
  }
}
