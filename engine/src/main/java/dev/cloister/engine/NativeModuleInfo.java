package dev.cloister.engine;

import dev.cloister.engine.module.ModuleHash;
import java.util.List;

/// A native module at one moment, for people to look at.
///
/// @param hash the SHA-256 of the wire bytes
/// @param scriptUrl how stack traces, logs and debuggers call it
/// @param wireBytes the size of the module
/// @param codeBytes the size of all class files defined for it so far
/// @param metadataBytes an estimate of what is kept of the decoded module
/// @param functions the number of own functions
/// @param chunks the number of chunks that the functions are divided into
/// @param references the number of open handles
/// @param isolates the isolates that hold them, sorted
/// @param debuggingIsolates those of them that are being debugged, sorted
/// @param loggingIsolates those of them whose code log is on, sorted
/// @param images the code images, the oldest first
public record NativeModuleInfo(
    ModuleHash hash,
    String scriptUrl,
    long wireBytes,
    long codeBytes,
    long metadataBytes,
    int functions,
    int chunks,
    int references,
    List<String> isolates,
    List<String> debuggingIsolates,
    List<String> loggingIsolates,
    List<ImageInfo> images) {
  /// Makes the lists immutable.
  public NativeModuleInfo {
    isolates = List.copyOf(isolates);
    debuggingIsolates = List.copyOf(debuggingIsolates);
    loggingIsolates = List.copyOf(loggingIsolates);
    images = List.copyOf(images);
  }

  /// A code image at one moment.
  ///
  /// @param ordinal the position among the images of the module, in order of creation
  /// @param kind what its code is made for, or how, but for functions that have optimized code
  /// @param tier the kind, or `mixed` if some functions have optimized code and others have not
  /// @param optimizedFunctions the number of those, if it is mixed
  /// @param generatedChunks the number of chunks that have code so far
  /// @param codeBytes the size of its class files so far
  /// @param instances the number of instances that run it
  /// @param isPublished whether calls may enter it; if not, it is there because something runs it
  ///   or the JVM has not unloaded it yet
  /// @param isCurrent whether new instances run it
  public record ImageInfo(
      int ordinal,
      String kind,
      String tier,
      int optimizedFunctions,
      int generatedChunks,
      long codeBytes,
      int instances,
      boolean isPublished,
      boolean isCurrent) {}
}
