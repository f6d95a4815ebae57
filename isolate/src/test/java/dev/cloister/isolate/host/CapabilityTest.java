package dev.cloister.isolate.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CapabilityTest {
  @Test
  void names_known_areAccepted() {
    assertThat(Capability.names()).hasSize(8);
    for (String name : List.of("http", "kv", "config", "secrets", "hostFolder:web-site")) {
      assertThat(Capability.isName(name)).as(name).isTrue();
    }
    assertThat(Capability.hostFolder("a")).isEqualTo(new Capability("hostFolder:a"));
  }

  @Test
  void names_unknown_areRefused() {
    for (String name : List.of("", "HTTP", "net", "hostFolder:", "hostFolder:../etc", "kv ")) {
      assertThat(Capability.isName(name)).as(name).isFalse();
    }
    assertThatThrownBy(() -> new Capability("htp"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"htp\"")
        .hasMessageContaining("http")
        .hasMessageContaining("hostFolder:NAME");
  }

  @Test
  void grants_combined_haveWhatBothHave() {
    Grants first = Grants.of(Capability.KV, Capability.HTTP);
    Grants second = Grants.of(Capability.HTTP, Capability.CLOCK);

    assertThat(first.and(second)).isEqualTo(Grants.of(Capability.HTTP));
    assertThat(first.missing(second.capabilities())).containsExactly(Capability.CLOCK);
    assertThat(Grants.NONE.and(first)).isEqualTo(Grants.NONE);
    assertThat(first.capabilities()).containsExactly(Capability.HTTP, Capability.KV);
  }
}
