package dev.cloister.sandbox;

import dev.cloister.engine.fixture.HouseRules;
import org.junit.jupiter.api.Test;

/// The server's packages and who of them may know whom.
final class ArchitectureTest {
  private static final String SANDBOX = "dev.cloister.sandbox";

  private static final HouseRules HOUSE = HouseRules.of(SANDBOX);

  @Test
  void packages_haveNoCycles() {
    HOUSE.checkNoPackageCycles();
  }

  @Test
  void sandbox_knowsTheEngineByItsApi() {
    HOUSE.checkEngineApiOnly();
    HOUSE.checkConfined("org.objectweb.asm..");
  }

  @Test
  void libraries_stayInTheirPackages() {
    HOUSE.checkConfined("com.hazelcast..", SANDBOX + ".cluster..");
    HOUSE.checkConfined("io.vertx.ext.web..", SANDBOX + ".http..", SANDBOX + ".auth..");
    HOUSE.checkConfined("ch.qos.logback..", SANDBOX + ".logging..");
    HOUSE.checkConfined("com.nimbusds..", SANDBOX + ".auth.oidc..");
    HOUSE.checkConfined("picocli..", SANDBOX, SANDBOX + ".cli..");
    HOUSE.checkConfined("org.sqlite..", SANDBOX + ".storage..");
    HOUSE.checkConfined("org.postgresql..", SANDBOX + ".storage..");
    HOUSE.checkConfined("com.zaxxer..", SANDBOX + ".storage..");
    HOUSE.checkConfined("java.sql..", SANDBOX + ".storage..");
  }

  @Test
  void house_rulesHold() {
    HOUSE.checkNames();
    HOUSE.checkLogging();
    HOUSE.checkStandardStreams(SANDBOX + ".cli..");
    HOUSE.checkNoUnsafeNorThreadLocal();
  }
}
