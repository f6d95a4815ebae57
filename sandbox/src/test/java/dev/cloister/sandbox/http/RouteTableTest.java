package dev.cloister.sandbox.http;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RouteTableTest {
  private static final Endpoint NOTHING = _ -> {};

  private final RouteTable table =
      new RouteTable(
          List.of(
              new Route(HttpMethod.POST, "/a/{name}/call", Access.INVOKER, NOTHING),
              new Route(HttpMethod.GET, "/a/{name}", Access.INVOKER, NOTHING),
              new Route(HttpMethod.PUT, "/a/{name}", Access.OPERATOR, NOTHING),
              new Route(null, "/a/{name}/http/*", Access.INVOKER, NOTHING),
              new Route(HttpMethod.GET, "/a/{other}", Access.PUBLIC, NOTHING)));

  @Test
  void find_isTheFirstRowOfMethodAndPath() {
    RouteTable.Row row = requireNonNull(table.find(HttpMethod.GET, "/a/b"));

    assertThat(row.route().access()).isEqualTo(Access.INVOKER);
    assertThat(row.path().values("/a/b").get("name")).isEqualTo("b");
    assertThat(row.path().values("/a/b").get("other")).isNull();
  }

  @Test
  void find_headIsGet_andNullIsAllMethods() {
    assertThat(table.find(HttpMethod.HEAD, "/a/b")).isNotNull();
    assertThat(table.find(HttpMethod.HEAD, "/a/b/call")).isNull();
    assertThat(table.find(HttpMethod.PATCH, "/a/b/http/c")).isNotNull();
  }

  @Test
  void find_nothingThatFits_isNull() {
    assertThat(table.find(HttpMethod.DELETE, "/a/b")).isNull();
    assertThat(table.find(HttpMethod.GET, "/a")).isNull();
    assertThat(table.find(HttpMethod.GET, "/a/b/")).isNull();
  }

  @Test
  void methods_areThoseOfAllRowsOfThePath() {
    assertThat(table.methods("/a/b")).containsExactly("GET", "HEAD", "OPTIONS", "PUT");
    assertThat(table.methods("/a/b/call")).containsExactly("OPTIONS", "POST");
    assertThat(table.methods("/a/b/http"))
        .containsExactly("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT");
    assertThat(table.methods("/c")).isEmpty();
  }
}
