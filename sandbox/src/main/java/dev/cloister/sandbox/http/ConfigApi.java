package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.ConfigFault;
import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.Setting;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import java.io.IOException;
import java.util.List;

/// The server's configuration: shown, and read anew.
final class ConfigApi {
  private final LiveConfig config;
  private final ServerReload reload;

  ConfigApi(LiveConfig config, ServerReload reload) {
    this.config = config;
    this.reload = reload;
  }

  /// A key as it is shown.
  ///
  /// @param reloadable whether it holds at once when the configuration is read anew
  record Item(String key, String value, String source, boolean reloadable) {
    static Item of(Setting setting) {
      return new Item(
          setting.key(), setting.value(), setting.source(), LiveConfig.isReloadable(setting.key()));
    }
  }

  /// All keys.
  record View(List<Item> settings) {}

  Answer get(ApiRequest request) {
    return Answer.json(200, new View(config.settings().stream().map(Item::of).toList()));
  }

  Answer reload(ApiRequest request) {
    try {
      return Answer.json(200, reload.by(request.author()));
    } catch (InvalidConfigException e) {
      throw Problem.of(ProblemType.CONFLICT, "the configuration has mistakes; nothing changed")
          .with("faults", e.faults().stream().map(ConfigFault::toString).toList())
          .asException();
    } catch (IOException e) {
      throw Problem.of(
              ProblemType.CONFLICT,
              "the configuration cannot be read; nothing changed: " + e.getMessage())
          .asException();
    }
  }
}
