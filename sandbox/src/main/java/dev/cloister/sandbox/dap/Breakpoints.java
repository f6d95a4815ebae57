package dev.cloister.sandbox.dap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.engine.debug.BreakCondition;
import dev.cloister.engine.debug.Breakpoint;
import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.sandbox.json.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The breakpoints of a session. Each request replaces all of its source or kind.
///
/// One of the client's can be several of the engine's: a line that has code in several places.
/// Confined to the session, but for [#idsOf].
final class Breakpoints {
  /// The most of the engine's that one of the client's may be.
  private static final int MAX_PLACES = 1_000;

  private final Debugger debugger;
  private final Sources sources;
  private final Map<String, List<Breakpoint>> byGroup = new HashMap<>();
  private final Map<Integer, Set<Integer>> ids = new ConcurrentHashMap<>();
  private int nextId = 1;

  Breakpoints(Debugger debugger, Sources sources) {
    this.debugger = debugger;
    this.sources = sources;
  }

  /// Returns the numbers by which the client knows one of the engine's, none if it is another
  /// session's. Any thread.
  Set<Integer> idsOf(Breakpoint breakpoint) {
    return ids.getOrDefault(breakpoint.id(), Set.of());
  }

  /// Handles `setBreakpoints`.
  ///
  /// @param lineBase the client's number of the first line
  ObjectNode setLines(Arguments arguments, int lineBase) {
    Arguments source = arguments.object("source");
    int reference = source.number("sourceReference", 0, Integer.MAX_VALUE, 0);
    String group = reference > 0 ? "text " + reference : "file " + source.text("path");
    removeGroup(group);
    ArrayNode answers = Json.nodes().arrayNode();
    for (Arguments wanted : arguments.list("breakpoints")) {
      int line = wanted.number("line", lineBase, Integer.MAX_VALUE) - lineBase + 1;
      @Nullable Line found =
          reference > 0 ? inText(reference, line) : inFile(source.text("path"), line);
      ObjectNode answer =
          found == null
              ? refused(answers, "no code at or behind this line in the tenant's modules")
              : set(answers, group, found.places());
      if (found != null) {
        answer.put("line", found.line() - 1 + lineBase);
      }
    }
    return Json.nodes().objectNode().set("breakpoints", answers);
  }

  /// Handles `setFunctionBreakpoints`: names of functions or exports.
  ObjectNode setFunctions(Arguments arguments) {
    String group = "functions";
    removeGroup(group);
    ArrayNode answers = Json.nodes().arrayNode();
    for (Arguments wanted : arguments.list("breakpoints")) {
      List<Place> places = functions(wanted.text("name"));
      if (places.isEmpty()) {
        refused(answers, "no function of the tenant's modules has this name");
      } else {
        set(answers, group, places);
      }
    }
    return Json.nodes().objectNode().set("breakpoints", answers);
  }

  /// Handles `setInstructionBreakpoints`.
  ObjectNode setInstructions(Arguments arguments) {
    String group = "instructions";
    removeGroup(group);
    ArrayNode answers = Json.nodes().arrayNode();
    for (Arguments wanted : arguments.list("breakpoints")) {
      int offset = wanted.number("offset", Integer.MIN_VALUE, Integer.MAX_VALUE, 0);
      @Nullable Place place = place(wanted.text("instructionReference"), offset);
      if (place == null) {
        refused(answers, "no such instruction; references are MODULE:OFFSET");
      } else {
        set(answers, group, List.of(place));
      }
    }
    return Json.nodes().objectNode().set("breakpoints", answers);
  }

  /// Handles `breakpointLocations`.
  ObjectNode locations(Arguments arguments, int lineBase) {
    Arguments source = arguments.object("source");
    int reference = source.number("sourceReference", 0, Integer.MAX_VALUE, 0);
    int from = arguments.number("line", lineBase, Integer.MAX_VALUE) - lineBase + 1;
    int last = arguments.number("endLine", lineBase, Integer.MAX_VALUE, from - 1 + lineBase);
    int to = last - lineBase + 1;
    ArrayNode locations = Json.nodes().arrayNode();
    if (reference > 0) {
      int end = Math.min(to, sources.text(reference).lineCount());
      for (int line = Math.max(from, 2); line <= end; line++) {
        locations.addObject().put("line", line - 1 + lineBase);
      }
    } else {
      Set<Integer> lines = new HashSet<>();
      for (DebugModule module : debugger.modules()) {
        LineIndex index = sources.index(module);
        @Nullable String file = Sources.match(index, source.text("path"));
        if (file != null) {
          lines.addAll(index.lines(file, from, to));
        }
      }
      lines.stream()
          .sorted()
          .forEach(line -> locations.addObject().put("line", line - 1 + lineBase));
    }
    return Json.nodes().objectNode().set("breakpoints", locations);
  }

