package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.FileGuests;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The commands that talk to a server, and `serve` and `config` as far as they do not start one.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ClientCommandsTest {
  private final Map<String, String> environment = new HashMap<>();
  private Path folder = Path.of("");
  private TestServer server;
  private Path module;

  @BeforeAll
  void start(@TempDir Path temporary) throws IOException {
    folder = temporary;
    server = TestServer.start(folder.resolve("data"));
    environment.put("XDG_CONFIG_HOME", folder.resolve("config").toString());
    environment.put("CLOISTER_URL", server.url() + "/");
    environment.put("CLOISTER_KEY", TestServer.OPERATOR_KEY);
    module = Files.write(folder.resolve("math.wasm"), Modules.arithmetic());
    succeed("tenant", "create", "acme");
    succeed("plugin", "upload", "acme", "math", module.toString());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /// What a command left behind.
  private record Result(int exitCode, String out, String err) {}

  private Result run(String... arguments) {
    return run(environment, "", arguments);
  }

  private static Result run(Map<String, String> environment, String input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment);
    int exitCode = CloisterCommand.execute(terminal, arguments);
    return new Result(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private String succeed(String... arguments) {
    Result result = run(arguments);
    assertThat(result.exitCode).as(result.err).isZero();
    return result.out;
  }

  @Test
  void tenants_areCreatedShownAndDeleted() {
    succeed("tenant", "create", "globex", "--limit", "plugins=3");

    assertThat(succeed("tenant", "show", "globex")).contains("tenant: globex\n", "state: active\n");
    assertThat(succeed("tenant", "list", "--q", "glob"))
        .startsWith("tenant")
        .contains("globex")
        .doesNotContain("acme");
    assertThat(succeed("tenant", "limits", "globex", "--set", "plugins=4"))
        .contains("plugins: 4\n");
    assertThat(succeed("tenant", "limits", "globex", "--set", "plugins=default"))
        .contains("plugins: 100\n");
    assertThat(succeed("tenant", "suspend", "globex")).contains("state: suspended\n");
    assertThat(succeed("tenant", "resume", "globex")).contains("state: active\n");
    assertThat(succeed("tenant", "usage", "globex", "--json")).startsWith("{\"usage\":");
    assertThat(succeed("tenant", "code-logging", "globex", "on")).contains("enabled: true\n");
    assertThat(succeed("tenant", "code-logging", "globex", "off")).contains("enabled: false\n");
    assertThat(run("tenant", "code-logging", "globex", "maybe").exitCode).isEqualTo(2);
    succeed("tenant", "delete", "globex");

    Result gone = run("tenant", "show", "globex");
    assertThat(gone.exitCode).isEqualTo(1);
    assertThat(gone.err).isEqualTo("error: 404 not-found: there is no tenant \"globex\"\n");
  }

  @Test
  void keys_areMadeListedAndDeleted() {
    String key = succeed("tenant", "add-key", "acme", "--role", "invoker");
    String id = key.lines().findFirst().orElseThrow().substring("id: ".length());

    assertThat(succeed("tenant", "keys", "acme")).contains(id, "invoker");
    succeed("tenant", "delete-key", "acme", id);
    assertThat(succeed("tenant", "keys", "acme")).doesNotContain(id);
  }

  @Test
  void plugins_areShownAndDownloaded() throws IOException {
    assertThat(succeed("plugin", "list", "acme")).contains("math", "plain", "sha256:");
    assertThat(succeed("plugin", "show", "acme", "math")).contains("plugin: math\n");
    String versions = succeed("plugin", "versions", "acme", "math");
    String version = versions.lines().skip(1).findFirst().orElseThrow().split(" ", 2)[0];
    Path file = folder.resolve("copy.wasm");

    succeed("plugin", "download", "acme", "math", version, file.toString());

    assertThat(Files.readAllBytes(file)).isEqualTo(Modules.arithmetic());
    assertThat(succeed("plugin", "alias", "acme", "math", "next", version)).contains(version);
    assertThat(succeed("engine", "native-modules")).contains("wasm://wasm/", "acme");
    assertThat(succeed("engine", "statistics")).contains("nativeModules: ");
    Result missing = run("plugin", "upload", "acme", "math", "absent.wasm");
    assertThat(missing.exitCode).isEqualTo(2);
  }

  @Test
  void call_printsOneResultPerLine() {
    assertThat(succeed("call", "acme", "math", "add", "2", "0x28")).isEqualTo("42\n");
    assertThat(succeed("call", "acme", "math", "i64", "9223372036854775807"))
        .isEqualTo("9223372036854775807\n");
    assertThat(succeed("call", "acme", "math", "f64", "nan")).isEqualTo("nan\n");
    assertThat(succeed("call", "--json", "acme", "math", "add", "1", "2"))
        .isEqualTo("{\"results\":[3]}\n");

    Result trap = run("call", "acme", "math", "divide", "1", "0");
    assertThat(trap.exitCode).isEqualTo(1);
    assertThat(trap.err).contains("integer divide by zero");
    assertThat(run("call", "acme", "math", "add", "one").exitCode).isEqualTo(2);
    assertThat(run("call", "acme", "math").exitCode).isEqualTo(2);
  }

  @Test
  void call_withRun_isTheCommand() throws IOException {
    Path hello = Files.write(folder.resolve("hello.wasm"), Modules.command(1, "hello\n", 0));
    succeed("plugin", "upload", "acme", "hello", hello.toString());

    assertThat(succeed("call", "--run", "acme", "hello", "a", "b c")).isEqualTo("hello\n");

    byte[] files = FileGuests.bundle(Modules.command(1, "hello\n", 0), "index.html", "<p>");
    Path bundle = Files.write(folder.resolve("hello.zip"), files);
    assertThat(succeed("plugin", "upload", "acme", "bundle", bundle.toString()))
        .contains("index.html");
    assertThat(succeed("call", "--run", "acme", "bundle")).isEqualTo("hello\n");
  }

  @Test
  void login_keepsWhatLaterCommandsUse() throws IOException {
    Map<String, String> own = Map.of("XDG_CONFIG_HOME", folder.resolve("own").toString());
    Result refused = run(own, "cl_0_" + "0".repeat(64) + "\n", "login", server.url());
    assertThat(refused.exitCode).isEqualTo(1);
    assertThat(run(own, "", "tenant", "list").exitCode).isEqualTo(2);

    Result result = run(own, TestServer.OPERATOR_KEY + "\n", "login", server.url());

    assertThat(result.exitCode).as(result.err).isZero();
    assertThat(result.err).contains("Signed in as operator");
    Path file = folder.resolve("own/cloister/credentials");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(run(own, "", "tenant", "list").out).contains("acme");
  }

  @Test
  void serve_withWrongOptions_saysSo() throws IOException {
    assertThat(run("serve", "--port", "70000").exitCode).isEqualTo(2);
    assertThat(run("serve", "--prot", "1").exitCode).isEqualTo(2);
    Path config = Files.writeString(folder.resolve("bad.yaml"), "http:\n  prot: 1\n");

    Result result = run("serve", "--config", config.toString());

    assertThat(result.exitCode).isEqualTo(2);
    assertThat(result.err).contains("bad.yaml:2:3: unknown key \"http.prot\"");
    Result inUse = run("serve", "--data", folder.resolve("data").toString());
    assertThat(inUse.exitCode).isEqualTo(1);
    assertThat(inUse.err).contains("is in use by another server");
  }

  @Test
  void configCheck_printsEveryFault() throws IOException {
    Path good = Files.writeString(folder.resolve("good.yaml"), "http: {port: 1}\n");
    Path bad = Files.writeString(folder.resolve("faulty.yaml"), "a: 1\nhttp: {port: x}\n");

    assertThat(succeed("config", "check", good.toString())).isEmpty();
    Result result = run("config", "check", bad.toString());

    assertThat(result.exitCode).isEqualTo(1);
    assertThat(result.out.lines()).hasSize(2);
    assertThat(run("config", "check", "absent.yaml").exitCode).isEqualTo(2);
    assertThat(run("config").exitCode).isEqualTo(2);
  }
}
