package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.fixture.ModuleSigner;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Uploads of tenants whose modules must be signed.
final class SignaturesApiTest {
  private static final String POLICY = "/v1/tenants/acme/signatures";
  private static final String PLUGIN = "/v1/tenants/acme/plugins/math";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient admin;
  private final ModuleSigner signer = new ModuleSigner();
  private final byte[] module = Modules.arithmetic();

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    admin = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Reply put(String mode, ModuleSigner key) {
    return admin.put(
        POLICY,
        "{\"mode\":\""
            + mode
            + "\",\"keys\":[{\"id\":\"ci\",\"publicKey\":\""
            + key.publicKey()
            + "\"}]}");
  }

  @Test
  void tenantThatSaidNothing_looksAtNoSignatures() {
    JsonNode policy = admin.get(POLICY).expect(200).json();
    assertThat(policy.path("mode").asText()).isEqualTo("off");
    assertThat(policy.path("effectiveMode").asText()).isEqualTo("off");
    assertThat(policy.path("keys")).isEmpty();

    JsonNode uploaded = admin.upload(PLUGIN, signer.sign(module, "ci")).expect(201).json();
    assertThat(uploaded.path("signedBy")).isEmpty();
  }

  @Test
  void requiredSignature_isCheckedBeforeAnythingIsVisible() {
    put("required", signer).expect(200);

    JsonNode problem = admin.upload(PLUGIN, module).problem(422, "signature-required");
    assertThat(problem.path("allowed").path(0).asText()).isEqualTo("ci");
    admin.upload(PLUGIN, new ModuleSigner().sign(module, "ci")).problem(422, "signature-invalid");
    admin.get(PLUGIN).problem(404, "not-found");

    JsonNode uploaded = admin.upload(PLUGIN, signer.sign(module, "ci")).expect(201).json();
    assertThat(uploaded.path("signedBy").path(0).asText()).isEqualTo("ci");
    admin.post(PLUGIN + "/call/add", "{\"args\":[1,2]}").expect(200);
    JsonNode version =
        admin.get(PLUGIN + "/versions/" + uploaded.path("version").asText()).expect(200).json();
    assertThat(version.path("signedBy").path(0).asText()).isEqualTo("ci");
  }

  @Test
  void signatureInTheHeader_isAsGood_alsoForBytesThatAreThereAlready() {
    admin.upload(PLUGIN, module).expect(201);
    put("required", signer).expect(200);
    admin.upload(PLUGIN, module).problem(422, "signature-required");

    String bare = Base64.getEncoder().encodeToString(signer.signature(module));
    JsonNode uploaded =
        admin
            .with("Cloister-Signature", "keyid=\"ci\";sig=:" + bare + ":")
            .upload(PLUGIN, module)
            .expect(200)
            .json();

    assertThat(uploaded.path("signedBy").path(0).asText()).isEqualTo("ci");
    admin.with("Cloister-Signature", "ci").upload(PLUGIN, module).problem(400, "invalid-request");
  }

  @Test
  void alias_pointsNowhereUnsigned_norToWhatADistrustedKeySigned() {
    String unsigned =
        admin
            .upload(PLUGIN + "?activate=false", module)
            .expect(201)
            .json()
            .path("version")
            .asText();
    put("required", signer).expect(200);
    String signed =
        admin.upload(PLUGIN, signer.sign(module, "ci")).expect(201).json().path("version").asText();

    admin
        .put(
            PLUGIN + "/aliases/beta",
            "{\"targets\":[{\"version\":\"" + unsigned + "\",\"weight\":1}]}")
        .problem(422, "signature-required");
    admin
        .put(
            PLUGIN + "/aliases/beta",
            "{\"targets\":[{\"version\":\"" + signed + "\",\"weight\":1}]}")
        .expect(200);

    // The same name for another key.
    put("required", new ModuleSigner()).expect(200);
    admin
        .put(
            PLUGIN + "/aliases/gamma",
            "{\"targets\":[{\"version\":\"" + signed + "\",\"weight\":1}]}")
        .problem(422, "signature-required");
  }

  @Test
  void operator_canMakeItStricterForAll() {
    server.close();
    server =
        TestServer.start(
            folder,
            config ->
                config.withAuth(
                    ConfigLoader.parse("test", "auth: {minSignatures: required}").auth()));
    admin = server.tenant("acme", "tenant-admin");
    put("off", signer).expect(200);
    assertThat(admin.get(POLICY).json().path("effectiveMode").asText()).isEqualTo("required");

    admin.upload(PLUGIN, module).problem(422, "signature-required");
    admin.upload(PLUGIN, signer.sign(module, "ci")).expect(201);
  }

  @Test
  void policyThatIsNone_isRefused_andAChangeIsRecorded() {
    admin.put(POLICY, "{\"mode\":\"sometimes\"}").problem(400, "invalid-request");
    admin
        .put(POLICY, "{\"mode\":\"off\",\"keys\":[{\"id\":\"ci\",\"publicKey\":\"AAAA\"}]}")
        .problem(400, "invalid-request");
    admin
        .put(POLICY, "{\"mode\":\"off\",\"keys\":[{\"id\":\"\",\"publicKey\":\"AAAA\"}]}")
        .problem(400, "invalid-request");
    String key = "{\"id\":\"a\",\"publicKey\":\"" + signer.publicKey() + "\"},";
    admin
        .put(POLICY, "{\"mode\":\"off\",\"keys\":[" + key + key.replace("},", "}") + "]}")
        .problem(400, "invalid-request");
    String many = key.repeat(101);
    admin
        .put(POLICY, "{\"mode\":\"off\",\"keys\":[" + many.substring(0, many.length() - 1) + "]}")
        .problem(422, "limit");

    put("optional", signer).expect(200);

    assertThat(server.operator().with("Accept", "application/json").get("/v1/events").text())
        .contains("signatures.change")
        .contains("optional [ci]");
  }
}
