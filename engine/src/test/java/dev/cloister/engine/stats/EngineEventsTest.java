package dev.cloister.engine.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EngineEventsTest {

  private static final ModuleInstantiated EVENT =
      new ModuleInstantiated("a", ModuleHash.of(new byte[0]), false, true, 0, 1);

  @Test
  void listener_thatThrows_harmsNobodyAndIsReportedOnce() {
    List<RuntimeException> reported = new ArrayList<>();
    List<ModuleInstantiated> told = new ArrayList<>();
    EngineListener broken =
        new EngineListener() {
          @Override
          public void moduleInstantiated(ModuleInstantiated event) {
            throw new IllegalStateException("broken");
          }
        };
    EngineListener sound =
        new EngineListener() {
          @Override
          public void moduleInstantiated(ModuleInstantiated event) {
            told.add(event);
          }
        };
    EngineEvents events = new EngineEvents(List.of(broken, sound, broken), reported::add);

    events.tell(listener -> listener.moduleInstantiated(EVENT));
    events.tell(listener -> listener.moduleInstantiated(EVENT));

    assertThat(told).containsExactly(EVENT, EVENT);
    assertThat(reported).singleElement().isInstanceOf(IllegalStateException.class);
  }

  @Test
  void listener_thatOverridesNothing_isNotBothered() {
    EngineEvents events = new EngineEvents(List.of(new EngineListener() {}));
    events.tell(listener -> listener.moduleInstantiated(EVENT));
    assertThat(events.isSilent()).isFalse();
    assertThat(new EngineEvents(List.of()).isSilent()).isTrue();
  }

  @Test
  void instance_isToldOnce_wellOrNot() {
    List<ModuleInstantiated> told = new ArrayList<>();
    EngineListener listener =
        new EngineListener() {
          @Override
          public void moduleInstantiated(ModuleInstantiated event) {
            told.add(event);
          }
        };
    EngineConfig config = EngineConfig.defaults().toBuilder().listener(listener).build();
    try (TestEngine engine = new TestEngine(config);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      ModuleHandle handle =
          engine.compile(new ModuleBuilder().importFunction("host", "f", FuncType.EMPTY));
      assertThatThrownBy(() -> handle.instantiate(store, Imports.NONE))
          .isInstanceOf(LinkException.class);
      engine.instantiate(new ModuleBuilder());

      assertThat(told).hasSize(2);
      assertThat(told.getFirst().isSuccess()).isFalse();
      assertThat(told.getFirst().importedFunctions()).isEqualTo(1);
      assertThat(told.getFirst().isolate()).isEqualTo("test");
      assertThat(told.getFirst().hash()).isEqualTo(handle.hash());
      assertThat(told.getLast().isSuccess()).isTrue();
      assertThat(told.getLast().wallMicros()).isNotNegative();
    }
  }
}
