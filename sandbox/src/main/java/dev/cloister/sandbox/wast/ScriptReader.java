package dev.cloister.sandbox.wast;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.sandbox.wast.ScriptCommand.Action;
import dev.cloister.sandbox.wast.ScriptCommand.ModuleFile;
import dev.cloister.sandbox.wast.ScriptCommand.StateOf;
import dev.cloister.sandbox.wast.ScriptCommand.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads scripts in the JSON form of `wast2json`, with the additions of the corpora.
final class ScriptReader {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ScriptReader() {}

  /// Whether `file` looks like a script: a JSON object with an array `commands` at its top.
  static boolean isScript(Path file) throws IOException {
    try (var input = Files.newInputStream(file);
        JsonParser parser = MAPPER.createParser(input)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("commands")) {
          return value == JsonToken.START_ARRAY;
        }
        parser.skipChildren();
      }
      return false;
    }
  }

  /// Reads one script.
  ///
  /// @throws ScriptException if `file` is no script
  static Script read(Path file) {
    JsonNode root;
    try {
      root = MAPPER.readTree(file.toFile());
    } catch (IOException fault) {
      throw new ScriptException(file + ": " + fault.getMessage(), fault);
    }
    if (!root.path("commands").isArray()) {
      throw new ScriptException(file + ": not a script: no array 'commands'");
    }
    try {
      boolean isRecorded = root.path("source_filename").asText().endsWith(".wasm");
      return new Script(file, isRecorded, commands(root.path("commands")));
    } catch (ScriptException fault) {
      throw new ScriptException(file + ": " + fault.getMessage(), fault);
    }
  }

  private static List<ScriptCommand> commands(JsonNode array) {
    List<ScriptCommand> commands = new ArrayList<>(array.size());
    for (JsonNode node : array) {
      List<ScriptValue> log = node.has("log") ? ValueReader.values(node.path("log")) : null;
      commands.add(
          new ScriptCommand(node.path("line").asInt(), text(node, "type"), step(node), log));
    }
    return commands;
  }

  private static Step step(JsonNode node) {
    return switch (text(node, "type")) {
      case "module" -> new Step.Module(optionalText(node, "name"), module(node));
      case "module_definition" ->
          new Step.ModuleDefinition(optionalText(node, "name"), module(node));
      case "module_instance" ->
          new Step.ModuleInstance(optionalText(node, "instance"), optionalText(node, "module"));
      case "register" -> new Step.Register(optionalText(node, "name"), text(node, "as"));
      case "action" -> new Step.Perform(action(node));
      case "assert_return" ->
          new Step.AssertReturn(action(node), ValueReader.values(node.path("expected")));
      case "assert_trap" -> new Step.AssertTrap(action(node), text(node, "text"));
      case "assert_exhaustion" -> new Step.AssertExhaustion(action(node), text(node, "text"));
      case "assert_exception" -> new Step.AssertException(action(node));
      case "assert_suspension" -> new Step.AssertSuspension(action(node), text(node, "text"));
      case "assert_invalid" -> new Step.AssertInvalid(module(node), text(node, "text"));
      case "assert_malformed" -> new Step.AssertMalformed(module(node), text(node, "text"));
      case "assert_malformed_custom", "assert_invalid_custom" ->
          new Step.AssertCustom(module(node), text(node, "text"));
      case "assert_unlinkable" -> new Step.AssertUnlinkable(module(node), text(node, "text"));
      case "assert_uninstantiable" ->
          new Step.AssertUninstantiable(module(node), text(node, "text"));
      case "assert_state" -> new Step.AssertState(states(node));
      case "thread" ->
          new Step.StartThread(
              text(node, "name"),
              optionalText(node, "shared_module"),
              commands(node.path("commands")));
      case "wait" -> new Step.AwaitThread(text(node, "thread"));
      default -> new Step.Unknown();
    };
  }

  private static ModuleFile module(JsonNode node) {
    return new ModuleFile(text(node, "filename"), node.path("module_type").asText().equals("text"));
  }

  private static Action action(JsonNode command) {
    JsonNode action = command.path("action");
    String module = optionalText(action, "module");
    String field = text(action, "field");
    return switch (text(action, "type")) {
      case "invoke" -> new Action.Invoke(module, field, ValueReader.values(action.path("args")));
      case "get" -> new Action.Get(module, field);
      case String other -> throw new ScriptException("unknown action '" + other + "'");
    };
  }

  private static List<StateOf> states(JsonNode node) {
    List<StateOf> states = new ArrayList<>();
    for (Map.Entry<String, JsonNode> memory : node.path("memories").properties()) {
      states.add(
          new StateOf.OfMemory(
              memory.getKey(),
              memory.getValue().path("bytes").asLong(),
              text(memory.getValue(), "sha256")));
    }
    for (Map.Entry<String, JsonNode> global : node.path("globals").properties()) {
      states.add(new StateOf.OfGlobal(global.getKey(), ValueReader.value(global.getValue())));
    }
    for (Map.Entry<String, JsonNode> table : node.path("tables").properties()) {
      states.add(new StateOf.OfTable(table.getKey(), table.getValue().path("length").asLong()));
    }
    return List.copyOf(states);
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw new ScriptException(
          "line " + node.path("line").asInt() + ": no string '" + field + "'");
    }
    return value.textValue();
  }

  private static @Nullable String optionalText(JsonNode node, String field) {
    return node.path(field).textValue();
  }
}
