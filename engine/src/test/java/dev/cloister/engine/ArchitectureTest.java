package dev.cloister.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.cloister.engine.fixture.HouseRules;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The engine's packages and who of them may know whom.
final class ArchitectureTest {
  private static final String ENGINE = "dev.cloister.engine";

  /// From the bottom up: a package knows those of its own layer and of the layers below. A name
  /// stands for its sub-packages as well; the facade, the base package itself, is above all.
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("error", "util"),
          List.of("types", "feature"),
          List.of("bytecode", "module"),
          List.of("validate", "stats"),
          List.of("decode"), // It validates each body as soon as it is complete.
          List.of("runtime"),
          List.of("codegen"),
          List.of("code", "script", "snapshot"),
          List.of("compile", "debug", "logging", "persist"));

  private static final HouseRules HOUSE = HouseRules.of(ENGINE);

  @Test
  void packages_inLayers_knowOnlyTheirOwnAndLowerOnes() {
    classes().should(knowOnlyLowerLayers()).check(HOUSE.classes());
  }

  @Test
  void packages_haveNoCycles() {
    HOUSE.checkNoPackageCycles();
  }

  @Test
  void engine_knowsOnlyAsm() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "",
            ENGINE + "..",
            "java..",
            "javax.crypto..",
            "javax.management..",
            "jdk.incubator.vector",
            "jdk.jfr..",
            "org.objectweb.asm..",
            "org.jspecify.annotations..",
            "com.google.errorprone.annotations..")
        .because("the engine is a library: no tenant, no HTTP, no logging library")
        .check(HOUSE.classes());
  }

  @Test
  void libraries_stayInTheirPackages() {
    HOUSE.checkConfined("org.objectweb.asm..", ENGINE + ".codegen..");
    HOUSE.checkConfined("java.lang.foreign..", ENGINE + ".runtime..");
    HOUSE.checkConfined("jdk.incubator.vector..", ENGINE + ".runtime.intrinsic..");
  }

  @Test
  void classes_areDefinedAndVariablesHandled_onlyInRuntimeAndCode() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ENGINE + ".runtime..", ENGINE + ".code..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.(ClassLoader|invoke\\.VarHandle)")
        .check(HOUSE.classes());
  }

  @Test
  void codeUnits_calledByGeneratedCode_areReachableInRuntime() {
    codeUnits()
        .that()
        .areAnnotatedWith(ENGINE + ".runtime.CalledByGeneratedCode")
        .should()
        .notBePrivate()
        .andShould()
        .notBePackagePrivate()
        .andShould()
        .beDeclaredInClassesThat()
        .resideInAPackage(ENGINE + ".runtime..")
        .check(HOUSE.classes());
  }

  @Test
  void house_rulesHold() {
    HOUSE.checkNames();
    HOUSE.checkLogging();
    HOUSE.checkStandardStreams();
    HOUSE.checkNoUnsafeNorThreadLocal();
  }

  private static ArchCondition<JavaClass> knowOnlyLowerLayers() {
    return new ArchCondition<>("know only their own layer and lower ones") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        int layer = layer(type);
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass();
          if (target.getPackageName().startsWith(ENGINE) && layer(target) > layer) {
            events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static int layer(JavaClass type) {
    String name = type.getPackageName();
    if (name.equals(ENGINE)) {
      return LAYERS.size();
    }
    String first = name.substring(ENGINE.length() + 1).split("\\.", 2)[0];
    for (int layer = 0; layer < LAYERS.size(); layer++) {
      if (LAYERS.get(layer).contains(first)) {
        return layer;
      }
    }
    throw new AssertionError("package " + name + " has no layer: give it one in LAYERS");
  }
}
