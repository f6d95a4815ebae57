package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.types.MemoryType;
import dev.cloister.isolate.imports.CloisterModule;
import dev.cloister.isolate.wasi.WasiPreview1;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A manifest of Extism: modules, and what their author chose for them.
///
/// Everything is in the document. What would be read from elsewhere (`path`, `url`,
/// `allowed_paths`) is refused, and so is what this does not know.
///
/// @param parts the modules in their order
/// @param settings the rest
public record ExtismManifest(List<Part> parts, ExtismSettings settings) {
  /// The media type of manifests.
  public static final String MEDIA_TYPE = "application/vnd.extism.manifest+json";

  private static final int MAX_PARTS = 32;
  private static final int MAX_NAME_LENGTH = 256;
  private static final int MAX_VALUES = 1_024;
  private static final int MAX_VALUE_CHARS = 1 << 20;
  private static final long MAX_BYTES = 1L << 40;
  private static final String MAIN = "main";

  /// A module of a manifest.
  ///
  /// @param index its place in the manifest
  /// @param name by which others import from it
  /// @param isMain whether its exports are called
  /// @param wireBytes the module
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public record Part(int index, String name, boolean isMain, byte[] wireBytes) {
    /// Where it is in the document.
    public String field() {
      return "wasm[" + index + "]";
    }
  }

  /// Copies `parts`.
  public ExtismManifest {
    parts = List.copyOf(parts);
  }

  /// Whether a stored plugin is a manifest; a module begins with another byte.
  public static boolean isManifest(byte[] bytes) {
    for (byte character : bytes) {
      if (character != ' ' && character != '\t' && character != '\r' && character != '\n') {
        return character == '{';
      }
    }
    return false;
  }

  /// Reads a JSON document.
  ///
  /// @throws ManifestException if it is no manifest, or one that cannot be used here
  public static ExtismManifest parse(byte[] document) {
    JsonObject manifest;
    try {
      manifest = new JsonObject(Buffer.buffer(document));
    } catch (DecodeException | ClassCastException e) {
      throw new ManifestException("", "not a JSON object: " + e.getMessage(), e);
    }
    JsonArray modules = new JsonArray();
    Map<String, String> config = Map.of();
    List<HostPattern> hosts = List.of(); // no list: no host
    JsonObject memory = new JsonObject();
    long timeoutMillis = ExtismSettings.UNLIMITED;
    for (String field : manifest.fieldNames()) {
      @Nullable Object value = manifest.getValue(field);
      switch (field) {
        case "wasm" -> modules = array(field, value);
        case "config" -> config = config(object(field, value));
        case "allowed_hosts" -> hosts = value == null ? List.of() : hosts(array(field, value));
        case "memory" -> memory = value == null ? memory : object(field, value);
        case "timeout_ms" -> timeoutMillis = number(field, value, timeoutMillis);
        case "allowed_paths" -> refusePaths(value);
        default -> throw unknown(field, "wasm, config, allowed_hosts, memory, timeout_ms");
      }
    }
    return new ExtismManifest(parts(modules), settings(config, hosts, memory, timeoutMillis));
  }

  private static ExtismSettings settings(
      Map<String, String> config, List<HostPattern> hosts, JsonObject memory, long timeoutMillis) {
    long pages = ExtismSettings.UNLIMITED;
    long responseBytes = ExtismSettings.DEFAULT_MAX_HTTP_RESPONSE_BYTES;
    long variableBytes = ExtismSettings.DEFAULT_MAX_VARIABLE_BYTES;
    for (String name : memory.fieldNames()) {
      String field = "memory." + name;
      @Nullable Object value = memory.getValue(name);
      switch (name) {
        case "max_pages" -> pages = number(field, value, pages);
        case "max_http_response_bytes" -> responseBytes = number(field, value, responseBytes);
        case "max_var_bytes" -> variableBytes = number(field, value, variableBytes);
        default -> throw unknown(field, "max_pages, max_http_response_bytes, max_var_bytes");
      }
    }
    return new ExtismSettings(
        config,
        hosts,
        responseBytes,
        variableBytes,
        pages == ExtismSettings.UNLIMITED ? pages : pages << MemoryType.DEFAULT_PAGE_SIZE_LOG2,
        timeoutMillis);
  }

