package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.sandbox.fixture.Corpora;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Real programs over HTTP give byte for byte what another engine gave.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ServedProgramsTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";

  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    client = server.operator();
    client.put("/v1/tenants/acme", "{\"limits\":{\"deadlineMillis\":120000}}").expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pack", "stl"})
  void command_givesTheRecordedOutput(String name) throws IOException {
    Path programs = Corpora.folder("programs");
    JsonNode program = program(programs, name);
    client.upload(PLUGINS + name, Files.readAllBytes(programs.resolve(name + ".wasm"))).expect(201);
    for (JsonNode run : program.path("runs")) {
      List<String> arguments = new ArrayList<>();
      run.path("args")
          .forEach(argument ->
              arguments.add("arg=" + URLEncoder.encode(argument.asText(), StandardCharsets.UTF_8)));

      Reply reply =
          client.post(PLUGINS + name + "/run?" + String.join("&", arguments), input(programs, run));

      int exitCode = run.path("exit").asInt();
      byte[] expected = Files.readAllBytes(programs.resolve(run.path("stdout_file").asText()));
      assertThat(reply.header("cloister-exit-code")).as(name).isEqualTo("" + exitCode);
      byte[] actual =
          exitCode == 0
              ? reply.expect(200).body()
              : reply
                  .problem(422, "plugin-exit")
                  .path("stdout")
                  .asText()
                  .getBytes(StandardCharsets.UTF_8);
      assertThat(actual).as("%s %s", name, arguments).isEqualTo(expected);
    }
  }

  private static byte[] input(Path programs, JsonNode run) throws IOException {
    return run.has("stdin_file")
        ? Files.readAllBytes(programs.resolve(run.path("stdin_file").asText()))
        : run.path("stdin").asText().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode program(Path programs, String name) throws IOException {
    JsonNode manifest = new ObjectMapper().readTree(programs.resolve("manifest.json").toFile());
    for (JsonNode program : manifest.path("programs")) {
      if (program.path("name").asText().equals(name)) {
        return program;
      }
    }
    throw new IllegalArgumentException("no program " + name);
  }

  @Test
  void kernels_giveTheirChecksums() throws IOException {
    Path bench = Corpora.folder("bench");
    for (String line : Files.readAllLines(bench.resolve("workloads.txt"))) {
      String[] words = line.strip().split("\\s+", -1);
      if (line.startsWith("#") || line.isBlank()) {
        continue;
      }
      String kernel = PLUGINS + words[0].replace('_', '-');
      client.upload(kernel, Files.readAllBytes(bench.resolve(words[0] + ".wasm"))).expect(201);

      assertThat(run(kernel, words[1])).as(words[0]).isEqualTo(Double.parseDouble(words[4]));
      assertThat(run(kernel, words[2])).as(words[0]).isEqualTo(Double.parseDouble(words[5]));
    }
  }

  private double run(String kernel, String n) {
    Reply reply = client.post(kernel + "/call/run", "{\"args\":[" + n + "]}").expect(200);
    return reply.json().path("results").get(0).asDouble();
  }
}
