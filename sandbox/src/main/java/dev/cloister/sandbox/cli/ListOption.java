package dev.cloister.sandbox.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of every command that lists something.
final class ListOption {
  @Option(names = "--q", paramLabel = "TEXT", description = "Only entries that contain this.")
  private @Nullable String text;

  @Option(names = "--limit", paramLabel = "N", description = "How many (default: 50).")
  private int limit = 50;

  @Option(names = "--cursor", paramLabel = "CURSOR", description = "Where to go on.")
  private @Nullable String cursor;

  ListOption() {}

  /// Returns the query of the request.
  String query() {
    StringBuilder query = new StringBuilder("?limit=").append(limit);
    if (text != null) {
      query.append("&q=").append(ApiClient.encoded(text));
    }
    if (cursor != null) {
      query.append("&cursor=").append(ApiClient.encoded(cursor));
    }
    return query.toString();
  }
}
