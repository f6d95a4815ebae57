package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestIssuer;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tokens of an issuer: who gets in, and all who do not.
final class OidcTest {
  private static final String TENANT = "/v1/tenants/acme";

  @TempDir private Path folder;
  private TestIssuer issuer;
  private TestServer server;

  @BeforeEach
  void start() {
    issuer = new TestIssuer();
    server = serve("maxRole: tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
    issuer.close();
  }

  private TestServer serve(String more) {
    String yaml =
        "auth: {maxFailures: 1000, oidc: {issuer: '"
            + issuer.url()
            + "', audience: cloister, "
            + more
            + "}}";
    TestServer started =
        TestServer.start(
            folder, config -> config.withAuth(ConfigLoader.parse("test", yaml).auth()));
    started.operator().put(TENANT, "{}");
    started.operator().put("/v1/tenants/other", "{}");
    return started;
  }

  private Reply get(String token, String path) {
    return server.client(token).get(path);
  }

  private void assertRefused(String token, String words) {
    assertThat(get(token, TENANT).problem(401, "unauthorized").path("detail").asText())
        .contains(words);
  }

  private JWTClaimsSet.Builder admin() {
    return issuer.claims("tenant-admin", "acme");
  }

  @Test
  void token_isWhatItsClaimsSay() {
    String admin = issuer.sign(admin());
    get(admin, TENANT).expect(200);
    get(admin, TENANT).expect(200);
    get(admin, "/v1/tenants/other").problem(404, "not-found");
    get(admin, "/v1/tenants").problem(403, "forbidden");
    server.client(admin).post(TENANT + "/keys", "{\"role\":\"invoker\"}").expect(201);
    assertThat(server.operator().with("Accept", "application/json").get("/v1/events").text())
        .contains("\"actor\":\"user:alice@example.com\"");

    String invoker = issuer.sign(issuer.claims("invoker", "acme"));
    get(invoker, TENANT + "/plugins").expect(200);
    get(invoker, TENANT).problem(403, "forbidden");

    String several =
        issuer.sign(admin().claim("cloister_role", List.of("editor", "invoker", "tenant-admin")));
    get(several, TENANT).expect(200);
    assertThat(issuer.fetches()).isEqualTo(1);
  }

  @Test
  void claimsThatDoNotFit_areRefused() {
    assertRefused(issuer.sign(admin().issuer("https://example.com")), "iss");
    assertRefused(issuer.sign(admin().audience("another")), "aud");
    assertRefused(issuer.sign(admin().audience((String) null)), "aud");
    assertRefused(issuer.sign(admin().subject(null)), "sub");
    assertRefused(issuer.sign(admin().subject("x".repeat(256))), "subject");
    assertRefused(issuer.sign(admin().expirationTime(null)), "exp");
    assertRefused(issuer.sign(admin().expirationTime(TestIssuer.inSeconds(-120))), "Expired");
    assertRefused(issuer.sign(admin().notBeforeTime(TestIssuer.inSeconds(120))), "before");
    assertRefused(issuer.sign(admin().claim("cloister_role", "root")), "role");
    assertRefused(issuer.sign(admin().claim("cloister_role", null)), "role");
    assertRefused(issuer.sign(admin().claim("cloister_role", "operator")), "role");
    assertRefused(issuer.sign(admin().claim("cloister_tenant", null)), "cloister_tenant");
    assertRefused(issuer.sign(admin().claim("cloister_tenant", "../etc")), "tenant");
    // Within the clock's tolerance.
    get(issuer.sign(admin().expirationTime(TestIssuer.inSeconds(-20))), TENANT).expect(200);
  }

  @Test
  void signaturesThatDoNotFit_areRefused() throws JOSEException {
    String right = issuer.sign(admin());
    String[] parts = right.split("\\.", -1);
    String forged =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                    .replace("acme", "othr")
                    .getBytes(StandardCharsets.UTF_8));
    assertRefused(parts[0] + "." + forged + "." + parts[2], "");
    assertRefused(parts[0] + "." + parts[1] + ".", "");
    assertRefused(new PlainJWT(admin().build()).serialize(), "malformed");
    assertRefused("eyJ.x.y", "malformed");

    // The public key as a shared secret.
    JWSHeader mac =
        new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(issuer.key().getKeyID()).build();
    byte[] publicKey = issuer.key().toRSAPublicKey().getEncoded();
    assertRefused(TestIssuer.sign(mac, admin(), new MACSigner(publicKey)), "");

    // An algorithm that is not taken, by the right key.
    JWSHeader other =
        new JWSHeader.Builder(JWSAlgorithm.RS512).keyID(issuer.key().getKeyID()).build();
    assertRefused(TestIssuer.sign(other, admin(), new RSASSASigner(issuer.key())), "");

    // Another key, under the right one's id, and brought along.
    RSAKey stranger = new RSAKeyGenerator(2048).keyID(issuer.key().getKeyID()).generate();
    JWSHeader own =
        new JWSHeader.Builder(JWSAlgorithm.RS256)
            .keyID(stranger.getKeyID())
            .jwk(stranger.toPublicJWK())
            .build();
    assertRefused(TestIssuer.sign(own, admin(), new RSASSASigner(stranger)), "");
    assertRefused("ey." + "a".repeat(9_000) + ".b", "longer");
  }

