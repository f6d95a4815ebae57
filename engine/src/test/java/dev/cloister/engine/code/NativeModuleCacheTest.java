package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.code.NativeModuleCache.Claim;
import dev.cloister.engine.code.NativeModuleCache.Flight;
import dev.cloister.engine.code.NativeModuleCache.PrefixKey;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.decode.PrefixHash;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.script.DebugFileLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class NativeModuleCacheTest {
  private final CompileThreads threads = new CompileThreads(1);
  private final NativeModuleCache cache = new NativeModuleCache();
  private final WasmModule module =
      ModuleDecoder.decode(
          new ModuleBuilder().memory(1).build(), WasmFeatures.ALL, WasmLimits.defaults());
  private final NativeModuleCache.Key key = new NativeModuleCache.Key(module.wireBytes().sha256(), WasmFeatures.ALL);

  @AfterEach
  void closeThreads() {
    threads.close();
  }

  private NativeModule compile() {
    return new NativeModule(
        module,
        key.hash(),
        CodeKind.BASELINE,
        ModulePlan.METHOD_BYTES,
        VectorUse.WORTHWHILE,
        new SignatureClasses(threads),
        new StructClasses(threads),
        threads,
        Stopper.create(StopPolicy.defaults()),
        MemoryPool.NONE,
        CodeManager.unlimited(),
        DebugFileLoader.NONE,
        ClassFileArchive.NONE);
  }

  private Flight own() {
    return ((Claim.Owned) cache.claim(key)).flight();
  }

  private NativeModule land() {
    NativeModule made = compile();
    cache.land(own(), made, PrefixHash.of(module));
    return made;
  }

  private PrefixKey prefix() {
    return new PrefixKey(PrefixHash.of(module), WasmFeatures.ALL, CompileTimeImports.NONE, "");
  }

  @Test
  void content_hasOneOwner_othersGetItsModule() {
    Flight flight = own();
    Claim other = cache.claim(key);
    assertThat(other).isEqualTo(new Claim.Busy(flight));
    assertThat(flight.end()).isNotDone();
    NativeModule made = compile();
    cache.land(flight, made, PrefixHash.of(module));

    assertThat(flight.end()).isCompletedWithValue(made);
    assertThat(cache.claim(key)).isEqualTo(new Claim.Hit(made));
    assertThat(cache.compilations()).isEqualTo(1);
    assertThat(cache.hits()).isEqualTo(1);
    assertThatThrownBy(() -> cache.fail(flight)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void failure_ofTheOwner_makesTheNextOneOwner() {
    Flight flight = own();
    cache.fail(flight);

    assertThat(flight.end()).isCompletedWithValue(null);
    Flight next = own();
    assertThat(next).isNotSameAs(flight);
    cache.fail(next);
    assertThat(cache.size()).isEqualTo(new NativeModuleCache.Size(0, 0, 0));
    assertThat(cache.compilations()).isZero();
  }

  @Test
  void modules_withAnythingElseInTheKey_areNotShared() {
    NativeModule made = land();
    assertThat(cache.claim(key)).isInstanceOf(Claim.Hit.class);
    List<NativeModuleCache.Key> others =
        List.of(
            new NativeModuleCache.Key(key.hash(), WasmFeatures.WASM_3),
            new NativeModuleCache.Key(key.hash(), WasmFeatures.ALL.without(WasmFeature.SIMD)),
            new NativeModuleCache.Key(
                key.hash(),
                key.features(),
                new CompileTimeImports(Set.of("js-string")),
                key.engineVersion(),
                ""),
            new NativeModuleCache.Key(key.hash(), key.features(), CompileTimeImports.NONE, "another version", ""),
            new NativeModuleCache.Key(
                key.hash(),
                key.features(),
                CompileTimeImports.NONE,
                key.engineVersion(),
                "an isolate's own"));
    assertThat(others)
        .allSatisfy(other -> assertThat(cache.claim(other)).isInstanceOf(Claim.Owned.class));
    assertThat(made.hash()).isEqualTo(key.hash());
  }

  @Test
  void module_thatNobodyUses_isForgottenWithItsPrefix() throws InterruptedException {
    assertThat(land()).isNotNull();
    assertThat(cache.ownPrefix(prefix())).isFalse();

    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (cache.size().modules() > 0 && System.nanoTime() < end) {
      System.gc();
      Thread.sleep(20);
    }

    assertThat(cache.size()).isEqualTo(new NativeModuleCache.Size(0, 0, 0));
    assertThat(cache.ownPrefix(prefix())).isTrue();
    assertThat(cache.claim(key)).isInstanceOf(Claim.Owned.class);
  }

  @Test
  void prefix_hasOneOwner_untilItIsReleased() {
    assertThat(cache.ownPrefix(prefix())).isTrue();
    assertThat(cache.ownPrefix(prefix())).isFalse();
    cache.releasePrefix(prefix());
    assertThat(cache.ownPrefix(prefix())).isTrue();
    // The owner's content is known now, and its end changes nothing.
    NativeModule made = land();
    cache.releasePrefix(prefix());
    assertThat(cache.ownPrefix(prefix())).isFalse();
    assertThatThrownBy(() -> cache.releasePrefix(prefix()))
        .isInstanceOf(IllegalStateException.class);
    assertThat(made.module()).isSameAs(module);
  }

  /// Of many threads, some of which fail, one at a time compiles.
  @Test
  void manyThreads_someFailing_compileOneAfterTheOther() throws Exception {
    int count = 8;
    AtomicInteger running = new AtomicInteger();
    AtomicInteger attempts = new AtomicInteger();
    Set<NativeModule> made = ConcurrentHashMap.newKeySet();
    try (ExecutorService executor = Executors.newFixedThreadPool(count)) {
      List<Future<?>> futures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        futures.add(
            executor.submit(() -> {
              while (true) {
                switch (cache.claim(key)) {
                  case Claim.Hit(NativeModule hit) -> {
                    made.add(hit);
                    return;
                  }
                  case Claim.Busy(Flight flight) -> flight.end().join();
                  case Claim.Owned(Flight flight) -> {
                    assertThat(running.incrementAndGet()).as("at the same time").isEqualTo(1);
                    NativeModule mine = attempts.incrementAndGet() > 5 ? compile() : null;
                    running.decrementAndGet();
                    if (mine == null) {
                      cache.fail(flight);
                    } else {
                      made.add(mine);
                      cache.land(flight, mine, PrefixHash.of(module));
                      return;
                    }
                  }
                }
              }
            }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
    assertThat(made).hasSize(1);
    assertThat(attempts).hasValue(6);
    assertThat(cache.compilations()).isEqualTo(1);
    assertThat(cache.size().flights()).isZero();
  }
}
