package dev.cloister.admin;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// A browser of this machine without a window. It is never downloaded: without one the tests that
/// need it are skipped, and the report says so.
final class ConsoleBrowser implements AutoCloseable {
  private static final List<String> FLAGS =
      List.of(
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync");
  private static final List<String> PLACES =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

  /// What the console of the browser reported as an error, but for answers with an error status:
  /// the browser reports those by itself, and tests provoke them.
  final List<String> errors = new CopyOnWriteArrayList<>();

  private final Playwright playwright;
  private final Browser browser;

  private ConsoleBrowser(Path program) {
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    List<String> flags = new ArrayList<>(FLAGS);
    if ("root".equals(System.getProperty("user.name"))) {
      flags.add("--no-sandbox");
    }
    browser =
        playwright
            .chromium()
            .launch(new BrowserType.LaunchOptions().setExecutablePath(program).setArgs(flags));
  }

  /// Starts the browser that `CHROME_BIN` names, or one in a usual place; skips the test if there
  /// is none.
  static ConsoleBrowser launch() {
    String chosen = System.getenv("CHROME_BIN");
    List<Path> found =
        (chosen == null ? PLACES.stream() : Stream.of(chosen))
            .map(Path::of)
            .filter(Files::isExecutable)
            .toList();
    Need.that(!found.isEmpty(), "tests in a browser, because there is none; set CHROME_BIN");
    return new ConsoleBrowser(found.getFirst());
  }

  /// A page in a browser profile of its own.
  Page page(int width, int height, ColorScheme colours) {
    BrowserContext context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setViewportSize(width, height)
                .setColorScheme(colours)
                .setPermissions(List.of("clipboard-read", "clipboard-write")));
    context.setDefaultTimeout(10_000);
    Page page = context.newPage();
    page.onPageError(errors::add);
    page.onConsoleMessage(message -> {
      if (message.type().equals("error")
          && !Objects.requireNonNullElse(message.text(), "")
              .startsWith("Failed to load resource")) {
        errors.add(message.text() + " at " + message.location());
      }
    });
    return page;
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }
}
