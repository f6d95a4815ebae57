package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.config.TlsConfig;
import dev.cloister.sandbox.fixture.PemFiles;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// TLS: versions of it and of HTTP, and certificates that are replaced while the server runs.
final class TlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private TestServer start(PemFiles files, boolean http2) {
    return start(
        TlsConfig.ofPem(
            files.certificate().toString(), files.key().toString(), Duration.ofMillis(200)),
        http2);
  }

  private TestServer start(TlsConfig tls, boolean http2) {
    return TestServer.start(
        folder.resolve("data"),
        config -> config.withHttp(config.http().withTls(tls).withHttp2(http2)));
  }

  private static HttpResponse<String> get(HttpClient client, TestServer server) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + "/healthz")).build();
    return client.send(request, BodyHandlers.ofString());
  }

  private static HttpClient client(SSLContext trust, HttpClient.Version version) {
    return HttpClient.newBuilder().sslContext(trust).version(version).build();
  }

  @Test
  void server_speaksBothVersionsOfHttp() throws Exception {
    PemFiles files = PemFiles.create(folder, "EC", "localhost");
    try (TestServer server = start(files, /* http2= */ true);
        HttpClient one = client(files.trust(), HttpClient.Version.HTTP_1_1);
        HttpClient two = client(files.trust(), HttpClient.Version.HTTP_2)) {
      assertThat(server.url()).startsWith("https://");
      assertThat(get(one, server).version()).isEqualTo(HttpClient.Version.HTTP_1_1);
      assertThat(get(two, server).version()).isEqualTo(HttpClient.Version.HTTP_2);
    }
  }

  @Test
  void http2_canBeSwitchedOff() throws Exception {
    PemFiles files = PemFiles.create(folder, "RSA", "localhost");
    try (TestServer server = start(files, /* http2= */ false);
        HttpClient two = client(files.trust(), HttpClient.Version.HTTP_2)) {
      assertThat(get(two, server).version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }
  }

  @Test
  void oldVersionsOfTls_areRefused() throws Exception {
    PemFiles files = PemFiles.create(folder, "EC", "localhost");
    try (TestServer server = start(files, /* http2= */ true)) {
      assertThatThrownBy(() -> handshake(files.trust(), server, "TLSv1.1"))
          .isInstanceOf(IOException.class);
      assertThat(handshake(files.trust(), server, "TLSv1.2")).isNotNull();
      assertThat(handshake(files.trust(), server, "TLSv1.3")).isNotNull();
    }
  }

  @Test
  void replacedCertificate_isUsed_andConnectionsStay() throws Exception {
    PemFiles files = PemFiles.create(folder, "EC", "localhost");
    SSLContext trust = files.trust();
    try (TestServer server = start(files, /* http2= */ true);
        HttpClient client = client(trust, HttpClient.Version.HTTP_1_1)) {
      get(client, server);
      BigInteger before = handshake(trust, server, "TLSv1.3").getSerialNumber();

      PemFiles next = PemFiles.create(Files.createDirectory(folder.resolve("next")), "EC", "next");
      // Half of a pair is none.
      Files.copy(next.key(), files.key(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThat(handshake(trust, server, "TLSv1.3").getSerialNumber()).isEqualTo(before);
      Files.copy(
          next.certificate(),
          files.certificate(),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);

      // Event loops take the new pair one after the other.
      await()
          .ignoreExceptions()
          .atMost(PATIENCE)
          .until(() -> !serial(next.trust(), trust, server).equals(before));
      // The connection that was there goes on with what it has.
      assertThat(get(client, server).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void keyOfAnotherCertificate_isRefusedAtStart() throws Exception {
    PemFiles one = PemFiles.create(folder, "EC", "one");
    PemFiles other = PemFiles.create(Files.createDirectory(folder.resolve("b")), "EC", "other");

    assertThatThrownBy(() -> start(new PemFiles(one.certificate(), other.key()), true))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("the key is not that of the certificate");
  }

  private TlsConfig keystore(Path file, String password, String alias) throws IOException {
    Path passwordFile = folder.resolve("password");
    Files.writeString(passwordFile, password + "\n");
    return TlsConfig.ofKeystore(
        file.toString(), passwordFile.toString(), alias, Duration.ofMillis(200));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PKCS12", "JKS"})
  void keystore_isAsGoodAsPem_andIsReplacedAsWell(String type) throws Exception {
    PemFiles files = PemFiles.create(folder, "EC", "localhost");
    PemFiles next = PemFiles.create(Files.createDirectory(folder.resolve("next")), "EC", "next");
    Path store = files.store(type, folder.resolve("server.store"));
    try (TestServer server = start(keystore(store, PemFiles.PASSWORD, ""), true);
        HttpClient client = client(files.trust(), HttpClient.Version.HTTP_2)) {
      assertThat(get(client, server).statusCode()).isEqualTo(200);
      BigInteger before = handshake(files.trust(), server, "TLSv1.3").getSerialNumber();

      next.store(type, store);

      await()
          .ignoreExceptions()
          .atMost(PATIENCE)
          .until(() -> !serial(next.trust(), files.trust(), server).equals(before));
    }
  }

  @Test
  void keystore_thatCannotBeUsed_saysWhy() throws Exception {
    PemFiles files = PemFiles.create(folder, "RSA", "localhost");
    Path store = files.store("PKCS12", folder.resolve("server.store"));
    Path none = folder.resolve("none.store");

    assertThatThrownBy(() -> start(keystore(store, "wrong", ""), true))
        .hasMessageContaining("cannot use the keystore " + store)
        .hasMessageContaining("password");
    assertThatThrownBy(() -> start(keystore(store, PemFiles.PASSWORD, "kei"), true))
        .hasMessageContaining("no private key \"kei\"; did you mean \"key\"?");
    assertThatThrownBy(() -> start(keystore(none, PemFiles.PASSWORD, ""), true))
        .hasMessageContaining("cannot use the keystore " + none);
    Files.writeString(none, "no keystore");
    assertThatThrownBy(() -> start(keystore(none, PemFiles.PASSWORD, ""), true))
        .hasMessageContaining("cannot use the keystore " + none);
  }

  @Test
  void defaults_speakNoTls() {
    assertThat(SandboxConfig.defaults().http().tls().isOn()).isFalse();
    assertThat(SandboxConfig.defaults().http().scheme()).isEqualTo("http");
  }

  private static BigInteger serial(SSLContext next, SSLContext old, TestServer server) {
    try {
      return handshake(next, server, "TLSv1.3").getSerialNumber();
    } catch (IOException _) {
      try {
        return handshake(old, server, "TLSv1.3").getSerialNumber();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static X509Certificate handshake(SSLContext trust, TestServer server, String version)
      throws IOException {
    URI uri = URI.create(server.url());
    try (SSLSocket socket =
        (SSLSocket) trust.getSocketFactory().createSocket(uri.getHost(), uri.getPort())) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {version});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }
}
