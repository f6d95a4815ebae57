package dev.cloister.isolate.abi.extism;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ExtismFunctionTest {
  /// The types of Extism's kernel and runtime.
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("alloc", "[i64] -> [i64]"),
          Map.entry("free", "[i64] -> []"),
          Map.entry("length", "[i64] -> [i64]"),
          Map.entry("length_unsafe", "[i64] -> [i64]"),
          Map.entry("load_u8", "[i64] -> [i32]"),
          Map.entry("load_u64", "[i64] -> [i64]"),
          Map.entry("store_u8", "[i64 i32] -> []"),
          Map.entry("store_u64", "[i64 i64] -> []"),
          Map.entry("input_set", "[i64 i64] -> []"),
          Map.entry("input_offset", "[] -> [i64]"),
          Map.entry("input_length", "[] -> [i64]"),
          Map.entry("input_load_u8", "[i64] -> [i32]"),
          Map.entry("input_load_u64", "[i64] -> [i64]"),
          Map.entry("output_set", "[i64 i64] -> []"),
          Map.entry("output_offset", "[] -> [i64]"),
          Map.entry("output_length", "[] -> [i64]"),
          Map.entry("error_set", "[i64] -> []"),
          Map.entry("error_get", "[] -> [i64]"),
          Map.entry("reset", "[] -> []"),
          Map.entry("memory_bytes", "[] -> [i64]"),
          Map.entry("config_get", "[i64] -> [i64]"),
          Map.entry("var_get", "[i64] -> [i64]"),
          Map.entry("var_set", "[i64 i64] -> []"),
          Map.entry("http_request", "[i64 i64] -> [i64]"),
          Map.entry("http_status_code", "[] -> [i32]"),
          Map.entry("http_headers", "[] -> [i64]"),
          Map.entry("log_trace", "[i64] -> []"),
          Map.entry("log_debug", "[i64] -> []"),
          Map.entry("log_info", "[i64] -> []"),
          Map.entry("log_warn", "[i64] -> []"),
          Map.entry("log_error", "[i64] -> []"),
          Map.entry("get_log_level", "[] -> [i32]"));

  @Test
  void table_hasAllFunctionsWithTheirTypes() {
    Map<String, String> types = new TreeMap<>();
    for (ExtismFunction function : ExtismFunction.values()) {
      types.put(function.functionName(), function.type().toString());
    }

    assertThat(types).hasSize(32).isEqualTo(new TreeMap<>(TYPES));
  }

  @Test
  void named_findsFunctionsByTheirName() {
    assertThat(ExtismFunction.named("alloc")).isEqualTo(ExtismFunction.ALLOC);
    assertThat(ExtismFunction.named("nothing")).isNull();
    assertThat(ExtismEnvironment.provides("extism:host/env", "var_set")).isTrue();
    assertThat(ExtismEnvironment.provides("extism:host/user", "var_set")).isFalse();
    assertThat(ExtismEnvironment.provides("extism:host/env", "memory")).isFalse();
  }
}
