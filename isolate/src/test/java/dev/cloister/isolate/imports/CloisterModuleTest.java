package dev.cloister.isolate.imports;

import static dev.cloister.engine.types.NumType.I32;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.WaitRegion;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.isolate.fake.FakeOutboundHttp;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.MemoryKeyValueStore;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.NamedValues;
import dev.cloister.isolate.host.PluginLog;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A module that exports each import of `cloister` again as it is, so that tests call the functions
/// as a guest does.
///
/// Invariant, checked after each test: nothing is charged once the module is closed.
@Timeout(60)
final class CloisterModuleTest {
  private static final Guests GUESTS = new Guests();
  private static final Map<String, Integer> FUNCTIONS =
      Map.ofEntries(
          Map.entry("config_get", 4),
          Map.entry("secret_get", 4),
          Map.entry("kv_get", 4),
          Map.entry("kv_set", 4),
          Map.entry("kv_delete", 2),
          Map.entry("kv_list", 6),
          Map.entry("http_request", 4),
          Map.entry("http_fields", 2),
          Map.entry("http_body", 2),
          Map.entry("log", 3),
          Map.entry("last_error", 2));
  private static final Grants ALL =
      Grants.of(Capability.CONFIG, Capability.SECRETS, Capability.KV, Capability.HTTP);
  private static final int PAGE = 1 << 16;

  private static final int DENIED = -1;
  private static final int NOT_FOUND = -2;
  private static final int INVALID = -3;
  private static final int FAULT = -4;
  private static final int TOO_LARGE = -5;
  private static final int QUOTA = -6;
  private static final int FORBIDDEN = -7;

