package dev.cloister.isolate;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import dev.cloister.engine.fixture.HouseRules;
import org.junit.jupiter.api.Test;

/// The isolate's packages and who of them may know whom.
final class ArchitectureTest {
  private static final String ISOLATE = "dev.cloister.isolate";

  private static final HouseRules HOUSE = HouseRules.of(ISOLATE);

  @Test
  void packages_haveNoCycles() {
    HOUSE.checkNoPackageCycles();
  }

  @Test
  void isolate_knowsTheEngineByItsApi() {
    HOUSE.checkEngineApiOnly();
  }

  @Test
  void isolate_knowsNothingOfTheServer() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.cloister.sandbox..",
            "ch.qos.logback..",
            "com.hazelcast..",
            "io.vertx.ext..",
            "java.sql..",
            "org.objectweb.asm..",
            "picocli..")
        .check(HOUSE.classes());
  }

  @Test
  void foreignMemory_isForHostFoldersOnly() {
    HOUSE.checkConfined("java.lang.foreign..", ISOLATE + ".wasi..");
  }

  @Test
  void house_rulesHold() {
    HOUSE.checkNames();
    HOUSE.checkLogging();
    HOUSE.checkStandardStreams();
    HOUSE.checkNoUnsafeNorThreadLocal();
  }
}
