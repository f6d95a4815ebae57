package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What idle tenants take; `scripts/bench density` measures more of them.
@Timeout(600)
final class DensityTest {
  private static final int TENANTS = 1_000;
  private static final int WARM_UP_TENANTS = 50;
  private static final int CLIENTS = 8;

  /// Beyond what is stored of them, tenants may take 10,000 bytes; that is about 2,500.
  private static final long MAX_BYTES = 12_500;

  @Test
  void idleTenants_thatShareAPlugin_takeLittleAndOneModule(@TempDir Path folder)
      throws JMException, InterruptedException, ExecutionException {
    try (TestServer server = TestServer.start(folder)) {
      TestClient operator = server.operator();
      deploy(operator, "warm-up-", WARM_UP_TENANTS);
      long before = liveBytes();

      deploy(operator, "tenant-", TENANTS);

      assertThat((liveBytes() - before) / TENANTS).isLessThan(MAX_BYTES);
      assertThat(operator.get("/v1/engine/native-modules").json().path("items")).hasSize(1);
    }
  }

  /// Makes tenants with the same plugin, and calls it once for each.
  private static void deploy(TestClient operator, String prefix, int count)
      throws InterruptedException, ExecutionException {
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> deployed = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String path = "/v1/tenants/" + prefix + i;
        deployed.add(
            clients.submit(() -> {
              operator.put(path, "{}").expect(201);
              operator.upload(path + "/plugins/math", Modules.arithmetic()).expect(201);
              operator.post(path + "/plugins/math/call/add", "{\"args\":[1,2]}").expect(200);
            }));
      }
      for (Future<?> one : deployed) {
        one.get();
      }
    }
  }

  /// The bytes of all objects that are reachable.
  private static long liveBytes() throws JMException {
    Object histogram =
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
    return String.valueOf(histogram)
        .lines()
        .filter(line -> line.startsWith("Total"))
        .mapToLong(line -> Long.parseLong(line.split("\\s+", -1)[2]))
        .sum();
  }
}