  private final HeapLedger ledger = new HeapLedger(1 << 20);
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final MemoryKeyValueStore keyValues = new MemoryKeyValueStore();
  private final FakeOutboundHttp http = new FakeOutboundHttp();
  private final List<String> logged = new ArrayList<>();
  private HostServices services = services(ALL);
  private final CloisterModule module =
      new CloisterModule(() -> services, new HostCall(store, WaitRegion.NONE, ledger));

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @AfterEach
  void nothingIsCharged() {
    module.close();
    store.close();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void configGet_value_isCopiedIfItFits() {
    Guest guest = new Guest();

    assertThat(guest.call("config_get", guest.text(0, "color"), guest.room(100, 10))).isEqualTo(4);
    assertThat(guest.read(100, 4)).isEqualTo("blue");
    assertThat(guest.call("config_get", guest.text(0, "color"), guest.room(200, 3))).isEqualTo(4);
    assertThat(guest.read(200, 4)).isEqualTo("\0\0\0\0");
    assertThat(guest.call("config_get", guest.text(0, "color"), guest.room(0, 0))).isEqualTo(4);
  }

  @Test
  void configGet_unknownName_isNotFound() {
    Guest guest = new Guest();

    assertThat(guest.call("config_get", guest.text(0, "size"), guest.room(100, 10)))
        .isEqualTo(NOT_FOUND);
    assertThat(guest.lastError()).isEqualTo("there is no value \"size\"");
  }

  @Test
  void secretGet_value_isNotInTheConfiguration() {
    Guest guest = new Guest();

    assertThat(guest.call("secret_get", guest.text(0, "token"), guest.room(100, 9))).isEqualTo(6);
    assertThat(guest.read(100, 6)).isEqualTo("s3cret");
    assertThat(guest.call("config_get", guest.text(0, "token"), guest.room(100, 9)))
        .isEqualTo(NOT_FOUND);
  }

  @Test
  void kv_setGetDeleteList_work() {
    Guest guest = new Guest();

    assertThat(guest.call("kv_set", guest.text(0, "b"), guest.text(50, "two"))).isZero();
    assertThat(guest.call("kv_set", guest.text(0, "a/1"), guest.text(50, "one"))).isZero();
    assertThat(guest.call("kv_set", guest.text(0, "a/2"), guest.text(50, ""))).isZero();
    assertThat(guest.call("kv_get", guest.text(0, "a/1"), guest.room(100, 9))).isEqualTo(3);
    assertThat(guest.read(100, 3)).isEqualTo("one");
    assertThat(guest.call("kv_get", guest.text(0, "a/2"), guest.room(100, 9))).isZero();
    assertThat(guest.list("a/", "", 100)).isEqualTo("a/1\0a/2\0");
    assertThat(guest.list("", "a/1", 100)).isEqualTo("a/2\0b\0");
    assertThat(guest.call("kv_delete", guest.text(0, "b"))).isEqualTo(1);
    assertThat(guest.call("kv_delete", guest.text(0, "b"))).isZero();
    assertThat(guest.call("kv_get", guest.text(0, "b"), guest.room(100, 9))).isEqualTo(NOT_FOUND);
  }

  @Test
  void kvList_bufferTooSmall_writesWholeKeysAndSaysWhatTheFirstTakes() {
    Guest guest = new Guest();
    keyValues.set("one", new byte[0]);
    keyValues.set("two", new byte[0]);

    assertThat(guest.list("", "", 7)).isEqualTo("one\0");
    int[] noKey = join(guest.text(0, ""), guest.text(0, ""), guest.room(100, 3));
    assertThat(guest.call("kv_list", noKey)).isEqualTo(4);
  }

  @Test
  void kv_limits_haveCodesOfTheirOwn() {
    Guest guest = new Guest();

    assertThat(guest.call("kv_set", guest.text(0, ""), guest.text(50, "x"))).isEqualTo(INVALID);
    assertThat(guest.call("kv_set", guest.room(0, 513), guest.text(50, "x"))).isEqualTo(TOO_LARGE);
    assertThat(guest.lastError()).isEqualTo("the key has 513 bytes; allowed are 512");
    assertThat(guest.call("kv_set", guest.text(0, "k"), guest.room(0, 1025))).isEqualTo(TOO_LARGE);
    for (int i = 0; i < MemoryKeyValueStore.MAX_VALUES; i++) {
      keyValues.set("k" + i, new byte[0]);
    }
    assertThat(guest.call("kv_set", guest.text(0, "k"), guest.text(50, "x"))).isEqualTo(QUOTA);
  }

  @Test
  void value_thatTheTenantCannotHoldTwice_isOverQuota() {
    Guest guest = new Guest(/* pages= */ 32);

    // The copy that the host makes is charged to the tenant, before it is made.
    assertThat(guest.call("kv_set", guest.text(0, "k"), guest.room(0, (1 << 20) + 1)))
        .isEqualTo(QUOTA);
    assertThat(guest.lastError()).contains("memoryBytes");
  }

  @Test
  void pointers_outside_areFaultsWithoutEffect() {
    Guest guest = new Guest();
    int[] name = guest.text(0, "color");

    for (int[] outside :
        new int[][] {{PAGE, 1}, {PAGE - 1, 2}, {-1, 1}, {0, -1}, {-1, -1}, {1, PAGE}}) {
      assertThat(guest.call("config_get", join(outside, guest.room(0, 0)))).isEqualTo(FAULT);
      assertThat(guest.call("config_get", join(name, outside))).isEqualTo(FAULT);
      assertThat(guest.call("kv_set", join(name, outside))).isEqualTo(FAULT);
      assertThat(guest.call("kv_get", join(name, outside))).isEqualTo(FAULT);
      assertThat(guest.call("kv_delete", outside)).isEqualTo(FAULT);
      assertThat(guest.call("kv_list", join(guest.room(0, 0), guest.room(0, 0), outside)))
          .isEqualTo(FAULT);
      assertThat(guest.call("kv_list", join(outside, guest.room(0, 0), guest.room(0, 0))))
          .isEqualTo(FAULT);
      assertThat(guest.call("http_request", join(outside, guest.room(0, 0)))).isEqualTo(FAULT);
      assertThat(guest.call("http_request", join(name, outside))).isEqualTo(FAULT);
      assertThat(guest.call("log", join(new int[] {0}, outside))).isEqualTo(FAULT);
      assertThat(guest.call("last_error", outside)).isEqualTo(FAULT);
    }
    assertThat(keyValues.list("", null, 10)).isEmpty();
    assertThat(logged).isEmpty();
  }

  @Test
  void text_thatIsNotUtf8_isInvalid() {
    Guest guest = new Guest();
    guest.memory.write(0, new byte[] {(byte) 0xC3, 0x28}, 0, 2);

    assertThat(guest.call("config_get", 0, 2, 100, 10)).isEqualTo(INVALID);
    assertThat(guest.call("kv_set", 0, 2, 100, 0)).isEqualTo(INVALID);
  }

  @Test
  void http_request_answersStatusFieldsAndBody() {
    Guest guest = new Guest();
    String head = "post http://allowed.example/path\nContent-Type: text/plain\nX-A:b";

    assertThat(guest.call("http_request", guest.text(0, head), guest.text(200, "body")))
        .isEqualTo(201);
    assertThat(guest.call("http_body", guest.room(300, 10))).isEqualTo(4);
    assertThat(guest.read(300, 4)).isEqualTo("body");
    int size = guest.call("http_fields", guest.room(400, 100));
    assertThat(guest.read(400, size)).isEqualTo("x-method: POST\n");
    assertThat(http.requests().getFirst().headers())
        .containsExactly(new HttpField("Content-Type", "text/plain"), new HttpField("X-A", "b"));
    assertThat(ledger.chargedBytes()).isEqualTo(4);
  }

  @Test
  void http_answer_isForgottenByTheNextRequestAndAfterTheCall() {
    Guest guest = new Guest();
    int[] request = guest.text(0, "GET http://allowed.example/");
    assertThat(guest.call("http_request", request, guest.text(200, "12"))).isEqualTo(201);
    assertThat(guest.call("http_request", request, guest.text(200, "1"))).isEqualTo(201);
    assertThat(ledger.chargedBytes()).isEqualTo(1);

    module.forgetCall();

    assertThat(guest.call("http_body", guest.room(300, 10))).isEqualTo(NOT_FOUND);
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void http_refused_hasACodeAndNoAnswer() {
    Guest guest = new Guest();

    assertThat(guest.call("http_request", guest.text(0, "GET http://evil.test/"), guest.room(0, 0)))
        .isEqualTo(FORBIDDEN);
    assertThat(guest.lastError()).isEqualTo("evil.test is not allowed");
    assertThat(guest.call("http_body", guest.room(300, 10))).isEqualTo(NOT_FOUND);
    assertThat(guest.call("http_fields", guest.room(300, 10))).isEqualTo(NOT_FOUND);
  }

  @Test
  void http_malformedRequest_isInvalidAndSaysTheLine() {
    Guest guest = new Guest();

    for (String head : List.of("", "GET", "GET  http://a", "G=T http://a", "GET http://[")) {
      assertThat(guest.call("http_request", guest.text(0, head), guest.room(0, 0)))
          .as(head)
          .isEqualTo(INVALID);
      assertThat(guest.lastError()).startsWith("line 1 of the request");
    }
    int[] field = guest.text(0, "GET http://allowed.example/\nno field");
    assertThat(guest.call("http_request", field, guest.room(0, 0))).isEqualTo(INVALID);
    assertThat(guest.lastError()).startsWith("line 2 of the request");
    int[] many = guest.text(0, "GET http://allowed.example/" + "\na: b".repeat(101));
    assertThat(guest.call("http_request", many, guest.room(0, 0))).isEqualTo(INVALID);
    int[] large = guest.text(0, "GET http://allowed.example/" + "a".repeat(33_000));
    assertThat(guest.call("http_request", large, guest.room(0, 0))).isEqualTo(TOO_LARGE);
    assertThat(http.requests()).isEmpty();
  }

  @Test
  void http_neverAnswered_endsWithTheCall() {
    Guest guest = new Guest();
    CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS)
        .execute(() -> store.requestStop(StopReason.DEADLINE));

    assertThatThrownBy(() ->
            guest.call(
                "http_request",
                guest.text(0, "GET http://allowed.example/never"),
                guest.room(0, 0)))
        .isInstanceOf(StoppedException.class);
  }

  @Test
  void log_lines_areToldWithTheirLevelAndCut() {
    Guest guest = new Guest(/* pages= */ 2);

    assertThat(guest.call("log", 3, guest.text(0, "careful"))).isZero();
    assertThat(guest.call("log", 5, guest.text(0, "x"))).isEqualTo(INVALID);
    assertThat(guest.call("log", -1, guest.text(0, "x"))).isEqualTo(INVALID);
    assertThat(guest.call("log", 0, guest.room(0, PAGE + 7))).isZero();
    assertThat(logged.getFirst()).isEqualTo("WARN careful");
    assertThat(logged.getLast()).hasSize("TRACE ".length() + PluginLog.MAX_LINE_BYTES);
  }

  @Test
  void imports_withoutGrant_areNotLinked() {
    services = services(Grants.of(Capability.KV));

    assertThatThrownBy(Guest::new)
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("cloister");
    assertThat(module.resolve("cloister", "kv_get")).isNotNull();
    assertThat(module.resolve("cloister", "log")).isNotNull();
    assertThat(module.resolve("cloister", "secret_get")).isNull();
    assertThat(module.resolve("cloister", "nothing")).isNull();
    assertThat(module.resolve("env", "kv_get")).isNull();
  }

  @Test
  void functions_whenTheGrantIsGone_areDenied() {
    Guest guest = new Guest();
    services = services(Grants.NONE);

    int[] name = guest.text(0, "color");
    assertThat(guest.call("config_get", name, guest.room(100, 9))).isEqualTo(DENIED);
    assertThat(guest.lastError()).isEqualTo("the plugin has no capability \"config\"");
    assertThat(guest.call("secret_get", name, guest.room(100, 9))).isEqualTo(DENIED);
    assertThat(guest.call("kv_get", name, guest.room(100, 9))).isEqualTo(DENIED);
    assertThat(guest.call("kv_set", name, guest.room(100, 9))).isEqualTo(DENIED);
    assertThat(guest.call("kv_delete", name)).isEqualTo(DENIED);
    assertThat(guest.call("kv_list", join(name, name, guest.room(100, 9)))).isEqualTo(DENIED);
    assertThat(guest.call("http_request", name, guest.room(100, 9))).isEqualTo(DENIED);
    assertThat(guest.call("log", 2, name)).isZero();
  }

  @Test
  void needs_areThoseOfTheFunctions() {
    assertThat(CloisterModule.needed("cloister", "kv_list")).isEqualTo(Capability.KV);
    assertThat(CloisterModule.needed("cloister", "http_body")).isEqualTo(Capability.HTTP);
    assertThat(CloisterModule.needed("cloister", "log")).isNull();
    assertThat(CloisterModule.provides("cloister", "log")).isTrue();
    assertThat(CloisterModule.provides("cloister", "exec")).isFalse();
    assertThat(CloisterModule.provides("env", "log")).isFalse();
  }

  private HostServices services(Grants grants) {
    return HostServices.builder(grants)
        .configuration(NamedValues.of(Map.of("color", "blue")))
        .secrets(NamedValues.of(Map.of("token", "s3cret")))
        .keyValues(keyValues)
        .http(http)
        .log((level, line) -> logged.add(level + " " + line))
        .build();
  }

  private static int[] join(int[]... parts) {
    List<Integer> all = new ArrayList<>();
    for (int[] part : parts) {
      for (int value : part) {
        all.add(value);
      }
    }
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  /// An instance of the module, and its memory.
  private final class Guest {
    private final Instance instance;
    private final Memory memory;

    Guest() {
      this(/* pages= */ 1);
    }

    Guest(int pages) {
      ModuleBuilder builder = new ModuleBuilder();
      List<String> names = FUNCTIONS.keySet().stream().sorted().toList();
      for (String name : names) {
        List<ValueType> params = Collections.nCopies(FUNCTIONS.getOrDefault(name, 0), I32);
        builder.importFunction("cloister", name, new FuncType(params, List.of(I32)));
      }
      builder.memory(pages);
      for (int i = 0; i < names.size(); i++) {
        List<ValueType> params = Collections.nCopies(FUNCTIONS.getOrDefault(names.get(i), 0), I32);
        int function = i;
        builder.exportFunction(
            names.get(i),
            new FuncType(params, List.of(I32)),
            code -> {
              for (int param = 0; param < params.size(); param++) {
                code.localGet(param);
              }
              code.call(function);
            });
      }
      ModuleHandle handle = GUESTS.compile(builder.export("memory", ExternKind.MEMORY, 0).build());
      instance = handle.instantiate(store, (from, name, _) -> module.resolve(from, name));
      memory = Objects.requireNonNull(instance.memory(0));
    }

    /// Writes `text` and returns its pointer and length.
    int[] text(int address, String text) {
      byte[] bytes = text.getBytes(UTF_8);
      memory.write(address, bytes, 0, bytes.length);
      return new int[] {address, bytes.length};
    }

    int[] room(int address, int length) {
      return new int[] {address, length};
    }

    String read(int address, int length) {
      return new String(memory.copy(address, length), UTF_8);
    }

    String lastError() {
      return read(1000, call("last_error", 1000, 500));
    }

    String list(String prefix, String after, int capacity) {
      int written = call("kv_list", join(text(0, prefix), text(50, after), room(2000, capacity)));
      return read(2000, written);
    }

    int call(String name, int[] first, int[] second) {
      return call(name, join(first, second));
    }

    int call(String name, int first, int[] second) {
      return call(name, join(new int[] {first}, second));
    }

    int call(String name, int... arguments) {
      FuncRef function = instance.exportedFunction(name);
      Object[] boxed = new Object[arguments.length];
      for (int i = 0; i < boxed.length; i++) {
        boxed[i] = arguments[i];
      }
      return (Integer) Objects.requireNonNull(function.call(boxed)[0]);
    }
  }
}