  private static List<Part> parts(JsonArray modules) {
    if (modules.isEmpty() || modules.size() > MAX_PARTS) {
      throw new ManifestException(
          "wasm", "expected 1 to " + MAX_PARTS + " modules, got " + modules.size());
    }
    int main = mainIndex(modules);
    Set<String> names = new HashSet<>();
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < modules.size(); i++) {
      Part part = part(i, object("wasm[" + i + "]", modules.getValue(i)), i == main);
      if (!names.add(part.name())) {
        throw new ManifestException(part.field() + ".name", "a second \"" + part.name() + "\"");
      }
      parts.add(part);
    }
    return parts;
  }

  /// The one called so, else the last one.
  private static int mainIndex(JsonArray modules) {
    for (int i = 0; i < modules.size(); i++) {
      if (modules.getValue(i) instanceof JsonObject module
          && MAIN.equals(module.getValue("name"))) {
        return i;
      }
    }
    return modules.size() - 1;
  }

  private static Part part(int index, JsonObject module, boolean isMain) {
    String at = "wasm[" + index + "]";
    @Nullable String data = null;
    @Nullable String name = null;
    @Nullable String hash = null;
    for (String member : module.fieldNames()) {
      String field = at + "." + member;
      @Nullable Object value = module.getValue(member);
      switch (member) {
        case "data" -> data = text(field, value);
        case "name" -> name = value == null ? null : name(field, text(field, value));
        case "hash" -> hash = value == null ? null : text(field, value);
        case "path", "url", "method", "headers" ->
            throw new ManifestException(
                field, "modules are not read from elsewhere; send them in \"data\", as base64");
        default -> throw unknown(field, "data, name, hash");
      }
    }
    if (data == null) {
      throw new ManifestException(at + ".data", "is missing");
    }
    byte[] wireBytes = decode(at + ".data", data);
    String actual = sha256(wireBytes);
    if (hash != null && !hash.toLowerCase(Locale.ROOT).equals(actual)) {
      throw new ManifestException(
          at + ".hash", "the SHA-256 of the module is " + actual + ", not " + hash);
    }
    if (name == null) {
      name = isMain ? MAIN : actual;
    }
    return new Part(index, name, isMain, wireBytes);
  }

  private static String name(String field, String name) {
    if (name.isEmpty() || name.length() > MAX_NAME_LENGTH) {
      throw new ManifestException(
          field, "expected 1 to " + MAX_NAME_LENGTH + " characters, got " + name.length());
    }
    if (name.equals(ExtismEnvironment.MODULE_NAME)
        || WasiPreview1.isModuleName(name)
        || CloisterModule.isModuleName(name)) {
      throw new ManifestException(field, "\"" + name + "\" is a module of the host");
    }
    return name;
  }

  private static byte[] decode(String field, String data) {
    try {
      return Base64.getDecoder().decode(data);
    } catch (IllegalArgumentException e) {
      throw new ManifestException(field, "not base64: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> config(JsonObject object) {
    Map<String, String> config = new HashMap<>();
    long chars = 0;
    for (String name : object.fieldNames()) {
      String value = text("config." + name, object.getValue(name));
      config.put(name, value);
      chars += name.length() + value.length();
    }
    if (config.size() > MAX_VALUES || chars > MAX_VALUE_CHARS) {
      throw new ManifestException(
          "config",
          "expected at most "
              + MAX_VALUES
              + " values of "
              + MAX_VALUE_CHARS
              + " characters, got "
              + config.size()
              + " of "
              + chars);
    }
    return config;
  }

  private static List<HostPattern> hosts(JsonArray array) {
    if (array.size() > MAX_VALUES) {
      throw new ManifestException(
          "allowed_hosts", "expected at most " + MAX_VALUES + ", got " + array.size());
    }
    List<HostPattern> hosts = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      String field = "allowed_hosts[" + i + "]";
      String pattern = text(field, array.getValue(i));
      if (pattern.isEmpty() || pattern.length() > MAX_NAME_LENGTH) {
        throw new ManifestException(
            field, "expected 1 to " + MAX_NAME_LENGTH + " characters, got " + pattern.length());
      }
      hosts.add(new HostPattern(pattern));
    }
    return hosts;
  }

  private static void refusePaths(@Nullable Object value) {
    if (value != null && !object("allowed_paths", value).isEmpty()) {
      throw new ManifestException(
          "allowed_paths",
          "a manifest cannot ask for folders of the host; an operator grants them");
    }
  }

  private static ManifestException unknown(String field, String known) {
    return new ManifestException(field, "is unknown; known are " + known);
  }

  private static JsonObject object(String field, @Nullable Object value) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw new ManifestException(field, "expected an object");
  }

  private static JsonArray array(String field, @Nullable Object value) {
    if (value instanceof JsonArray array) {
      return array;
    }
    throw new ManifestException(field, "expected a list");
  }

  private static String text(String field, @Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new ManifestException(field, "expected a text");
  }

  /// A whole number that is not negative; `otherwise` for null.
  private static long number(String field, @Nullable Object value, long otherwise) {
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Integer || value instanceof Long) {
      long number = ((Number) value).longValue();
      if (number >= 0 && number <= MAX_BYTES) {
        return number;
      }
    }
    throw new ManifestException(
        field, "expected a whole number from 0 to " + MAX_BYTES + ", got " + value);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
