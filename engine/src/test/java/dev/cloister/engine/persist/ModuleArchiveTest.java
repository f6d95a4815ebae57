package dev.cloister.engine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.code.ClassFileArchive;
import dev.cloister.engine.fixture.MemoryCodeStore;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.CodePersisted;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.EngineListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When code is written, and what becomes of files that are not as they should be.
final class ModuleArchiveTest {
  private static final ModuleHash MODULE = ModuleHash.of(new byte[] {1});
  private static final ModuleHash OTHER = ModuleHash.of(new byte[] {2});
  private static final PersistenceSettings SETTINGS =
      new PersistenceSettings(1_000, Duration.ofSeconds(2), 100_000, 200_000, 150_000);

  private final AtomicLong clock = new AtomicLong();
  private final List<CodePersisted> persisted = new ArrayList<>();
  private final List<CodeNotPersisted> notPersisted = new ArrayList<>();

  @TempDir private Path folder;
  private MemoryCodeStore store;
  private CodePersistence persistence;

  @BeforeEach
  void start() {
    store = new MemoryCodeStore(folder);
    persistence = persistence("software");
  }

  private CodePersistence persistence(String software) {
    EngineListener listener =
        new EngineListener() {
          @Override
          public void codePersisted(CodePersisted event) {
            persisted.add(event);
          }

          @Override
          public void codeNotPersisted(CodeNotPersisted event) {
            notPersisted.add(event);
          }
        };
    return new CodePersistence(
        new Persistence(store, ArchiveKey.of(new byte[] {9}), SETTINGS),
        _ -> new ArchiveIdentity(software, "settings"),
        new EngineEvents(List.of(listener)),
        clock::get,
        /* executor= */ null);
  }

