package dev.cloister.sandbox.dap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.engine.debug.CodeRange;
import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.debug.PausedFrame;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.sandbox.json.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The source texts of a session: files that debug information names, which the client has, and
/// functions as text, which it asks for by number. Confined to the session.
final class Sources {
  private final Debugger debugger;
  private final Map<Integer, LineIndex> indexes = new HashMap<>();
  private final NavigableMap<Integer, FunctionText> texts = new TreeMap<>();
  private final Map<List<Integer>, Integer> references = new HashMap<>();

  Sources(Debugger debugger) {
    this.debugger = debugger;
  }

  /// Where a frame is, for people.
  ///
  /// @param source the protocol's `Source`
  /// @param line from 1
  /// @param column from 1
  record Place(ObjectNode source, int line, int column) {}

  /// Returns where a frame is: in its source file if that is known, else in its instructions.
  Place place(PausedFrame frame) {
    @Nullable SourcePosition position = frame.module().sourceAt(frame.offset());
    if (position != null) {
      return new Place(file(position.file()), position.line(), Math.max(position.column(), 1));
    }
    int reference = reference(frame.module(), frame.functionIndex());
    FunctionText text = text(reference);
    return new Place(source(reference), text.lineOf(frame.offset()), 1);
  }

  /// Returns the text behind a reference.
  FunctionText text(int reference) {
    @Nullable FunctionText text = texts.get(reference);
    if (text == null) {
      throw new RequestFailure("there is no source with the reference " + reference);
    }
    return text;
  }

  /// Returns the protocol's `Source` of a function's text.
  ObjectNode source(int reference) {
    FunctionText text = text(reference);
    return Json.nodes()
        .objectNode()
        .put("name", text.name())
        .put("path", text.path())
        .put("sourceReference", reference);
  }

  /// Returns all sources that are known now.
  List<ObjectNode> all() {
    List<ObjectNode> sources = new ArrayList<>();
    for (DebugModule module : debugger.modules()) {
      index(module).files().forEach(name -> sources.add(file(name)));
    }
    texts.keySet().forEach(reference -> sources.add(source(reference)));
    return sources;
  }

  /// Returns what the debug information of a module says of lines.
  LineIndex index(DebugModule module) {
    return indexes.computeIfAbsent(module.id(), _ -> LineIndex.of(module));
  }

  /// Returns the name that debug information has for the file that a client calls `path`: the same,
  /// or one of which either is the end of the other, at the border of a folder.
  static @Nullable String match(LineIndex index, String path) {
    if (index.files().contains(path)) {
      return path;
    }
    for (String file : index.files()) {
      if (isTail(path, file) || isTail(file, path)) {
        return file;
      }
    }
    return null;
  }

  /// Returns the code around `offset` that came from the same line, which a step of a line runs
  /// through.
  List<CodeRange> lineAround(PausedFrame frame) {
    DebugModule module = frame.module();
    @Nullable SourcePosition line = module.sourceAt(frame.offset());
    if (line == null) {
      return List.of();
    }
    int function = frame.functionIndex();
    int end = module.module().bodyEnd(function);
    int[] positions = module.possibleBreakpoints(module.module().bodyOffset(function), end);
    List<CodeRange> ranges = new ArrayList<>();
    for (int i = 0; i < positions.length; i++) {
      @Nullable SourcePosition here = module.sourceAt(positions[i]);
      // What came from no line belongs to the line before.
      if (here == null || LineIndex.isSameLine(here, line)) {
        int next = i + 1 < positions.length ? positions[i + 1] : end;
        add(ranges, new CodeRange(module.id(), positions[i], next));
      }
    }
    return ranges;
  }

  private static void add(List<CodeRange> ranges, CodeRange range) {
    if (!ranges.isEmpty() && ranges.getLast().end() == range.start()) {
      ranges.set(
          ranges.size() - 1, new CodeRange(range.module(), ranges.getLast().start(), range.end()));
    } else {
      ranges.add(range);
    }
  }

  private int reference(DebugModule module, int functionIndex) {
    return references.computeIfAbsent(
        List.of(module.id(), functionIndex),
        _ -> {
          int reference = texts.size() + 1;
          texts.put(reference, FunctionText.of(module, functionIndex));
          return reference;
        });
  }

  private static ObjectNode file(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return Json.nodes().objectNode().put("name", name).put("path", path);
  }

  private static boolean isTail(String path, String tail) {
    String normal = tail.startsWith("./") ? tail.substring(2) : tail;
    return !normal.isEmpty() && path.endsWith("/" + normal);
  }
}
