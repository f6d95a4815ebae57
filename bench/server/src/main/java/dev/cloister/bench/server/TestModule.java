package dev.cloister.bench.server;

import java.util.HexFormat;

/// The module that is called: `add` of two i32, `spin`, which does not return, and one page of
/// memory, as nearly every program has it.
final class TestModule {
  private static final String HEX =
      """
      0061736d 01000000
      010a 02 60027f7f017f 600000
      0303 02 00 01
      0503 01 0001
      070e 02 03616464 0000 047370696e 0001
      0a11 02 07002000 20016a0b 07000340 0c000b0b
      """;

  private TestModule() {}

  /// Returns its bytes.
  static byte[] bytes() {
    return HexFormat.of().parseHex(HEX.replaceAll("\\s", ""));
  }
}
