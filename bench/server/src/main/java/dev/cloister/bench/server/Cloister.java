package dev.cloister.bench.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A server of ours under test, with its operator's key.
final class Cloister implements AutoCloseable {
  /// No limit of these is to be what is measured.
  static final String WIDE_LIMITS =
      """
      {"limits":{"requestsPerSecond":10000000,"cpuMillisPerSecond":1000000,
      "concurrency":1000,"queueLength":1000}}\
      """;

  private static final int UNAVAILABLE = 501;

  private final ServerProcess process;
  private final String key;
  private final HttpClient http = HttpClient.newHttpClient();

  private Cloister(ServerProcess process, String key) {
    this.process = process;
    this.key = key;
  }

  /// Starts one on an empty data folder.
  ///
  /// @param root the checkout, for the options of its JVM
  /// @param cpus as in [ServerProcess#start]
  static Cloister start(Path root, String cpus, Path log) {
    try {
      Path data = Files.createTempDirectory("cloister-bench");
      List<String> command =
          List.of(
              java(),
              "@" + root.resolve("config/jvm.options"),
              "-Xmx1g",
              "-cp",
              System.getProperty("java.class.path"),
              "dev.cloister.sandbox.Main",
              "serve",
              "--data",
              data.toString(),
              "--port",
              "0");
      ServerProcess process = ServerProcess.start(cpus, command, log);
      return new Cloister(process, Files.readString(data.resolve("operator.key")).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  ServerProcess process() {
    return process;
  }

  /// Creates a tenant with a plugin `p` of [TestModule].
  void deploy(String tenant, String limits) {
    put("/v1/tenants/" + tenant, "application/json", limits.getBytes(StandardCharsets.UTF_8));
    put("/v1/tenants/" + tenant + "/plugins/p", "application/wasm", TestModule.bytes());
  }

  /// Sets the plugin's instance policy; returns whether the server has it.
  boolean setPolicy(String tenant, String policy) {
    String json = "{\"instance\":{\"policy\":\"" + policy + "\"}}";
    HttpResponse<String> answer =
        send(
            "PUT",
            "/v1/tenants/" + tenant + "/plugins/p/settings",
            "application/json",
            BodyPublishers.ofString(json));
    if (answer.statusCode() == UNAVAILABLE) {
      return false;
    }
    requireOk(answer);
    return true;
  }

  /// The bytes of a request that calls an export of the plugin.
  byte[] call(String tenant, String export, String body) {
    String head =
        """
        POST /v1/tenants/%s/plugins/p/call/%s HTTP/1.1
        Host: localhost
        Authorization: Bearer %s
        Content-Type: application/json
        Content-Length: %d

        """
            .formatted(tenant, export, key, body.length())
            .replace("\n", "\r\n");
    return (head + body).getBytes(StandardCharsets.US_ASCII);
  }

  private void put(String path, String type, byte[] body) {
    requireOk(send("PUT", path, type, BodyPublishers.ofByteArray(body)));
  }

  private HttpResponse<String> send(String method, String path, String type, BodyPublisher body) {
    HttpRequest request =
        HttpRequest.newBuilder(process.url().resolve(path))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", type)
            .method(method, body)
            .build();
    try {
      return http.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void requireOk(HttpResponse<String> answer) {
    if (answer.statusCode() / 100 != 2) {
      throw new IllegalStateException(answer.request().uri() + ": " + answer.body());
    }
  }

  URI url() {
    return process.url();
  }

  @Override
  public void close() {
    http.close();
    process.close();
  }
}
