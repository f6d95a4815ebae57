package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RoutePathTest {
  @Test
  void partsThatVary_areKnownByName() {
    RoutePath path = RoutePath.of("/v1/tenants/{tenant}/plugins/{plugin}/http/*");

    assertThat(path.parameters()).containsExactly("tenant", "plugin", "*");
    assertThat(path.routerPath()).isEqualTo("/v1/tenants/:tenant/plugins/:plugin/http/*");
  }

  @ParameterizedTest
  @CsvSource({
    "/healthz, /healthz, true",
    "/healthz, /healthz/, false",
    "/healthz, /health, false",
    "/v1/tenants/{tenant}, /v1/tenants/a, true",
    "/v1/tenants/{tenant}, /v1/tenants/, false",
    "/v1/tenants/{tenant}, /v1/tenants, false",
    "/v1/tenants/{tenant}, /v1/tenants/a/b, false",
    "/v1/tenants/{tenant}/run, /v1/tenants/a/run, true",
    "/v1/tenants/{tenant}/run, /v1/tenants/a/ran, false",
    "/, /, true",
    "/, /a, false",
    "/admin/*, /admin/, true",
    "/admin/*, /admin/a/b, true",
    "/admin/*, /admin, true",
    "/admin/*, /other/a, false",
  })
  void request_matchesOrNot(String route, String request, boolean expected) {
    assertThat(RoutePath.of(route).matches(request)).isEqualTo(expected);
  }

  @Test
  void values_standForThePartsThatVary() {
    RoutePath path = RoutePath.of("/v1/tenants/{tenant}/kv/*");

    assertThat(path.values("/v1/tenants/a/kv/b/c").values()).containsExactly("a", "b/c");
    assertThat(path.values("/v1/tenants/a/kv/").values()).containsExactly("a", "");
    assertThat(path.values("/v1/tenants/a/kv").values()).containsExactly("a", "");
    assertThat(RoutePath.of("/healthz").values("/healthz")).isEqualTo(PathValues.NONE);
  }
}
