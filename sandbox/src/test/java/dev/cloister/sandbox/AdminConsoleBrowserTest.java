package dev.cloister.sandbox;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import dev.cloister.admin.fixture.ConsoleBrowser;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The console against the server itself, as an operator meets it on the first day: one walk
/// through all pages, since every part alone is tested in the console's own module.
final class AdminConsoleBrowserTest {
  /// Where the version of the binary format stands, after the magic number.
  private static final int VERSION_OFFSET = 4;

  @TempDir private Path folder;

  @Test
  void operator_firstDay_findsEverythingInTheConsole() {
    try (ConsoleBrowser browser = ConsoleBrowser.launch();
        TestServer server = TestServer.start(folder)) {
      Walk walk = new Walk(browser.page(1280, 800, ColorScheme.LIGHT), server);

      walk.signIn();
      walk.createTenant("acme");
      walk.uploadPlugin("math", Modules.arithmetic());
      walk.seeRefusalOfADamagedModule();
      walk.callPlugin();
      walk.createKey();
      walk.changeALimit();
      walk.seeTheModuleSharedWith("globex");
      walk.readTheLog();
      walk.seeTheFiguresMove();
      walk.seeWhatHappened();

      assertThat(browser.takeErrors()).isEmpty();
    }
  }

  private record Walk(Page page, TestServer server) {

    void signIn() {
      page.navigate(server.url() + "/admin/");
      page.getByLabel("Operator or tenant key").fill(TestServer.OPERATOR_KEY);
      page.keyboard().press("Enter");
      assertThat(page.getByText("Live", new Page.GetByTextOptions().setExact(true))).isVisible();
      assertThat(figure("tenants")).hasText("0");
    }

    void createTenant(String tenant) {
      go("#/tenants");
      button("Create the first tenant").click();
      page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill(tenant);
      page.keyboard().press("Enter");
      assertThat(heading(tenant)).isVisible();
    }

    void uploadPlugin(String plugin, byte[] module) {
      button("Upload plugin").click();
      choose(plugin + ".wasm", module);
      button("Upload").click();
      assertThat(page.locator(".upload-result")).containsText("wasm://wasm/");
      assertThat(row(plugin)).containsText("plain");
    }

    void seeRefusalOfADamagedModule() {
      byte[] damaged = Modules.arithmetic();
      damaged[VERSION_OFFSET] = 77;
      choose("damaged.wasm", damaged);
      button("Upload").click();
      Locator problem = page.locator(".problem");
      assertThat(problem).containsText("The module is not valid");
      assertThat(problem).containsText("at offset 0x4 (byte 4)");
    }

    void callPlugin() {
      row("math").getByRole(AriaRole.LINK).click();
      page.getByLabel("Export").selectOption("add");
      page.getByLabel("Argument 1").fill("2");
      page.getByLabel("Argument 2").fill("40");
      page.keyboard().press("Enter");
      assertThat(page.locator("[data-results]")).containsText("42");

      page.getByLabel("Export").selectOption("divide");
      page.getByLabel("Argument 2").fill("0");
      page.keyboard().press("Enter");
      assertThat(page.locator(".problem")).containsText("integer divide by zero");
      assertThat(page.locator(".problem-stack tr")).hasCount(1);

      go("#/tenants/acme/plugins/math/versions");
      assertThat(page.locator("tbody tr")).hasCount(1);
      assertThat(page.locator("tbody tr")).containsText("live");
    }

    void createKey() {
      go("#/tenants/acme/keys");
      button("Create key").click();
      page.getByRole(AriaRole.DIALOG).getByText("Create key").last().click();
      assertThat(page.locator("[data-secret]")).hasText(Pattern.compile("\\S{20,}"));
      button("I have it").click();
      assertThat(row("invoker")).containsText("never");
    }

    void changeALimit() {
      go("#/tenants/acme/limits");
      page.getByLabel("Calls at once").fill("3");
      button("Save limits").click();
      assertThat(page.getByText("Limits saved")).isVisible();
      go("#/tenants/acme/usage");
      assertThat(row("Calls at once")).containsText("3");
    }

    void seeTheModuleSharedWith(String other) {
      go("#/native-modules");
      Locator module = row("wasm://wasm/");
      assertThat(module).containsText("acme");
      assertThat(module).not().containsText(other);

      TestClient client = server.tenant(other, "tenant-admin");
      client.upload("/v1/tenants/" + other + "/plugins/sums", Modules.arithmetic()).expect(201);
      assertThat(module).containsText(other);
      assertThat(page.locator("tbody tr")).hasCount(1);
    }

    void readTheLog() {
      TestClient operator = server.operator();
      byte[] command = Modules.command(2, "<b>written to standard error</b>\n", 0);
      operator.upload("/v1/tenants/acme/plugins/writer", command).expect(201);
      go("#/tenants/acme/logs");
      assertThat(page.getByText("Nothing logged yet")).isVisible();

      operator.post("/v1/tenants/acme/plugins/writer/run", new byte[0]).expect(200);
      assertThat(page.locator(".log-line")).containsText("<b>written to standard error</b>");
    }

    void seeTheFiguresMove() {
      go("#/");
      assertThat(figure("tenants")).hasText("2");
      assertThat(figure("plugins")).hasText("3");
      assertThat(figure("native-modules")).hasText("2");

      server.tenant("initech", "invoker");
      assertThat(figure("tenants")).hasText("3");
    }

    void seeWhatHappened() {
      go("#/events");
      assertThat(row("tenant.create").first()).containsText("initech");
      assertThat(row("limits.change")).containsText("acme");
      assertThat(row("plugin.upload").last()).containsText("math");
    }

    private void go(String address) {
      page.evaluate("address => { location.hash = address; }", address);
      page.waitForURL("**/" + address);
    }

    private void choose(String name, byte[] module) {
      page.setInputFiles("input[type=file]", new FilePayload(name, "application/wasm", module));
    }

    private Locator heading(String text) {
      return page.getByRole(
          AriaRole.HEADING, new Page.GetByRoleOptions().setName(text).setExact(true));
    }

    private Locator button(String text) {
      return page.getByRole(
          AriaRole.BUTTON, new Page.GetByRoleOptions().setName(text).setExact(true));
    }

    private Locator row(String text) {
      return page.locator("tbody tr", new Page.LocatorOptions().setHasText(text));
    }

    private Locator figure(String id) {
      return page.locator("[data-figure=" + id + "] .figure");
    }
  }
}