  /// Removes all breakpoints of the session.
  void removeAll() {
    List.copyOf(byGroup.keySet()).forEach(this::removeGroup);
  }

  /// A place in the code of a module.
  private record Place(DebugModule module, int offset) {}

  /// A line that has code.
  private record Line(int line, List<Place> places) {}

  private @Nullable Line inText(int reference, int line) {
    FunctionText text = sources.text(reference);
    int offset = text.offsetOf(line);
    int position = offset < 0 ? -1 : text.module().breakableAt(offset);
    return position < 0
        ? null
        : new Line(text.lineOf(position), List.of(new Place(text.module(), position)));
  }

  private @Nullable Line inFile(String path, int line) {
    int nearest = Integer.MAX_VALUE;
    List<Place> places = new ArrayList<>();
    for (DebugModule module : debugger.modules()) {
      LineIndex index = sources.index(module);
      @Nullable String file = Sources.match(index, path);
      Map.@Nullable Entry<Integer, List<Integer>> found =
          file == null ? null : index.atOrBehind(file, line);
      if (found == null || found.getKey() > nearest) {
        continue;
      }
      if (found.getKey() < nearest) {
        nearest = found.getKey();
        places.clear();
      }
      found.getValue().forEach(offset -> places.add(new Place(module, offset)));
    }
    return places.isEmpty() ? null : new Line(nearest, places);
  }

  private List<Place> functions(String name) {
    List<Place> places = new ArrayList<>();
    for (DebugModule module : debugger.modules()) {
      WasmModule wasm = module.module();
      for (int i = wasm.importedFunctionCount(); i < wasm.functionCount(); i++) {
        int position = name.equals(nameOf(wasm, i)) ? module.breakableAt(wasm.bodyOffset(i)) : -1;
        if (position >= 0 && position < wasm.bodyEnd(i)) {
          places.add(new Place(module, position));
        }
      }
    }
    return places;
  }

  private static String nameOf(WasmModule module, int function) {
    @Nullable String name = module.functionName(function);
    return name == null ? "func[" + function + "]" : name;
  }

  private @Nullable Place place(String reference, int offset) {
    int colon = reference.indexOf(':');
    try {
      int id = Integer.parseInt(reference.substring(0, Math.max(colon, 0)));
      long at = Math.addExact(Integer.parseInt(reference.substring(colon + 1)), offset);
      for (DebugModule module : debugger.modules()) {
        int position = module.id() == id && at >= 0 ? module.breakableAt(at) : -1;
        if (position >= 0) {
          return new Place(module, position);
        }
      }
    } catch (NumberFormatException | ArithmeticException _) {
      // Falls through: it names no instruction.
    }
    return null;
  }

  private ObjectNode set(ArrayNode answers, String group, List<Place> places) {
    if (places.size() > MAX_PLACES) {
      return refused(answers, "more than " + MAX_PLACES + " places in the code");
    }
    int id = nextId++;
    for (Place place : places) {
      Breakpoint breakpoint = place.module.setBreakpoint(place.offset, BreakCondition.NONE);
      byGroup.computeIfAbsent(group, _ -> new ArrayList<>()).add(breakpoint);
      ids.computeIfAbsent(breakpoint.id(), _ -> ConcurrentHashMap.newKeySet()).add(id);
    }
    Place first = places.getFirst();
    return answers
        .addObject()
        .put("id", id)
        .put("verified", true)
        .put("instructionReference", first.module.id() + ":" + first.offset);
  }

  private ObjectNode refused(ArrayNode answers, String message) {
    return answers.addObject().put("id", nextId++).put("verified", false).put("message", message);
  }

  private void removeGroup(String group) {
    @Nullable List<Breakpoint> removed = byGroup.remove(group);
    if (removed != null) {
      for (Breakpoint breakpoint : removed) {
        boolean _ = debugger.remove(breakpoint);
        ids.remove(breakpoint.id());
      }
    }
  }
}
