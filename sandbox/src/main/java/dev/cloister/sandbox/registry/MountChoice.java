package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.sandbox.problem.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A directory that the calls of a plugin are given, as a tenant chose it.
///
/// @param path what the plugin knows it as
/// @param type `scratch`: an empty directory in memory for each call, or for each stateful
///   instance; `plugin`: one in memory that all calls of the plugin share; `content`: the files
///   that came with the version that is called; `folder`: a folder of the server's machine that the
///   operator lets the tenant use
/// @param folder the folder's name in the server's configuration; null for the other types
/// @param readOnly whether the plugin can change nothing in it
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MountChoice(
    String path, String type, @Nullable String folder, @Nullable Boolean readOnly) {
  static final String SCRATCH = "scratch";
  static final String PLUGIN = "plugin";
  static final String CONTENT = "content";
  static final String FOLDER = "folder";

  private static final List<String> TYPES = List.of(SCRATCH, PLUGIN, CONTENT, FOLDER);

  private static final int MAX_MOUNTS = 16;
  private static final int MAX_PATH_LENGTH = 255;

  /// Fills in defaults.
  @JsonCreator
  static MountChoice of(
      @JsonProperty("path") @Nullable String path,
      @JsonProperty("type") @Nullable String type,
      @JsonProperty("folder") @Nullable String folder,
      @JsonProperty("readOnly") @Nullable Boolean readOnly) {
    return new MountChoice(
        path == null ? "" : path, type == null ? SCRATCH : type, folder, readOnly);
  }

  /// Returns `choice`, or for null one that does not pass the check.
  static MountChoice orEmpty(@Nullable MountChoice choice) {
    return choice == null ? of(null, null, null, null) : choice;
  }

  boolean isReadOnly() {
    return Boolean.TRUE.equals(readOnly);
  }

  /// Checks what can be said without knowing the tenant.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a value is wrong
  static void check(List<MountChoice> mounts) {
    if (mounts.size() > MAX_MOUNTS) {
      throw Problem.invalid("mounts", mounts.size(), "a list of at most " + MAX_MOUNTS)
          .asException();
    }
    Set<String> paths = new HashSet<>();
    for (int i = 0; i < mounts.size(); i++) {
      String what = "mounts[" + i + "]";
      mounts.get(i).check(what);
      String path = mounts.get(i).path;
      if (!paths.add(path)) {
        throw Problem.invalid(what + ".path", path, "another one than those before it")
            .asException();
      }
    }
  }

  private void check(String what) {
    if (!path.startsWith("/") || path.length() > MAX_PATH_LENGTH || path.indexOf('\0') >= 0) {
      throw Problem.invalid(
              what + ".path",
              path,
              "a path that begins with / and has at most " + MAX_PATH_LENGTH + " characters")
          .asException();
    }
    boolean isFolder = type.equals(FOLDER);
    if (!TYPES.contains(type)) {
      throw Problem.invalid(what + ".type", type, "one of " + TYPES).asException();
    }
    if (isFolder != (folder != null)) {
      throw Problem.invalid(
              what + ".folder", folder, isFolder ? "the name of a folder" : "absent for " + type)
          .asException();
    }
    if (!isFolder && readOnly != null) {
      throw Problem.invalid(what + ".readOnly", readOnly, "absent for " + type).asException();
    }
  }
}
