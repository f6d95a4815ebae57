package dev.cloister.admin;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import dev.cloister.admin.fixture.ConsoleBrowser;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The console as a person uses it: in a real browser, under the policy it is served with, against
/// a server whose answers the tests decide. No test may leave an error in the browser's console.
final class ConsoleBrowserTest {
  private static final String ENGINE_EVENTS = "/v1/engine/events";

  @SuppressWarnings("NullAway.Init") // launch
  private static ConsoleBrowser browser;

  @SuppressWarnings("NullAway.Init") // start
  private FakeServer server;

  @SuppressWarnings("NullAway.Init") // start
  private Page page;

  @BeforeAll
  static void launch() {
    browser = ConsoleBrowser.launch();
  }

  @AfterAll
  @SuppressWarnings("NullAway") // null when the tests were skipped
  static void quit() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    server = FakeServer.start();
    page = browser.page(1280, 800, ColorScheme.LIGHT);
  }

  @AfterEach
  void browserConsole_afterEachTest_hasNoErrors() {
    page.context().close();
    server.close();
    assertThat(browser.takeErrors()).isEmpty();
  }

  @Test
  void signIn_wrongKey_saysSoAndKeepsTheForm() {
    open("#/");
    signIn("wrong");

    assertThat(page.getByRole(AriaRole.ALERT)).containsText("does not know this key");
    signIn(FakeApi.OPERATOR_KEY);
    assertThat(heading("Overview")).isVisible();
  }

  @Test
  void signIn_deepLink_leadsToWhereItWasWanted() {
    openAsOperator("#/tenants/acme/keys");

    assertThat(heading("acme")).isVisible();
    assertThat(page.getByText("k_8fK2mQ")).isVisible();
  }

  @Test
  void signIn_tenantKey_seesItsOwnTenantOnly() {
    open("#/");
    signIn(FakeApi.TENANT_KEY);

    assertThat(heading("acme")).isVisible();
    assertThat(link("Tenants")).not().isVisible();
    assertThat(link("Events")).not().isVisible();
  }

  @Test
  void session_reload_isKept() {
    openAsOperator("#/events");
    page.reload();

    assertThat(heading("Events")).isVisible();
  }

  @Test
  void signOut_leadsToTheForm() {
    openAsOperator("#/");
    button("Sign out").click();

    assertThat(page.getByLabel("Operator or tenant key")).isVisible();
  }

  @Test
  void overview_statisticsEvent_movesTheFigures() throws Exception {
    openAsOperator("#/");
    assertThat(figure("tenants")).hasText("10,000");
    assertThat(figure("memory")).hasText("1.37GiB");

    server.emit(ENGINE_EVENTS, "statistics", engine -> engine.tick(120, 3));
    assertThat(figure("calls")).hasText("120/s");

    server.emit(
        ENGINE_EVENTS, "statistics", engine -> engine.tick(45, 0).put("memoryBytes", 2L << 30));
    assertThat(figure("calls")).hasText("45/s");
    assertThat(figure("memory")).hasText("2GiB");
  }

  @Test
  void stream_cut_reconnectsByItself() throws Exception {
    openAsOperator("#/");
    assertThat(page.getByText("Live", exactly())).isVisible();

    server.cutStreams();

    assertThat(page.getByText("Reconnecting")).isVisible();
    assertThat(page.getByText("Live", exactly())).isVisible();
    server.emit(ENGINE_EVENTS, "statistics", engine -> engine.tick(7, 0).put("plugins", 77));
    assertThat(figure("plugins")).hasText("77");
  }

  @Test
  void tenants_tenThousand_arePagedByTheServer() {
    openAsOperator("#/tenants");
    assertThat(page.locator("tbody tr")).hasCount(50);
    assertThat(page.getByText("1–50 of 10,000 tenants")).isVisible();

    button("Next").click();
    assertThat(page.getByText("51–100 of 10,000 tenants")).isVisible();
    assertThat(link("tenant-00051")).isVisible();

    button("Previous").click();
    assertThat(link("acme")).isVisible();
  }

  @Test
  void tenants_search_asksTheServerAndKeepsTheAddress() {
    openAsOperator("#/tenants");
    page.keyboard().press("/");
    page.keyboard().type("0777");

    assertThat(link("tenant-07770")).isVisible();
    assertThat(page.getByText("11 tenants", exactly())).isVisible();
    page.reload();
    assertThat(page.getByText("11 tenants", exactly())).isVisible();

    page.getByRole(AriaRole.SEARCHBOX).fill("no such tenant");
    assertThat(page.getByText("No tenant matches")).isVisible();
  }

  @Test
  void tenants_create_leadsToTheNewTenant() {
    openAsOperator("#/tenants");
    button("Create tenant").click();
    page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("Not A Name");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();

    page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("acme");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("There is a tenant acme already");

    page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("umbrella");
    page.keyboard().press("Enter");
    assertThat(heading("umbrella")).isVisible();
    assertThat(page.getByText("Created umbrella")).isVisible();
    assertThat(page.getByText("No plugins yet")).isVisible();
  }

  @Test
  void tenants_suspendAndResume_changeTheRow() {
    openAsOperator("#/tenants");
    Locator row = row("globex");
    row.hover();
    button("Suspend globex").click();
    assertThat(row).containsText("suspended");

    button("Resume globex").click();
    assertThat(row).containsText("active");
  }

  @Test
  void tenants_delete_needsTheNameTyped() {
    openAsOperator("#/tenants");
    row("globex").hover();
    button("Delete globex").click();
    page.keyboard().type("globe");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();

    page.keyboard().type("x");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).not().isVisible();
    assertThat(link("globex")).not().isVisible();
  }

  @Test
  void nativeModules_sharedModule_showsBothHolders() throws Exception {
    openAsOperator("#/native-modules");
    Locator row = row(FakeEngine.SHARED_SCRIPT);
    assertThat(row).containsText("acme");
    assertThat(row).containsText("globex");
    assertThat(row.locator("td").nth(1)).hasText("2");

    server.emit(ENGINE_EVENTS, "native-module", engine -> engine.addHolder("initech"));
    assertThat(row).containsText("initech");
    assertThat(row.locator("td").nth(1)).hasText("3");

    row.getByRole(AriaRole.BUTTON).click();
    assertThat(page.getByText(FakeEngine.SHARED_DIGEST)).isVisible();

    server.emit(
        ENGINE_EVENTS,
        "native-module-removed",
        _ -> new JsonObject().put("digest", FakeEngine.SHARED_DIGEST));
    assertThat(row).not().isVisible();
  }

  @Test
  void nativeModules_serverWithoutCounts_showsTheTiersOfTheImages() {
    openAsOperator("#/native-modules");

    assertThat(row("markdown").locator("td").nth(3)).hasText("baseline optimized");
  }

  @Test
  void nativeModules_rowsThatAConnectionBeginsWith_areNoChanges() throws Exception {
    openAsOperator("#/native-modules?q=adder");
    assertThat(page.locator("tbody tr")).hasCount(1);
    server.emit(ENGINE_EVENTS, "native-module", engine -> engine.addHolder("initech"));
    server.emit(ENGINE_EVENTS, "statistics", engine -> engine.tick(1, 0));
    Locator hint = page.getByText("changed elsewhere, refresh");
    assertThat(hint).not().isVisible();

    server.emit(ENGINE_EVENTS, "native-module", engine -> engine.addHolder("umbrella"));
    assertThat(hint).hasText("1 changed elsewhere, refresh");
    hint.click();
    assertThat(hint).not().isVisible();
  }

  @Test
  void upload_invalidModule_showsTheOffset() {
    openAsOperator("#/tenants/acme");
    button("Upload plugin").click();
    choose("Wrong One.wasm", 100);
    assertThat(page.getByLabel("Name of the plugin")).hasValue("wrong-one");
    button("Upload").click();

    Locator problem = page.locator(".problem");
    assertThat(problem).containsText("type mismatch: expected i32, got i64");
    assertThat(problem).containsText("at offset 0x1a (byte 26)");
    assertThat(problem).containsText("function 2");
  }

  @Test
  void upload_validModule_showsItsVersion() {
    openAsOperator("#/tenants/acme");
    button("Upload plugin").click();
    choose("right.wasm", 8);
    button("Upload").click();

    assertThat(page.locator(".upload-result")).containsText("stored");
    assertThat(page.locator(".upload-result")).containsText("wasm://wasm/e4e4e4e4");
  }

  @Test
  void tryIt_plainExport_showsTheResult() {
    openAsOperator("#/tenants/acme/plugins/adder");
    page.getByLabel("Argument 1").fill("2");
    page.getByLabel("Argument 2").fill("0x28");
    page.keyboard().press("Enter");

    assertThat(page.locator("[data-results]")).containsText("42");
    assertThat(page.getByText("fresh")).isVisible();
  }

  @Test
  void tryIt_trap_showsTheWasmStack() {
    openAsOperator("#/tenants/acme/plugins/adder");
    page.getByLabel("Export").selectOption("fail");
    button("Call").click();

    assertThat(page.locator(".problem")).containsText("integer divide by zero");
    assertThat(page.locator(".problem-stack tr")).hasCount(2);
    assertThat(page.locator(".problem-stack tr").first()).containsText("divide");
    assertThat(page.locator(".problem-stack tr").first()).containsText("0x5c");
  }

  @Test
  void tryIt_command_sendsArgumentsAndInput() {
    openAsOperator("#/tenants/acme/plugins/markdown");
    page.getByLabel("Arguments").fill("--toc \"two words\"");
    page.getByLabel("Standard input").fill("# Title");
    button("Call").click();

    assertThat(page.locator(".answer-text")).hasText("args [--toc, two words]\n# Title");
  }

  @Test
  void versions_makeLive_saysSo() {
    openAsOperator("#/tenants/acme/plugins/adder/versions");
    row("0d0d0d0d0d0d").hover();
    button("Make 0d0d0d0d0d0d live").click();

    assertThat(page.getByText("Calls now use 0d0d0d0d0d0d")).isVisible();
  }

  @Test
  void keys_create_showsTheKeyOnce() {
    openAsOperator("#/tenants/acme/keys");
    button("Create key").click();
    page.getByLabel("tenant-admin").check();
    page.getByRole(AriaRole.DIALOG).getByText("Create key").last().click();

    Locator secret = page.locator("[data-secret]");
    assertThat(secret).containsText("cloister_");
    button("Copy the key").click();
    assertThat(page.evaluate("navigator.clipboard.readText()")).isEqualTo(secret.textContent());
    button("I have it").click();
    assertThat(secret).not().isVisible();
    assertThat(page.getByText("k_new2")).isVisible();
  }

  @Test
  void limits_aboveMaximum_namesTheAllowedValue() {
    openAsOperator("#/tenants/acme/limits");
    page.getByLabel("All memory").fill("64 GiB");
    button("Save limits").click();
    assertThat(page.locator(".problem")).containsText("allowed 1073741824");

    page.getByLabel("All memory").fill("512 MiB");
    button("Save limits").click();
    assertThat(page.getByText("Limits saved")).isVisible();
    assertThat(row("All memory").locator("td").first()).hasText("512 MiB");
  }

  @Test
  void log_newLine_appearsAndCanBeFiltered() throws Exception {
    openAsOperator("#/tenants/acme/logs");
    assertThat(page.getByText("rendered 14 pages in 212 ms")).isVisible();

    JsonObject line = FakeServer.logLine("error", "adder", "trap: unreachable");
    server.emit("/v1/tenants/acme/logs", "log", _ -> line);
    assertThat(page.getByText("trap: unreachable")).isVisible();

    page.getByLabel("Least level").selectOption("error");
    assertThat(page.locator(".log-line")).hasCount(2);
  }

  @Test
  void log_markupInALine_staysText() throws Exception {
    openAsOperator("#/tenants/acme/logs");
    JsonObject line = FakeServer.logLine("info", "evil", "<img src=x onerror=alert(1)>");
    assertThat(page.locator(".log-line")).hasCount(3);
    server.emit("/v1/tenants/acme/logs", "log", _ -> line);

    assertThat(page.getByText("<img src=x onerror=alert(1)>")).isVisible();
    assertThat(page.locator(".log img")).hasCount(0);
  }

  @Test
  void events_newEvent_appearsOnTop() throws Exception {
    openAsOperator("#/events");
    assertThat(page.locator("tbody tr")).hasCount(6);

    server.emit(
        "/v1/events",
        "audit",
        engine -> {
          engine.addEvent("plugin.upload", "globex", "fresh-plugin", "ok");
          return engine.events.getFirst();
        });
    assertThat(page.locator("tbody tr").first()).containsText("fresh-plugin");
    assertThat(row("5f3a9c5f3a9c")).containsText("plugin.upload");
    link("image-resize").click();
    assertThat(heading("image-resize")).isVisible();
  }

  @Test
  void pages_left_closeTheirStreams() {
    openAsOperator("#/tenants/acme/logs");
    assertThat(page.getByText("rendered 14 pages in 212 ms")).isVisible();
    assertThat(server.listeners("/v1/tenants/acme/logs")).isEqualTo(1);

    link("Tenants").first().click();
    assertThat(page.getByText("1–50 of 10,000 tenants")).isVisible();
    page.waitForCondition(() -> server.listeners("/v1/tenants/acme/logs") == 0);
    assertThat(server.listeners(ENGINE_EVENTS)).isEqualTo(1);
  }

  @Test
  void keyboard_alone_reachesATenantsKeys() {
    open("#/");
    page.getByLabel("Operator or tenant key").waitFor();
    page.keyboard().type(FakeApi.OPERATOR_KEY);
    page.keyboard().press("Enter");
    assertThat(heading("Overview")).isVisible();

    page.keyboard().press("g");
    page.keyboard().press("t");
    assertThat(heading("Tenants")).isVisible();
    assertThat(link("acme")).isVisible();
    link("acme").focus();
    page.keyboard().press("ArrowDown");
    assertThat(link("globex")).isFocused();
    page.keyboard().press("ArrowUp");
    page.keyboard().press("Enter");
    assertThat(heading("acme")).isVisible();

    tabTo("Keys");
    page.keyboard().press("Enter");
    assertThat(page.getByText("k_8fK2mQ")).isVisible();

    page.keyboard().press("?");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("Search on this page");
    page.keyboard().press("Escape");
    assertThat(page.getByRole(AriaRole.DIALOG)).not().isVisible();
  }

  @Test
  void controls_everyPage_haveNames() {
    openAsOperator("#/");
    for (String address : addresses()) {
      go(address);
      Object nameless =
          page.evaluate(
              """
              [...document.querySelectorAll('button, a, input, select, textarea')]
                .filter((control) => control.checkVisibility())
                .filter((control) => !(control.ariaLabel || control.textContent.trim()
                    || control.labels?.length))
                .map((control) => control.outerHTML)
              """);
      assertThat(nameless).as(address).isEqualTo(List.of());
      assertThat(page.locator("h1")).hasCount(1);
    }
  }

  @Test
  void pages_narrowWindow_doNotScrollSideways() {
    page.setViewportSize(375, 700);
    openAsOperator("#/");
    for (String address : addresses()) {
      go(address);
      Object overflow =
          page.evaluate(
              "document.documentElement.scrollWidth - document.documentElement.clientWidth");
      assertThat(overflow).as(address).isEqualTo(0);
    }
  }

  @Test
  void colours_bothSchemes_haveContrast() {
    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
      page.context().close();
      page = browser.page(1280, 800, scheme);
      openAsOperator("#/");
      for (String address : addresses()) {
        go(address);
        assertThat(page.evaluate(Contrast.SCRIPT)).as(scheme + " " + address).isEqualTo(List.of());
      }
    }
  }

  @Test
  void theme_chosen_outlivesAReload() {
    openAsOperator("#/");
    Object light = background();
    page.getByLabel("Colours").selectOption("dark");
    Object dark = background();
    assertThat(dark).isNotEqualTo(light);

    page.reload();
    assertThat(heading("Overview")).isVisible();
    assertThat(background()).isEqualTo(dark);
    page.getByLabel("Colours").selectOption("auto");
    assertThat(background()).isEqualTo(light);
  }

  private static List<String> addresses() {
    List<String> addresses =
        new ArrayList<>(List.of("#/", "#/tenants", "#/native-modules", "#/events"));
    for (String tab : List.of("", "/usage", "/limits", "/keys", "/logs")) {
      addresses.add("#/tenants/acme" + tab);
    }
    for (String tab : List.of("", "/versions", "/interface")) {
      addresses.add("#/tenants/acme/plugins/adder" + tab);
    }
    return addresses;
  }

  private void open(String address) {
    page.navigate(server.url() + "/admin/" + address);
  }

  private void openAsOperator(String address) {
    open(address);
    signIn(FakeApi.OPERATOR_KEY);
    assertThat(page.locator("h1")).not().hasText("Cloister");
  }

  /// Goes to another page and waits until it has what it shows.
  private void go(String address) {
    page.evaluate("address => { location.hash = address; }", address);
    page.waitForURL("**/" + address);
    assertThat(page.locator(".state-loading")).hasCount(0);
  }

  private void signIn(String key) {
    page.getByLabel("Operator or tenant key").fill(key);
    button("Sign in").click();
  }

  private void choose(String name, int length) {
    byte[] bytes = new byte[length];
    System.arraycopy(new byte[] {0, 'a', 's', 'm', 1}, 0, bytes, 0, 5);
    page.setInputFiles("input[type=file]", new FilePayload(name, "application/wasm", bytes));
  }

  /// Presses Tab until the focus is on a link of that text, as somebody without a mouse does.
  private void tabTo(String text) {
    for (int i = 0; i < 40; i++) {
      page.keyboard().press("Tab");
      if (text.equals(page.evaluate("document.activeElement.textContent.trim()"))) {
        return;
      }
    }
    throw new AssertionError("Tab does not reach " + text);
  }

  private Object background() {
    return page.evaluate("getComputedStyle(document.body).backgroundColor");
  }

  private Locator heading(String text) {
    return page.getByRole(
        AriaRole.HEADING, new Page.GetByRoleOptions().setName(text).setLevel(1).setExact(true));
  }

  private Locator link(String text) {
    return page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(text).setExact(true));
  }

  private Locator button(String text) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(text).setExact(true));
  }

  private Locator row(String text) {
    return page.locator("tbody tr", new Page.LocatorOptions().setHasText(text)).first();
  }

  private Locator figure(String id) {
    return page.locator("[data-figure=" + id + "] .figure");
  }

  private static Page.GetByTextOptions exactly() {
    return new Page.GetByTextOptions().setExact(true);
  }
}
