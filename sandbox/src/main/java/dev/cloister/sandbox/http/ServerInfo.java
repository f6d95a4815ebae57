package dev.cloister.sandbox.http;

/// What the server says of itself.
///
/// @param version the version of the program
/// @param node the name of this member
public record ServerInfo(String version, String node) {
  private static final String UNKNOWN_VERSION = "development";

  /// Returns what this program on the node `node` says of itself.
  public static ServerInfo of(String node) {
    String version = ServerInfo.class.getPackage().getImplementationVersion();
    return new ServerInfo(version == null ? UNKNOWN_VERSION : version, node);
  }
}
