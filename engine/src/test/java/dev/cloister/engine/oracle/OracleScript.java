package dev.cloister.engine.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A script of the specification's test suite, run on the interpreter.
final class OracleScript {
  private static final long MAX_STEPS = 20_000_000;

  private final Path file;
  private final Oracle.Steps steps = new Oracle.Steps();
  private final Map<String, Oracle> names = new HashMap<>();
  private final Map<String, Oracle> registered = new HashMap<>();
  private final Map<String, WasmModule> definitions = new HashMap<>();
  private final Map<String, Object> spectest = spectest();
  private @Nullable Oracle current;

  /// What went wrong, one line each.
  final List<String> failures = new ArrayList<>();

  /// The number of assertions that held.
  int passed;

  /// The number of assertions about calls that the interpreter does not do.
  int skipped;

  OracleScript(Path file) {
    this.file = file;
    steps.maxDepth = 3_000;
  }

  private static Map<String, Object> spectest() {
    Map<String, Object> items = new HashMap<>();
    items.put("global_i32", global(NumType.I32, 666));
    items.put("global_i64", global(NumType.I64, 666L));
    items.put("global_f32", global(NumType.F32, new Guest.F32(Float.floatToIntBits(666.6f))));
    items.put("global_f64", global(NumType.F64, new Guest.F64(Double.doubleToLongBits(666.6))));
    items.put("table", table(Limits.of(10, 20)));
    items.put("table64", table(new Limits(true, 10, true, 20)));
    items.put("memory", new LinearMemory(MemoryType.of(Limits.of(1, 2))));
    return items;
  }

  private static Guest.Global global(NumType type, Object value) {
    return new Guest.Global(new GlobalType(type, false), value);
  }

  private static Guest.Table table(Limits limits) {
    Guest.Table table = new Guest.Table(new TableType(RefType.FUNCREF, limits));
    for (int i = 0; i < 10; i++) {
      table.elements.add(null);
    }
    return table;
  }

  private Object resolve(Import item) {
    if (item.module().equals("spectest")) {
      return item.type() instanceof FuncExternType function
          ? new Guest.Function(function.type(), _ -> List.<@Nullable Object>of())
          : Objects.requireNonNull(spectest.get(item.name()), item.name());
    }
    Oracle exporter = registered.get(item.module());
    if (exporter == null) {
      throw new UnsupportedOperationException("module " + item.module() + " is not there");
    }
    return exporter.export(item.name());
  }

  /// Executes a command; those about malformed and invalid modules are not for an interpreter.
  void run(JsonNode command) throws IOException {
    steps.left = MAX_STEPS;
    steps.depth = 0;
    String type = command.get("type").asText();
    try {
      switch (type) {
        case "module" -> {
          current = null;
          current = instantiate(decode(command));
          name(command, current);
        }
        case "module_definition" -> {
          if (command.has("name")) {
            definitions.put(command.get("name").asText(), decode(command));
          }
        }
        case "module_instance" -> {
          current = instantiate(definitions.get(command.get("module").asText()));
          names.put(command.get("instance").asText(), current);
        }
        case "register" ->
            registered.put(command.get("as").asText(), instance(command.get("name")));
        case "action" -> perform(command.get("action"));
        case "assert_return" -> {
          List<@Nullable Object> results = perform(command.get("action"));
          check(ScriptValues.match(results, command.get("expected")), command, results);
        }
        case "assert_trap", "assert_exception" -> {
          List<@Nullable Object> results = perform(command.get("action"));
          check(false, command, results);
        }
        case "assert_uninstantiable" -> {
          instantiate(decode(command));
          check(false, command, "an instance");
        }
        default -> {}
      }
    } catch (Guest.Trap trap) {
      boolean isExpected = type.equals("assert_trap") || type.equals("assert_uninstantiable");
      check(isExpected && fits(trap, command.get("text").asText()), command, trap.reason.text());
    } catch (Guest.Thrown thrown) {
      check(type.equals("assert_exception"), command, "exception " + thrown.values);
    } catch (Guest.TooLong | UnsupportedOperationException | StackOverflowError e) {
      skipped++;
    }
  }

  private static boolean fits(Guest.Trap trap, String text) {
    String reason = trap.reason.text();
    return text.startsWith(reason)
        || reason.startsWith(text)
        || (reason.startsWith("null ") && text.startsWith("null "));
  }

  private void check(boolean holds, JsonNode command, Object actual) {
    if (holds) {
      passed++;
    } else {
      failures.add(
          file.getFileName() + ":" + command.get("line") + " " + command + " got " + actual);
    }
  }

  private WasmModule decode(JsonNode command) throws IOException {
    if (!command.get("module_type").asText().equals("binary")) {
      throw new UnsupportedOperationException("text");
    }
    byte[] bytes = Files.readAllBytes(file.resolveSibling(command.get("filename").asText()));
    return ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
  }

  private Oracle instantiate(@Nullable WasmModule module) {
    if (module == null) {
      throw new UnsupportedOperationException("no such definition");
    }
    return Oracle.instantiate(module, steps, this::resolve);
  }

  private void name(JsonNode command, Oracle instance) {
    if (command.has("name")) {
      names.put(command.get("name").asText(), instance);
    }
  }

  private Oracle instance(@Nullable JsonNode name) {
    Oracle found = name == null ? current : names.get(name.asText());
    if (found == null) {
      throw new UnsupportedOperationException("no such instance");
    }
    return found;
  }

  private List<@Nullable Object> perform(JsonNode action) {
    Object item = instance(action.get("module")).export(action.get("field").asText());
    if (item instanceof Guest.Global global) {
      return Collections.singletonList(global.value);
    }
    return Interpreter.call((Guest.Function) item, ScriptValues.read(action.get("args")));
  }
}
