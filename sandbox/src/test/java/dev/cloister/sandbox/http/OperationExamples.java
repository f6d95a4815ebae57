package dev.cloister.sandbox.http;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An example for each operation of the interface that needs more than its path: a body, other
/// names, an answer that is not a success. A new operation gets a line here.
final class OperationExamples {

  /// A request for an operation.
  ///
  /// @param body the body, null for none
  /// @param contentType its type
  /// @param path parts of the path that differ from the usual ones
  /// @param accept the header Accept, null for none
  /// @param status the expected status, 0 for any success
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Example(
      byte @Nullable [] body,
      @Nullable String contentType,
      Map<String, String> path,
      @Nullable String accept,
      int status) {

    static Example plain() {
      return new Example(null, null, Map.of(), null, 0);
    }

    static Example json(String json) {
      return new Example(
          json.getBytes(StandardCharsets.UTF_8), "application/json", Map.of(), null, 0);
    }

    Example at(String name, String value) {
      Map<String, String> copy = new LinkedHashMap<>(path);
      copy.put(name, value);
      return new Example(body, contentType, copy, accept, status);
    }

    Example accepting(String type) {
      return new Example(body, contentType, path, type, status);
    }

    Example expecting(int newStatus) {
      return new Example(body, contentType, path, accept, newStatus);
    }
  }

  private OperationExamples() {}

  /// Returns the examples by operationId. Operations that are not here are asked plainly.
  ///
  /// @param version the version of the plugin `math`
  static Map<String, Example> all(String version) {
    Map<String, Example> examples = new LinkedHashMap<>();
    String targets = "{\"targets\":[{\"version\":\"" + version + "\",\"weight\":100}]}";
    examples.put("handleHttp", Example.plain().at("plugin", "page").at("*", "index"));
    examples.put("callExport", Example.json("{\"args\":[1,2]}"));
    examples.put("runCommand", Example.plain().at("plugin", "say"));
    examples.put(
        "uploadPlugin",
        new Example(
            Modules.arithmetic("new"), "application/wasm", Map.of("plugin", "new"), null, 201));
    examples.put("deletePlugin", Example.plain().at("plugin", "doomed"));
    examples.put("putSettings", Example.json("{\"environment\":{\"A\":\"B\"}}"));
    examples.put("putAlias", Example.json(targets).at("alias", "canary"));
    examples.put("putTenant", Example.json("{\"limits\":{\"plugins\":9}}"));
    examples.put("deleteTenant", Example.plain().at("tenant", "doomed"));
    examples.put("suspendTenant", Example.plain().at("tenant", "other"));
    examples.put("resumeTenant", Example.plain().at("tenant", "other"));
    examples.put("putLimits", Example.json("{\"limits\":{\"plugins\":8}}"));
    examples.put("createKey", Example.json("{\"role\":\"invoker\"}"));
    examples.put("rotateOperatorKey", Example.plain().expecting(409));
    examples.put("putSignaturePolicy", Example.json("{\"mode\":\"off\",\"keys\":[]}"));
    examples.put("cancelCompileJob", Example.plain().at("job", "999999").expecting(404));
    examples.put("streamAudit", Example.plain().accepting("application/json"));
    examples.put("openSession", Example.json("{\"key\":\"" + TestServer.OPERATOR_KEY + "\"}"));
    examples.put("getConsoleFile", Example.plain().at("*", "none.js").expecting(404));
    examples.put("putCodeLogging", Example.json("{\"enabled\":true}"));
    examples.put("putDebugging", Example.json("{\"enabled\":false}"));
    examples.put("putTenantConfig", Example.json("{\"greeting\":\"hello\"}"));
    examples.put("putSecrets", Example.json("{\"token\":\"hidden\"}"));
    examples.put(
        "putPolicy", Example.json("{\"capabilities\":[],\"onMissingCapability\":\"park\"}"));
    examples.put("openDebugSession", Example.plain().expecting(426));
    return examples;
  }
}
