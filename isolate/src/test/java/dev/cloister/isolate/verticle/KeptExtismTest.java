package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedType;
import java.util.Base64;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Stateful instances of Extism plug-ins. Invariant: nothing is charged once the desk is closed.
@Timeout(120)
final class KeptExtismTest {
  private static final Guests GUESTS = new Guests();
  private static final InstanceRequest STATEFUL =
      InstanceRequest.of("plugin", InstanceSettings.of(InstancePolicy.STATEFUL));

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @Test
  void idleInstances_hibernate_andKeepTheirState() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.extismCounter());
      assertThat(count(desk, plugin)).isEqualTo("1");

      for (int i = 2; i <= 4; i++) {
        desk.hibernate("plugin", 1);
        assertThat(desk.bytes(HeapCategory.LINEAR_MEMORY)).isZero();
        assertThat(desk.bytes(HeapCategory.INSTANCE)).isZero();
        assertThat(desk.bytes(HeapCategory.IMAGE)).isBetween(100L, 2_000L);
        assertThat(count(desk, plugin)).isEqualTo(Integer.toString(i));
        assertThat(desk.bytes(HeapCategory.IMAGE)).isZero();
      }
    }
  }

  @Test
  void hibernatingInstance_outlivesItsModule() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.extismCounter());
      count(desk, plugin);
      desk.hibernate("plugin", 1);
      desk.unload(plugin);
      assertThat(desk.bytes(HeapCategory.CODE_SHARE)).isZero();

      PluginHandle again = desk.load(Modules.extismCounter());
      assertThat(count(desk, again)).isEqualTo("2");
    }
  }

  @Test
  void programOfSeveralModules_staysAwake_andSaysWhy() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin =
          desk.loadManifest(
              """
              {"wasm": [{"name": "library", "data": "%s"}, {"name": "main", "data": "%s"}]}
              """
                  .formatted(base64(Modules.library()), base64(Modules.usingLibrary())));
      assertThat(count(desk, plugin)).isEqualTo("");
      desk.passMinute();

      Awaitility.await()
          .until(() -> desk.desk().kept().stateful("plugin").getFirst().obstacle() != null);
      assertThat(desk.desk().kept().stateful("plugin").getFirst().obstacle())
          .startsWith("the instance is not alone: ");
      assertThat(count(desk, plugin)).isEqualTo("");
    }
  }

  @Test
  void callOfWhatIsNoFunctionOfBytes_doesTheStateNoHarm() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.extismCounter());
      assertThat(count(desk, plugin)).isEqualTo("1");

      assertThat(desk.callBytes(plugin, STATEFUL, "parameter")).isInstanceOf(UnsupportedType.class);

      assertThat(count(desk, plugin)).isEqualTo("2");
    }
  }

  private static String count(TestDesk desk, PluginHandle plugin) {
    return TestDesk.answer(desk.callBytes(plugin, STATEFUL, "count"));
  }

  private static String base64(byte[] module) {
    return Base64.getEncoder().encodeToString(module);
  }
}
