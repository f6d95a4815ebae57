package dev.cloister.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The files as they are packed: whatever one of them refers to is there, and the policy that is
/// sent with them allows what they do and nothing more.
final class ConsoleFilesTest {
  private static final Pattern REFERENCE_IN_HTML = Pattern.compile("(?:src|href)=\"([^\"#]+)\"");
  private static final Pattern IMPORT =
      Pattern.compile("(?:import|from|export\\*from)\\s*\\(?[\"']([^\"']+)[\"']");
  private static final Pattern URL_IN_CSS =
      Pattern.compile("(?:url\\(|@import)\\s*[\"']?([^\"')]+)");
  private static final Pattern IMPORT_MAP =
      Pattern.compile("<script type=\"importmap\">(.*?)</script>", Pattern.DOTALL);
  private static final Pattern MAPPING = Pattern.compile("\"([^\"]+)\": \"/admin/([^\"]+)\"");
  private static final Pattern ELEMENT = Pattern.compile("<(cloister-[a-z-]+)");

  private static final String INDEX = ConsoleFiles.text("index.html");

  @Test
  void everyReference_followedFromIndex_leadsToAFile() {
    List<String> broken = new ArrayList<>();
    for (String file : reachableFiles()) {
      if (ConsoleFiles.read(file) == null) {
        broken.add(file);
      }
    }

    assertThat(broken).isEmpty();
  }

  @Test
  void reachableFiles_includePagesAndLit() {
    assertThat(reachableFiles())
        .contains(
            "pages/overview.js", "widgets/table.js", "css/vars.css", "lib/lit-html/lit-html.js");
  }

  @Test
  void everyElement_inTemplates_isDefined() {
    Set<String> used = new LinkedHashSet<>();
    Set<String> defined = new LinkedHashSet<>();
    for (String file : reachableFiles()) {
      if (file.endsWith(".js") && !file.startsWith("lib/")) {
        String text = ConsoleFiles.text(file);
        ELEMENT.matcher(text).results().forEach(element -> used.add(element.group(1)));
        Pattern.compile("customElements\\.define\\('([^']+)'")
            .matcher(text)
            .results()
            .forEach(element -> defined.add(element.group(1)));
      }
    }

    assertThat(defined).containsAll(used);
  }

  @Test
  void references_leadToNoOtherHost() {
    assertThat(INDEX).doesNotContain("http:").doesNotContain("https:");
    for (String file : reachableFiles()) {
      if (file.endsWith(".css")) {
        assertThat(ConsoleFiles.text(file)).as(file).doesNotContain("http");
      }
    }
  }

  @Test
  void policy_importMap_isAllowedByItsHash() throws Exception {
    byte[] map = importMap().getBytes(StandardCharsets.UTF_8);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(map);
    String hash = "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";

    assertThat(policy()).as("script-src has to have %s", hash).contains(hash);
  }

  @Test
  void policy_allowsNothingInlineAndNoOtherHost() {
    assertThat(policy())
        .startsWith("default-src 'none';")
        .contains("frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'")
        .doesNotContain("unsafe", "http", "data:", "*");
  }

  @Test
  void index_hasNoInlineStyleOrHandler() {
    assertThat(INDEX).doesNotContain("<style").doesNotContain(" style=").doesNotContain(" onload=");
    assertThat(INDEX.split("<script>", -1)).as("scripts without a source").hasSize(1);
  }

  @Test
  void cssColours_outsideVars_areVariables() {
    Pattern colour = Pattern.compile("#[0-9a-f]{3,8}\\b|rgb\\(|hsl\\(", Pattern.CASE_INSENSITIVE);
    for (String file : reachableFiles()) {
      if (file.startsWith("css/") && !file.equals("css/vars.css")) {
        assertThat(ConsoleFiles.text(file)).as(file).doesNotContainPattern(colour);
      }
    }
  }

  private static String policy() {
    return ConsoleFiles.headers().getOrDefault("Content-Security-Policy", "");
  }

  private static String importMap() {
    Matcher map = IMPORT_MAP.matcher(INDEX);
    assertThat(map.find()).isTrue();
    return map.group(1);
  }

  /// Every file that the index refers to, and what those refer to, whether it is there or not.
  private static Set<String> reachableFiles() {
    Map<String, String> mappings = new TreeMap<>();
    MAPPING
        .matcher(importMap())
        .results()
        .forEach(mapping -> mappings.put(mapping.group(1), mapping.group(2)));
    Set<String> found = new LinkedHashSet<>(List.of("index.html"));
    Deque<String> waiting = new ArrayDeque<>(found);
    while (!waiting.isEmpty()) {
      String file = waiting.remove();
      if (ConsoleFiles.read(file) != null) {
        for (String reference : references(file)) {
          String target = resolve(file, reference, mappings);
          if (found.add(target)) {
            waiting.add(target);
          }
        }
      }
    }
    return found;
  }

  private static List<String> references(String file) {
    Pattern pattern =
        file.endsWith(".html")
            ? REFERENCE_IN_HTML
            : file.endsWith(".css") ? URL_IN_CSS : file.endsWith(".js") ? IMPORT : null;
    if (pattern == null) {
      return List.of();
    }
    String text = ConsoleFiles.text(file).replaceAll("(?s)/\\*.*?\\*/", "");
    return pattern.matcher(text).results().map(reference -> reference.group(1)).toList();
  }

  private static String resolve(String file, String reference, Map<String, String> mappings) {
    if (mappings.containsKey(reference)) {
      return mappings.getOrDefault(reference, "");
    }
    for (Map.Entry<String, String> mapping : mappings.entrySet()) {
      if (mapping.getKey().endsWith("/") && reference.startsWith(mapping.getKey())) {
        return mapping.getValue() + reference.substring(mapping.getKey().length());
      }
    }
    return URI.create(file).resolve(reference).toString();
  }
}
