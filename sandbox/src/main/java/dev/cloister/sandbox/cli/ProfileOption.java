package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.InvalidProfileException;
import dev.cloister.engine.module.ModuleHash;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options `--pgo-to` and `--pgo-from`: what of a module was executed, for the next run.
final class ProfileOption {
  @Option(
      names = "--pgo-to",
      paramLabel = "F",
      description = "Writes what was executed of the module to this file.")
  private @Nullable Path target;

  @Option(
      names = "--pgo-from",
      paramLabel = "F",
      description = "Has ready what this file, of --pgo-to, says was executed.")
  private @Nullable Path source;

  ProfileOption() {}

  /// Returns settings with the profile of a module, if one is named.
  ///
  /// @throws CommandFailure if the file is no profile, or that of another module
  EngineConfig applyTo(EngineConfig config, byte[] wireBytes) {
    Path file = source;
    if (file == null) {
      return config;
    }
    ExecutionProfile profile = read(file);
    ModuleHash module = ModuleHash.of(wireBytes);
    if (!profile.module().equals(module)) {
      throw CommandFailure.usage(
          file + " is the profile of module " + profile.module() + ", this is module " + module);
    }
    return config.toBuilder().profile(profile).build();
  }

  private static ExecutionProfile read(Path file) {
    try {
      if (Files.size(file) > ExecutionProfile.MAX_CHARS) {
        throw CommandFailure.usage(
            file + " has more than " + ExecutionProfile.MAX_CHARS + " bytes: no profile");
      }
      return ExecutionProfile.parse(Files.readString(file));
    } catch (InvalidProfileException e) {
      throw CommandFailure.usage(file + ": " + e.getMessage());
    } catch (MalformedInputException e) {
      throw CommandFailure.usage(file + " is no text");
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + file + ": " + e.getMessage());
    }
  }

  /// Writes what was executed of a module, if that is wanted.
  ///
  /// @throws CommandFailure if it cannot be written
  void write(ModuleHandle module) {
    Path file = target;
    if (file == null) {
      return;
    }
    try {
      Files.writeString(file, module.executionProfile().toText());
    } catch (IOException e) {
      throw CommandFailure.failed("cannot write " + file + ": " + e.getMessage());
    }
  }
}
