package dev.cloister.isolate.abi.extism;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.fixture.ModuleBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExtismManifestTest {
  private static final byte[] EMPTY_MODULE = new ModuleBuilder().build();
  private static final String DATA = Base64.getEncoder().encodeToString(EMPTY_MODULE);
  private static final String HASH =
      "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476";

  private static ExtismManifest parse(String json) {
    return ExtismManifest.parse(
        json.replace('\'', '"').replace("DATA", DATA).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void manifest_ofOneModule_hasDefaults() {
    ExtismManifest manifest = parse("{'wasm':[{'data':'DATA'}]}");

    assertThat(manifest.parts())
        .singleElement()
        .satisfies(part -> {
          assertThat(part.name()).isEqualTo("main");
          assertThat(part.isMain()).isTrue();
          assertThat(part.wireBytes()).isEqualTo(EMPTY_MODULE);
        });
    ExtismSettings settings = manifest.settings();
    assertThat(settings.config()).isEmpty();
    assertThat(settings.allowsHost("any.example")).as("no list: no host").isFalse();
    assertThat(settings.maxHttpResponseBytes()).isEqualTo(50L << 20);
    assertThat(settings.maxVariableBytes()).isEqualTo(1L << 20);
    assertThat(settings.maxMemoryBytes()).isEqualTo(ExtismSettings.UNLIMITED);
    assertThat(settings.timeoutMillis()).isEqualTo(ExtismSettings.UNLIMITED);
  }

  @Test
  void manifest_withEverything_isRead() {
    ExtismSettings settings =
        parse(
                """
                {'wasm':[{'data':'DATA','hash':'%s','name':'main'}],
                 'memory':{'max_pages':4,'max_http_response_bytes':5,'max_var_bytes':0},
                 'config':{'a':'b'},'allowed_hosts':['*.example','x'],
                 'allowed_paths':null,'timeout_ms':250}\
                """
                    .formatted(HASH))
            .settings();

    assertThat(settings.config()).isEqualTo(Map.of("a", "b"));
    assertThat(settings.allowsHost("API.example")).isTrue();
    assertThat(settings.allowsHost("y")).isFalse();
    assertThat(settings.maxMemoryBytes()).isEqualTo(4 << 16);
    assertThat(settings.maxHttpResponseBytes()).isEqualTo(5);
    assertThat(settings.maxVariableBytes()).isZero();
    assertThat(settings.timeoutMillis()).isEqualTo(250);
  }

  @Test
  void main_isTheOneCalledSo_elseTheLast() {
    assertThat(
            parse("{'wasm':[{'data':'DATA','name':'main'},{'data':'DATA','name':'lib'}]}").parts())
        .extracting(ExtismManifest.Part::isMain)
        .containsExactly(true, false);
    assertThat(parse("{'wasm':[{'data':'DATA'},{'data':'DATA','name':'app'}]}").parts())
        .extracting(ExtismManifest.Part::name)
        .containsExactly(HASH, "app");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "no json|the manifest: not a JSON object",
        "[]|the manifest: not a JSON object",
        "{}|wasm: expected 1 to 32 modules, got 0",
        "{'wasm':{}}|wasm: expected a list",
        "{'wasm':[1]}|wasm[0]: expected an object",
        "{'wasm':[{}]}|wasm[0].data: is missing",
        "{'wasm':[{'data':7}]}|wasm[0].data: expected a text",
        "{'wasm':[{'data':'*'}]}|wasm[0].data: not base64",
        "{'wasm':[{'data':'DATA','hash':'00'}]}|wasm[0].hash: the SHA-256 of the module is 93a4",
        "{'wasm':[{'path':'/etc/passwd'}]}|wasm[0].path: modules are not read from elsewhere",
        "{'wasm':[{'url':'http://x/'}]}|wasm[0].url: modules are not read from elsewhere",
        "{'wasm':[{'data':'DATA','nmae':'x'}]}|wasm[0].nmae: is unknown; known are data",
        "{'wasm':[{'data':'DATA','name':''}]}|wasm[0].name: expected 1 to 256 characters, got 0",
        "{'wasm':[{'data':'DATA','name':'cloister'}]}|\"cloister\" is a module of the host",
        "{'wasm':[{'data':'DATA','name':'a'},{'data':'DATA','name':'a'}]}|wasm[1].name: a second",
        "{'wasm':[{'data':'DATA'}],'timeout':1}|timeout: is unknown; known are wasm, config",
        "{'wasm':[{'data':'DATA'}],'timeout_ms':-1}|timeout_ms: expected a whole number",
        "{'wasm':[{'data':'DATA'}],'timeout_ms':1.5}|timeout_ms: expected a whole number",
        "{'wasm':[{'data':'DATA'}],'memory':{'pages':1}}|memory.pages: is unknown",
        "{'wasm':[{'data':'DATA'}],'config':{'a':1}}|config.a: expected a text",
        "{'wasm':[{'data':'DATA'}],'allowed_hosts':['']}|allowed_hosts[0]: expected 1 to 256",
        "{'wasm':[{'data':'DATA'}],'allowed_paths':{'/':'/'}}|allowed_paths: a manifest cannot",
      })
  void manifest_withAFault_isRefused(String json, String message) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining(message);
  }

  @Test
  void manifest_ofTooMuch_isRefused() {
    String modules = "{'data':'DATA'},".repeat(32);
    assertThatThrownBy(() -> parse("{'wasm':[" + modules + "{'data':'DATA'}]}"))
        .hasMessage("wasm: expected 1 to 32 modules, got 33");
    String value = "x".repeat(1 << 20);
    assertThatThrownBy(() -> parse("{'wasm':[{'data':'DATA'}],'config':{'a':'" + value + "'}}"))
        .hasMessageStartingWith("config: expected at most 1024 values of 1048576 characters");
  }

  @Test
  void document_isKnownByItsFirstCharacter() {
    assertThat(ExtismManifest.isManifest(" \n{".getBytes(StandardCharsets.UTF_8))).isTrue();
    assertThat(ExtismManifest.isManifest(EMPTY_MODULE)).isFalse();
    assertThat(ExtismManifest.isManifest(new byte[0])).isFalse();
  }
}