  @Test
  void issuersNewKey_isFetched_onceAndNotForEachStranger() throws JOSEException {
    get(issuer.sign(admin()), TENANT).expect(200);
    String old = issuer.sign(admin().subject("bob"));
    issuer.rotate("second", /* keepsOld= */ false);

    // The keys were fetched a moment ago, so not again before some seconds have passed.
    String rotated = issuer.sign(admin());
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> get(rotated, TENANT).expect(200));
    assertThat(issuer.fetches()).isEqualTo(2);
    get(old, TENANT).problem(401, "unauthorized");

    for (int i = 0; i < 20; i++) {
      RSAKey stranger = new RSAKeyGenerator(2048).keyID("stranger-" + i).generate();
      JWSHeader header =
          new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(stranger.getKeyID()).build();
      assertRefused(TestIssuer.sign(header, admin(), new RSASSASigner(stranger)), "");
    }
    assertThat(issuer.fetches()).isLessThanOrEqualTo(4);
  }

  @Test
  void issuerThatIsDown_is503_andKeysGoOn() {
    String token = issuer.sign(admin());
    issuer.close();

    Reply reply = get(token, TENANT);

    reply.problem(503, "unavailable");
    assertThat(reply.header("retry-after")).isNotEmpty();
    server.operator().get(TENANT).expect(200);
  }

  @Test
  void operators_areTokensOnlyIfThatWasSaid() {
    String operator = issuer.sign(admin().claim("cloister_role", "operator"));
    assertRefused(operator, "role");

    server.close();
    server = serve("maxRole: operator, roleClaim: cloister_role");

    get(operator, "/v1/tenants").expect(200);
    server
        .client(null)
        .post("/v1/session", "{\"key\":\"" + operator + "\"}")
        .problem(401, "unauthorized");
  }

  @Test
  void serverWithoutIssuer_takesNoTokens() {
    server.close();
    server = TestServer.start(folder);

    assertRefused(issuer.sign(admin()), "no tokens");
  }

  @Test
  void configuration_isStrict() {
    assertThatThrownBy(() -> ConfigLoader.parse("test", "auth: {oidc: {issuer: 'http://a.b'}}"))
        .isInstanceOf(InvalidConfigException.class);
    assertThatThrownBy(() -> ConfigLoader.parse("test", "auth: {oidc: {issuer: 'https://a.b'}}"))
        .isInstanceOf(InvalidConfigException.class);
    assertThatThrownBy(() -> ConfigLoader.parse("test", "auth: {oidc: {algorithms: [HS256]}}"))
        .isInstanceOf(InvalidConfigException.class);
    assertThatThrownBy(() -> ConfigLoader.parse("test", "auth: {oidc: {algorithms: [none]}}"))
        .isInstanceOf(InvalidConfigException.class);
  }
}
