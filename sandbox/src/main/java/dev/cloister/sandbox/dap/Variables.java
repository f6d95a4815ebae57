package dev.cloister.sandbox.dap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.engine.debug.PausedFrame;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.ValueType;
import dev.cloister.sandbox.dap.References.Holder;
import dev.cloister.sandbox.dap.References.Kind;
import dev.cloister.sandbox.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What frames and objects of paused guests have, as the protocol's scopes and variables. Confined
/// to the session.
final class Variables {
  /// The most variables of one answer.
  private static final int MAX_VARIABLES = 10_000;

  private static final String LOCAL = "local";
  private static final String OPERAND = "operand";
  private static final String GLOBAL = "global";

  private final References references;

  Variables(References references) {
    this.references = references;
  }

  /// Returns the scopes of a frame.
  ArrayNode scopes(PausedFrame frame) {
    ArrayNode scopes = Json.nodes().arrayNode();
    scope(scopes, "Locals", Kind.LOCALS, frame, frame.localCount())
        .put("presentationHint", LOCAL + "s");
    scope(scopes, "Operands", Kind.OPERANDS, frame, frame.operandCount());
    scope(scopes, "Globals", Kind.GLOBALS, frame, frame.globalCount());
    return scopes;
  }

  private ObjectNode scope(ArrayNode scopes, String name, Kind kind, PausedFrame frame, int count) {
    return scopes
        .addObject()
        .put("name", name)
        .put("variablesReference", references.of(new Holder(frame, kind, null)))
        .put("indexedVariables", count)
        .put("expensive", false);
  }

  /// Returns variables.
  ///
  /// @param start the first
  /// @param count how many, 0 for all; never more than ten thousand
  ArrayNode list(Holder holder, int start, int count) {
    int end = end(size(holder), start, count);
    ArrayNode variables = Json.nodes().arrayNode();
    for (int i = start; i < end; i++) {
      @Nullable Object value = value(holder, i);
      ObjectNode variable =
          variables.addObject().put("name", name(holder, i)).put("value", ValueText.of(value));
      if (holder.kind() == Kind.LOCALS) {
        variable.put("type", holder.frame().localType(i).toString());
      }
      variable.put("variablesReference", objectReference(holder.frame(), value));
    }
    return variables;
  }

  /// Sets a variable and returns its new value as text.
  String set(Holder holder, String name, String text) {
    PausedFrame frame = holder.frame();
    int index = index(holder, name);
    @Nullable Object before = value(holder, index);
    Object value = ValueText.parse(text, type(holder, index, before));
    switch (holder.kind()) {
      case LOCALS -> frame.setLocal(index, value);
      case OPERANDS -> frame.setOperand(index, value);
      case GLOBALS -> frame.setGlobal(index, value);
      case OBJECT -> setElement(frame, holder.object(), index, value);
    }
    return ValueText.of(value(holder, index));
  }

  private static void setElement(
      PausedFrame frame, @Nullable Object object, int index, Object value) {
    switch (object) {
      case WasmStruct structure -> frame.setField(structure, index, value);
      case WasmArray array -> frame.setElement(array, index, value);
      case null, default -> throw new IllegalStateException("not an object with variables");
    }
  }

  private static int end(int size, int start, int count) {
    if (start > size) {
      throw new RequestFailure("there are " + size + " variables, none at " + start);
    }
    int most = count == 0 ? MAX_VARIABLES : Math.min(count, MAX_VARIABLES);
    return Math.min(size, start + most);
  }

  private static int size(Holder holder) {
    PausedFrame frame = holder.frame();
    return switch (holder.kind()) {
      case LOCALS -> frame.localCount();
      case OPERANDS -> frame.operandCount();
      case GLOBALS -> frame.globalCount();
      case OBJECT ->
          switch (holder.object()) {
            case WasmStruct structure -> frame.fields(structure).size();
            case WasmArray array -> array.length();
            case null, default -> 0;
          };
    };
  }

  private static @Nullable Object value(Holder holder, int index) {
    PausedFrame frame = holder.frame();
    return switch (holder.kind()) {
      case LOCALS -> frame.local(index);
      case OPERANDS -> frame.operand(index);
      case GLOBALS -> frame.global(index);
      case OBJECT ->
          switch (holder.object()) {
            case WasmStruct structure -> frame.fields(structure).get(index);
            case WasmArray array -> frame.elements(array, index, 1).getFirst();
            case null, default -> throw new IllegalStateException("not an object with variables");
          };
    };
  }

  /// The type of what is there: as declared, or that of the value that it has.
  private static ValueType type(Holder holder, int index, @Nullable Object value) {
    PausedFrame frame = holder.frame();
    return switch (holder.kind()) {
      case LOCALS -> frame.localType(index);
      case GLOBALS -> frame.module().module().globalType(index).valueType();
      case OPERANDS, OBJECT -> ValueText.typeOf(value);
    };
  }

  private static String name(Holder holder, int index) {
    return switch (holder.kind()) {
      case LOCALS -> LOCAL + index;
      case OPERANDS -> OPERAND + index;
      case GLOBALS -> GLOBAL + index;
      case OBJECT -> Integer.toString(index);
    };
  }

  private static int index(Holder holder, String name) {
    String prefix = name(holder, 0).replace("0", "");
    if (name.startsWith(prefix)) {
      try {
        int index = Integer.parseInt(name.substring(prefix.length()));
        if (index >= 0 && index < size(holder)) {
          return index;
        }
      } catch (NumberFormatException _) {
        // Falls through: no variable is called so.
      }
    }
    throw new RequestFailure("there is no variable " + name);
  }

  private int objectReference(PausedFrame frame, @Nullable Object value) {
    boolean hasVariables = value instanceof WasmStruct || value instanceof WasmArray;
    return hasVariables ? references.of(new Holder(frame, Kind.OBJECT, value)) : 0;
  }

  /// Returns the value of an expression that is the name of a variable.
  ObjectNode evaluate(PausedFrame frame, String expression) {
    for (Kind kind : List.of(Kind.LOCALS, Kind.OPERANDS, Kind.GLOBALS)) {
      Holder holder = new Holder(frame, kind, null);
      String prefix = name(holder, 0).replace("0", "");
      if (expression.startsWith(prefix)) {
        @Nullable Object value = value(holder, index(holder, expression));
        return Json.nodes()
            .objectNode()
            .put("result", ValueText.of(value))
            .put("variablesReference", objectReference(frame, value));
      }
    }
    throw new RequestFailure("only variables can be evaluated, such as local0, operand0, global0");
  }
}