  private static byte[] unit(int size, int content) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) content);
    return bytes;
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  /// Writes units of 2,000 bytes and starts again.
  private ClassFileArchive again(String... units) {
    ClassFileArchive archive = persistence.open(MODULE, "");
    for (String unit : units) {
      archive.add(unit, unit(2_000, unit.charAt(0)));
    }
    persistence.close();
    persistence = persistence("software");
    return persistence.open(MODULE, "");
  }

  @Test
  void newCode_isWrittenAfterTwoQuietSeconds() {
    ClassFileArchive archive = persistence.open(MODULE, "");
    archive.add("a", unit(600, 1));
    pass(Duration.ofMillis(1_900));
    archive.add("b", unit(600, 2));
    pass(Duration.ofMillis(1_900));
    assertThat(persistence.writeDue()).isTrue();
    assertThat(store.names()).isEmpty();

    pass(Duration.ofMillis(100));

    assertThat(persistence.writeDue()).isFalse();
    assertThat(store.names()).hasSize(1);
    assertThat(persisted)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.module()).isEqualTo(MODULE);
          assertThat(event.units()).isEqualTo(2);
          assertThat(event.bytes()).isEqualTo(1_200);
          assertThat(event.archiveBytes()).isEqualTo(store.bytes(store.names().getFirst()).length);
        });
    assertThat(archive.find("a")).isEqualTo(unit(600, 1));
    assertThat(archive.find("b")).isEqualTo(unit(600, 2));
    assertThat(persistence.figures().pendingBytes()).isZero();
  }

  @Test
  void littleNewCode_isForgotten() {
    ClassFileArchive archive = persistence.open(MODULE, "");
    archive.add("a", unit(999, 1));
    pass(Duration.ofSeconds(2));

    assertThat(persistence.writeDue()).isFalse();

    assertThat(store.names()).isEmpty();
    assertThat(persistence.figures().pendingBytes()).isZero();
  }

  @Test
  void muchNewCode_isWrittenAtOnce() {
    ClassFileArchive archive = persistence.open(MODULE, "");
    archive.add("a", unit(99_999, 1));
    persistence.writeDue();
    assertThat(store.names()).isEmpty();

    archive.add("b", unit(1, 2));
    persistence.writeDue();

    assertThat(store.names()).hasSize(1);
  }

  @Test
  void moreCode_isAddedToWhatIsKept() {
    ClassFileArchive archive = again("a", "b");
    assertThat(archive.find("a")).isEqualTo(unit(2_000, 'a'));

    archive = again("c", "b");

    for (String unit : List.of("a", "b", "c")) {
      assertThat(archive.find(unit)).as(unit).isEqualTo(unit(2_000, unit.charAt(0)));
    }
    assertThat(archive.find("d")).isNull();
    assertThat(persisted.getLast().units()).isEqualTo(1);
    assertThat(notPersisted).isEmpty();
    assertThat(persistence.figures().loadedUnits()).isEqualTo(3);
    assertThat(persistence.figures().loadedBytes()).isEqualTo(6_000);
  }

  @Test
  void modules_haveArchivesOfTheirOwn() {
    again("a");
    assertThat(persistence.open(OTHER, "").find("a")).isNull();
    assertThat(persistence.open(MODULE, "").find("a")).isNotNull();
  }

  @Test
  void isolatesThatShareNothing_haveArchivesOfTheirOwn() {
    again("a");
    assertThat(persistence.open(MODULE, "tenant").find("a")).isNull();
  }

  @Test
  void archiveThatIsInUse_isShared() {
    ClassFileArchive archive = persistence.open(MODULE, "");
    assertThat(persistence.open(MODULE, "")).isSameAs(archive);
  }

  @Test
  void damagedUnit_isIgnoredWithOneEvent_andReplaced() {
    again("a", "b");
    store.changeAll(bytes -> {
      bytes[bytes.length - 1] ^= 1;
      return bytes;
    });
    ClassFileArchive archive = persistence.open(MODULE, "");
    assertThat(archive.find("a")).isNotNull();
    assertThat(archive.find("b")).isNull();
    assertThat(archive.find("b")).isNull();
    assertThat(notPersisted)
        .singleElement()
        .isEqualTo(new CodeNotPersisted(MODULE, false, "unit b is damaged"));

    archive = again("b");

    assertThat(archive.find("a")).isEqualTo(unit(2_000, 'a'));
    assertThat(archive.find("b")).isEqualTo(unit(2_000, 'b'));
    assertThat(notPersisted).hasSize(1);
  }

  @Test
  void fileThatIsCutOff_isIgnoredWithOneEvent_andReplaced() {
    again("a", "b");
    persistence = persistence("software");
    store.changeAll(bytes -> Arrays.copyOf(bytes, bytes.length - 1));

    ClassFileArchive archive = persistence.open(MODULE, "");

    assertThat(archive.find("a")).isNull();
    assertThat(notPersisted).hasSize(1);
    assertThat(again("a").find("a")).isEqualTo(unit(2_000, 'a'));
    assertThat(notPersisted).hasSize(1);
  }

  @Test
  void fileOfOtherSoftware_isIgnoredWithOneEvent_andReplaced() {
    again("a");
    persistence = persistence("newer software");
    ClassFileArchive archive = persistence.open(MODULE, "");
    assertThat(archive.find("a")).isNull();
    assertThat(notPersisted)
        .singleElement()
        .isEqualTo(new CodeNotPersisted(MODULE, false, "it was made by software"));

    archive.add("a", unit(1_500, 7));
    persistence.close();

    assertThat(persistence("newer software").open(MODULE, "").find("a")).isEqualTo(unit(1_500, 7));
    assertThat(store.names()).hasSize(1);
  }

  @Test
  void fileThatIsGone_isNoFault() {
    ClassFileArchive archive = again("a");
    store.remove(store.names().getFirst());
    assertThat(archive.find("a")).isNull();
    assertThat(notPersisted).isEmpty();
  }

  @Test
  void fileThatAnotherProcessReplaced_isReadAsItIsNow() {
    ClassFileArchive archive = again("a", "b");
    CodePersistence otherProcess = persistence("software");
    ClassFileArchive others = otherProcess.open(MODULE, "");
    others.add("c", unit(5_000, 'c'));
    otherProcess.close();

    assertThat(archive.find("b")).isEqualTo(unit(2_000, 'b'));
    assertThat(archive.find("c")).isEqualTo(unit(5_000, 'c'));
    assertThat(notPersisted).isEmpty();
  }

  @Test
  void storeThatIsFull_endsAdding_withOneEvent() {
    store.setFull(true);
    ClassFileArchive archive = persistence.open(MODULE, "");
    archive.add("a", unit(2_000, 1));
    pass(Duration.ofSeconds(2));
    persistence.writeDue();
    archive.add("b", unit(2_000, 1));
    pass(Duration.ofSeconds(2));
    persistence.writeDue();

    assertThat(notPersisted)
        .singleElement()
        .isEqualTo(
            new CodeNotPersisted(MODULE, true, "java.io.IOException: no space left on device"));
    assertThat(persistence.figures().pendingBytes()).isZero();
    assertThat(archive.find("a")).isNull();
  }

  @Test
  void pendingCode_isBounded() {
    for (int i = 0; i < 5; i++) {
      persistence.open(ModuleHash.of(new byte[] {(byte) i, 0}), "").add("a", unit(60_000, i));
    }
    PersistenceFigures figures = persistence.figures();
    assertThat(figures.pendingBytes()).isEqualTo(180_000);
    assertThat(figures.droppedBytes()).isEqualTo(120_000);

    persistence.close();

    assertThat(store.names()).hasSize(3);
    assertThat(persistence.figures().pendingBytes()).isZero();
  }

  @Test
  void archive_isBounded() {
    ClassFileArchive archive = persistence.open(MODULE, "");
    archive.add("a", unit(90_000, 1));
    archive.add("b", unit(60_001, 2));
    archive.add("c", unit(60_000, 3));
    persistence.close();

    archive = persistence("software").open(MODULE, "");
    assertThat(archive.find("a")).isNotNull();
    assertThat(archive.find("b")).isNull();
    assertThat(archive.find("c")).isNotNull();
  }
}
